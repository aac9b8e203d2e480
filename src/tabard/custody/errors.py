"""What can be wrong with the custody log."""

from tabard.kernel.errors import Conflict, Integrity


class OutsideTransaction(Conflict):
    """An event was appended outside the transaction of its act; the act must not happen without it."""

    code = "outside_transaction"


class NotYetSequenced(Conflict):
    """The event is committed but no checkpoint covers it yet; a moment later it will."""

    code = "not_yet_sequenced"


class LogCorrupt(Integrity):
    """The log disagrees with its own tree or with a signed checkpoint."""

    code = "log_corrupt"
