"""What can go wrong in safekeeping?"""

from tabard.kernel.errors import Conflict, Integrity, Invalid, Unavailable


class KeyStillNeeded(Conflict):
    """Objects are still wrapped by the key, or a copy of the keys that holds it is alive."""

    code = "key_still_needed"


class NotSweepable(Conflict):
    """The object has a row, is too young, or is none that we sealed; it was left where it is."""

    code = "not_sweepable"


class BackupUnusable(Integrity):
    """The folder is not a whole backup: something in it is missing, changed, or not what its manifest says."""

    code = "backup_unusable"


class BackupExpired(Conflict):
    """The copy of the keys has run out: disposal must reach it, so nothing is opened with it again."""

    code = "backup_expired"


class BackupNotMade(Unavailable):
    """The backup could not be made; nothing that looks like one was left."""

    code = "backup_not_made"


class NotEmpty(Conflict):
    """A backup is restored into an empty installation only, never over data."""

    code = "not_empty"


class DatabaseTooOld(Integrity):
    """Somebody has seen the log grow further than this backup knows: what happened since would be denied."""

    code = "database_too_old"


class HistoryForked(Integrity):
    """The backup's log is not the beginning of a history that was signed and seen."""

    code = "history_forked"


class SeenUnreadable(Invalid):
    """What was named as a place that has seen a checkpoint holds none of this log."""

    code = "seen_unreadable"


class NoGoodCopy(Integrity):
    """No store holds a good copy of the object: it cannot be repaired."""

    code = "no_good_copy"


class ScrubRunning(Conflict):
    """Another process scrubs the store now."""

    code = "scrub_running"


class MoveRunning(Conflict):
    """Another process moves objects to a new store now."""

    code = "move_running"


class MoveRefused(Conflict):
    """Objects cannot be moved there: the place is a store of this installation already."""

    code = "move_refused"
