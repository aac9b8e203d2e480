"""What can go wrong with a recording or with what is said about it?"""

from tabard.kernel.errors import Conflict, Invalid


class CategoryUnknown(Invalid):
    """There is no such category."""

    code = "category_unknown"


class RecordingDisposed(Conflict):
    """The recording was disposed of; nothing may outlive it."""

    code = "recording_disposed"


class AlreadyDecrypted(Conflict):
    """Someone else has decrypted the file meanwhile; one plain text is enough."""

    code = "already_decrypted"
