"""What can go wrong in safekeeping?"""

from tabard.kernel.errors import Conflict


class KeyStillNeeded(Conflict):
    """Objects are still wrapped by the key, or a copy of the keys that holds it is alive."""

    code = "key_still_needed"
