"""What can keep a witness from its work."""

from tabard.kernel.errors import Conflict, Integrity, Invalid, Unavailable


class LogKeyUnusable(Invalid):
    """What was given as a log's key is not one."""

    code = "log_key_unusable"


class WitnessKeyUnusable(Invalid):
    """The witness's own key cannot be used, or belongs to another name."""

    code = "witness_key_unusable"


class HomeBusy(Conflict):
    """Another witness process works in the same folder."""

    code = "witness_home_busy"


class MemoryLost(Integrity):
    """What was cosigned is not there or cannot be read; going on could mean to cosign a second history."""

    code = "witness_memory_lost"


class MemoryNotKept(Unavailable):
    """The new checkpoint could not be made durable, so no cosignature is given."""

    code = "witness_memory_not_kept"
