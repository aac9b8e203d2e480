"""What can go wrong with the rollout plan and the figures."""

from tabard.kernel.errors import Conflict, NotFound


class BlockedAlready(Conflict):
    """Something of that kind blocks the unit already."""

    code = "blocked_already"


class NotBlocked(Conflict):
    """The block was lifted already."""

    code = "not_blocked"


class PlanChanged(Conflict):
    """Another version of the plan came since it was looked at."""

    code = "plan_changed"


class FigureChanged(Conflict):
    """Somebody published or withdrew the figure at the same moment."""

    code = "figure_changed"


class NothingToPublish(Conflict):
    """The installation does not know the figure up to that day."""

    code = "nothing_to_publish"


class NoSuchUnit(NotFound):
    """There is no unit with that code or id."""

    code = "no_such_unit"


class NoSuchBlock(NotFound):
    """There is no such block."""

    code = "no_such_block"
