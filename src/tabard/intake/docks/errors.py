"""Why may a camera's copy not be erased? Every error here reaches the dock as a 409 or a 404."""

from tabard.kernel.errors import Conflict, NotFound


class NotSafeYet(Conflict):
    """The footage is not safe yet; `fields["waits_for"]` says what for."""

    code = "not_safe_yet"


class FileDiffers(Conflict):
    """The file on the card is not the one that was sealed; it is kept, and somebody has to look at it."""

    code = "file_differs"


class FootageDisposed(Conflict):
    """The footage was disposed of here; whether the card's copy may go is for a person to say."""

    code = "footage_disposed"


class PermitUnknown(NotFound):
    """The dock was given no such permit."""

    code = "permit_unknown"


class OutcomeDiffers(Conflict):
    """Something else was told of this permit before."""

    code = "outcome_differs"
