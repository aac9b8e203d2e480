"""Which keys sign the log? A file: the log's origin, the seeds that sign now, and the keys that signed once.

    example.org/log                                                    the origin
    000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f   a seed; the first is the current key's
    retired example.org/log+98af023b+AQOhB7/zzhC+…                     a verifier key whose seed is gone

Newest first throughout: each later key is older. A file of two lines, origin and one seed, is a log that never changed
its key. All keys bear the origin as name, as C2SP signed-note lets several keys share one.
"""

import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.custody.errors import LogCorrupt
from tabard.kernel.errors import Invalid
from tabard.merkle.note import Signer, VerifierKey

SEED_BYTES = 32
_SEED = re.compile(rf"[0-9a-f]{{{2 * SEED_BYTES}}}")
_RETIRED = "retired "


@dataclass(frozen=True)
class LogKeys:
    """The log's keys, newest first: those that sign each checkpoint, then those that no longer do."""

    signers: tuple[Signer, ...]
    retired: tuple[VerifierKey, ...] = ()

    @classmethod
    def begun(cls, origin: str) -> Self:
        """The keys of a new log: one."""
        return cls((_new_signer(origin),))

    @property
    def origin(self) -> str:
        """The log's name, which all its keys bear."""
        return self.current.name

    @property
    def current(self) -> Signer:
        """The newest key."""
        return self.signers[0]

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key that signs or signed, newest first."""
        return (*(signer.vkey for signer in self.signers), *self.retired)

    def rotated(self) -> Self:
        """The same keys with a new one before them; all of them sign."""
        return replace(self, signers=(_new_signer(self.origin), *self.signers))

    def without_oldest(self) -> Self:
        """The same keys, of which the oldest that signed no longer does; its seed is gone."""
        *kept, oldest = self.signers
        return replace(self, signers=tuple(kept), retired=(oldest.vkey, *self.retired))

    def encode(self) -> str:
        """The file's text; `parse` gives equal keys back."""
        seeds = [signer.private_key.private_bytes_raw().hex() for signer in self.signers]
        retired = [f"{_RETIRED}{vkey.encode()}" for vkey in self.retired]
        return "".join(f"{line}\n" for line in [self.origin, *seeds, *retired])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The keys in a file's text.

        Raises:
            LogCorrupt: when it is not a key file's; a log must never go on under a guessed key.
        """
        origin, *lines = text.splitlines() or [""]
        seeds = [line for line in lines if _SEED.fullmatch(line)]
        retired = [line.removeprefix(_RETIRED) for line in lines[len(seeds) :] if line.startswith(_RETIRED)]
        if not seeds or len(seeds) + len(retired) != len(lines):
            raise LogCorrupt("The log's key file does not hold an origin, seeds and retired keys.")
        try:
            signers = tuple(_signer(origin, bytes.fromhex(seed)) for seed in seeds)
            return cls(signers, tuple(map(VerifierKey.parse, retired)))
        except Invalid as error:
            raise LogCorrupt(f"The log's key file holds a key that is none: {error.message}") from error


def read_keys(path: Path) -> LogKeys:
    """The keys in a file.

    Raises:
        LogCorrupt: when it is not there, or not a key file.
    """
    try:
        return LogKeys.parse(path.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        raise LogCorrupt("The log's key file is gone.", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise LogCorrupt("The log's key file is not text.", path=str(path)) from error


def _new_signer(origin: str) -> Signer:
    return _signer(origin, secrets.token_bytes(SEED_BYTES))


def _signer(origin: str, seed: bytes) -> Signer:
    return Signer(origin, Ed25519PrivateKey.from_private_bytes(seed))
