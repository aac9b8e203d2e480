"""What can go wrong in safekeeping?"""

from tabard.kernel.errors import Conflict


class KeyStillNeeded(Conflict):
    """Objects are still wrapped by the key, or a copy of the keys that holds it is alive."""

    code = "key_still_needed"


class NotSweepable(Conflict):
    """The object has a row, is too young, or is none that we sealed; it was left where it is."""

    code = "not_sweepable"
