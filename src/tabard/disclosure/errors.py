"""What can go wrong while a pack is asked for, built, handed out or checked?

Imports no Django: the offline check uses it.
"""

from tabard.kernel.errors import Conflict, Integrity


class PackDisposed(Conflict):
    """The recording was disposed of; nothing can be packed from it."""

    code = "pack_disposed"


class PackNotReady(Conflict):
    """The pack is still being built, or could not be."""

    code = "pack_not_ready"


class ScheduleFailed(Conflict):
    """The schedule could not be typeset from what the exhibit says."""

    code = "schedule_failed"


class NotInLog(Integrity):
    """The log does not hold an event that every pack of this exhibit must prove."""

    code = "not_in_log"


class PackedBytesDiffer(Integrity):
    """A file read back from the vault is not the one that was sealed."""

    code = "packed_bytes_differ"


class ContainerBroken(Integrity):
    """The file is not a zip exactly as a pack's is written."""

    code = "pack_container"


class FactsBroken(Integrity):
    """A file of the pack does not say what its format demands."""

    code = "pack_facts"


class CheckFailed(Integrity):
    """One of the checks found something wrong; the message says what."""

    code = "pack_check"
