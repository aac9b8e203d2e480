"""What can go wrong with cameras, docks and who wears what."""

from tabard.kernel.errors import Conflict, Denied, NotFound


class AlreadyReceived(Conflict):
    """A camera or dock with that serial number is here already."""

    code = "already_received"


class CameraTaken(Conflict):
    """Somebody has the camera; the message and `fields["wearer"]` say who."""

    code = "camera_taken"


class CameraNotWorn(Conflict):
    """Nobody has the camera, or it was given out only after that time."""

    code = "camera_not_worn"


class NotToBeIssued(Conflict):
    """The rules of issue speak against it; the message says each reason with its cure, and who may allow it."""

    code = "not_to_be_issued"


class LossConflict(Conflict):
    """The checklist of a lost camera is closed already, or cannot be closed yet."""

    code = "loss_conflict"


class StocktakeConflict(Conflict):
    """A stocktake of the unit is open already, or this one is closed."""

    code = "stocktake_conflict"


class CameraStateConflict(Conflict):
    """The camera's state does not allow it; the message says what can be done with it."""

    code = "camera_state"


class DockNotSignedIn(Denied):
    """A dock's key, signature, nonce or session is not good; which of them is never said."""

    code = "not_signed_in"


class ClockOff(Denied):
    """A dock signed in rightly, but for a time more than five minutes from ours."""

    code = "clock_off"


class DockKeyUnknown(NotFound):
    """No key of a dock has this id."""

    code = "dock_key_unknown"
