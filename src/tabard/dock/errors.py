"""What can go wrong at a dock? Each error says in words what the person at the dock, or the one who runs it, can do."""

from tabard.kernel.errors import Conflict, Denied, Integrity, Invalid, Unavailable


class BadConfiguration(Invalid):
    """The configuration cannot be used; `fields["field"]` names the line at fault."""

    code = "dock_configuration"


class DockBusy(Conflict):
    """Another agent works in this folder."""

    code = "dock_busy"


class MemoryUnusable(Unavailable):
    """What the agent remembers cannot be read or written; it can be removed without harm."""

    code = "dock_memory"


class CardGone(Unavailable):
    """The card was pulled, or another one lies in its place."""

    code = "card_gone"


class CannotRead(Unavailable):
    """The card does not give out this file now."""

    code = "cannot_read"


class FileChanged(Conflict):
    """The file on the card is not the one that was read before."""

    code = "file_changed"


class DoorAway(Unavailable):
    """The server does not answer, or asks us to come back; `retry_after_s` says when, where it said so."""

    code = "door_away"

    def __init__(self, message: str, *, retry_after_s: float | None = None, **fields: object) -> None:
        super().__init__(message, **fields)
        self.retry_after_s = retry_after_s


class DoorBusy(DoorAway):
    """The server is there, but cannot take this one thing just now."""

    code = "door_busy"


class DoorRefuses(Denied):
    """The server does not let this dock do that; trying again changes nothing until a person has."""

    code = "door_refuses"


class UploadGone(Conflict):
    """The server does not have that upload any more: it expired, or was ended."""

    code = "upload_gone"


class OffsetDiffers(Conflict):
    """The server has another number of bytes than we believed."""

    code = "offset_differs"


class ChecksumDiffers(Integrity):
    """What arrived does not hash to what was sent."""

    code = "checksum_differs"


class NotSafeYet(Conflict):
    """There is no permit for the file yet; `waits_for` says what it waits for."""

    code = "not_safe_yet"

    def __init__(self, waits_for: tuple[str, ...]) -> None:
        super().__init__("The file is not safe yet.", waits_for=waits_for)
        self.waits_for = waits_for


class FileDiffers(Integrity):
    """The file on the card is not the one that was sealed under its name; it is kept."""

    code = "file_differs"


class PermitWrong(Denied):
    """The permit does not allow this file to be erased; `fields["why"]` is one word."""

    code = "permit_wrong"


class NotErased(Conflict):
    """The file was left on the card, whole."""

    code = "not_erased"


class SpoolFull(Unavailable):
    """There is no room in the spool."""

    code = "spool_full"


class SpoolBroken(Integrity):
    """A file of the spool is not what was put there."""

    code = "spool_broken"
