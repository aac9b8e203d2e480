"""What can be wrong with the custody log."""

from tabard.kernel.errors import Conflict, Integrity, Unavailable


class OutsideTransaction(Conflict):
    """An event was appended outside the transaction of its act; the act must not happen without it."""

    code = "outside_transaction"


class NotYetSequenced(Conflict):
    """The event is committed but no checkpoint covers it yet; a moment later it will."""

    code = "not_yet_sequenced"


class NotYetWitnessed(NotYetSequenced):
    """A checkpoint covers the event, but none that enough witnesses have cosigned; once they answer, one will."""

    code = "not_yet_witnessed"


class NotYetStamped(NotYetSequenced):
    """A checkpoint covers the event, but no time-stamping authority has stamped such a one yet; soon it will."""

    code = "not_yet_stamped"


class TsaUnavailable(Unavailable):
    """The time-stamping authority cannot be asked now, or its certificates cannot be read."""

    code = "tsa_unavailable"


class WitnessPolicyUnusable(Unavailable):
    """The file that says which witnesses a receipt needs cannot be read or is not a policy."""

    code = "witness_policy_unusable"


class KeyChangeNotPossible(Conflict):
    """The log's keys cannot be changed so now."""

    code = "log_key_change_not_possible"


class WitnessUnavailable(Unavailable):
    """A witness cannot be reached now, or does not answer as the protocol says."""

    code = "witness_unavailable"


class VerificationStopped(Unavailable):
    """The log could not be looked at to its end; nothing can be said of it."""

    code = "verification_stopped"


class WitnessRefused(Conflict):
    """A witness will not cosign: it does not know the log or its key, or does not believe our proof."""

    code = "witness_refused"


class WitnessAhead(Conflict):
    """A witness has already cosigned a later checkpoint of ours than the one it was asked about."""

    code = "witness_ahead"


class WitnessDisagrees(Integrity):
    """A witness saw a tree that this log does not continue: it was taken back, or its key signs elsewhere."""

    code = "witness_disagrees"


class LogCorrupt(Integrity):
    """The log disagrees with its own tree or with a signed checkpoint."""

    code = "log_corrupt"
