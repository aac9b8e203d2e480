"""Who is this witness, and which logs does it watch? Its key is a file that it alone can read; logs are vkeys."""

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.merkle.note import ED25519, CosignatureSigner, InvalidVerifierKey, VerifierKey
from tabard.witness.errors import LogKeyUnusable, WitnessKeyUnusable

KEY_FILE = "witness-key"
SEED_BYTES = 32

Logs = Mapping[str, tuple[VerifierKey, ...]]
"""The keys that are trusted for each origin; several while a log changes its key."""


def has_key(home: Path) -> bool:
    """Whether this folder's witness has a key, and so may have cosigned something."""
    return (home / KEY_FILE).exists()


def make_key(home: Path, name: str) -> None:
    """A new key under the name is in the folder, durably, readable by this user alone.

    Raises:
        WitnessKeyUnusable: when the name cannot be a key's.
    """
    if not name:
        raise WitnessKeyUnusable("A new witness needs a name, such as witness.example/w1.", field="name")
    seed = secrets.token_bytes(SEED_BYTES)
    _signer(name, seed)
    staged = home / f"{KEY_FILE}.{secrets.token_hex(4)}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{name}\n{seed.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    (home / KEY_FILE).hardlink_to(staged)  # never over a key that is there
    staged.unlink()
    folder = os.open(home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def read_key(home: Path, name: str = "") -> CosignatureSigner:
    """The witness's signer.

    Args:
        home: The witness's folder.
        name: Where given, the name that the key must have.

    Raises:
        WitnessKeyUnusable: when there is no key, the file is not a key file, or the name is another.
    """
    path = home / KEY_FILE
    try:
        stored, seed = path.read_text(encoding="utf-8").splitlines()
        signer = _signer(stored, bytes.fromhex(seed))
    except OSError as error:
        raise WitnessKeyUnusable(f"{path} cannot be read: {error.strerror}.", field="home") from error
    except ValueError as error:
        raise WitnessKeyUnusable(f"{path} does not hold a name and a seed.", field="home") from error
    if name and name != stored:
        raise WitnessKeyUnusable(
            f"The witness in {home} is called {stored}; a name stays with its key. "
            "Leave --name out, or give another folder.",
            field="name",
        )
    return signer


def logs_by_origin(vkeys: Iterable[str]) -> Logs:
    """The logs to watch, each origin with all of its keys.

    Raises:
        LogKeyUnusable: naming the line that is not a log's vkey.
    """
    found: dict[str, tuple[VerifierKey, ...]] = {}
    for vkey in vkeys:
        try:
            key = VerifierKey.parse(vkey)
        except InvalidVerifierKey as error:
            raise LogKeyUnusable(f"{vkey}: {error.message}", field="log") from error
        if key.algorithm != ED25519:
            raise LogKeyUnusable(f"{vkey} is a witness's key, not a log's.", field="log")
        if key not in found.get(key.name, ()):
            found[key.name] = (*found.get(key.name, ()), key)
    return found


def vkeys_in(path: Path) -> list[str]:
    """The vkeys of a file with one on each line; empty lines and those that begin with # say nothing.

    Raises:
        LogKeyUnusable: when the file cannot be read.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise LogKeyUnusable(f"{path} cannot be read as text.", field="logs") from error
    return [line for line in lines if line and not line.startswith("#")]


def _signer(name: str, seed: bytes) -> CosignatureSigner:
    try:
        return CosignatureSigner(name, Ed25519PrivateKey.from_private_bytes(seed))
    except InvalidVerifierKey as error:
        raise WitnessKeyUnusable(error.message, field="name") from error
