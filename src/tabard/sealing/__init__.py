"""The sealed-object format and the keys that open it. Pure.

`docs/reference/sealed-object.md` specifies the bytes; `Sealer` writes them, `SealedReader` reads them.
"""

from tabard.sealing.keys import KeyRing, ManagedKeyRing, WrappedKey
from tabard.sealing.open import SealedReader
from tabard.sealing.seal import SealedFacts, Sealer

__all__ = ["KeyRing", "ManagedKeyRing", "SealedFacts", "SealedReader", "Sealer", "WrappedKey"]
