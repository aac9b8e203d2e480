"""Which key-encryption keys does this installation hold? Those of one file that only its owner may read.

The file is JSON: `{"format": "tabard key ring 1", "current": id, "keys": {id: base64 of 32 bytes}}`. It is
created once, whole and synced, and replaced whole at a rotation or retirement, under another inode: each call looks
whether it is still the file that was read, so every process uses a new key at once and none that is retired. Whoever
loses it loses every object: back it up apart from the store, for as short a time as disposal needs.
"""

import base64
import binascii
import contextlib
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tabard.sealing.keys import WrappedKey, new_data_key, unwrap_key, wrap_key
from tabard.vault.adapters.local import sync_folder
from tabard.vault.errors import KeyInUse, KeyNotHeld, KeyRingUnsafe

FILE_NAME = "vault-keys.json"
_FORMAT = "tabard key ring 1"
_KEK_BYTES = 32
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class _Keys:
    current: str
    keks: Mapping[str, bytes]
    version: tuple[int, int] = (0, 0)


class LocalKeyRing:
    """A `KeyRing` kept in `folder`/vault-keys.json; the file is made, with one key, on first use."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        self._keys: _Keys | None = None

    @property
    def current_key_id(self) -> str:
        """The id of the key that `wrap` uses now."""
        return self._loaded().current

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys of the ring, the oldest first."""
        return tuple(self._loaded().keks)

    def new_data_key(self) -> bytes:
        """32 fresh bytes from the system's cryptographic random source."""
        return new_data_key()

    def wrap(self, data_key: bytes, object_id: UUID) -> WrappedKey:
        """The data key under the current key, bound to the object."""
        keys = self._loaded()
        return wrap_key(keys.keks[keys.current], keys.current, data_key, object_id)

    def unwrap(self, wrapped: WrappedKey, object_id: UUID) -> bytes:
        """The data key that was wrapped for this object under any key of the ring."""
        keks = self._loaded().keks
        if wrapped.key_id not in keks:
            raise KeyNotHeld("The key ring does not hold this key.", key_id=wrapped.key_id)
        return unwrap_key(keks[wrapped.key_id], wrapped, object_id)

    def rotate(self) -> str:
        """A new key is current and durable; objects under older keys still open. Returns the new key's id."""
        key_id, kek = _new_kek()
        self._change(lambda held: _Keys(key_id, {**held.keks, key_id: kek}))
        return key_id

    def adopt(self, other: Path) -> None:
        """Every key of another ring's file is in this one too, durably; the current key stays what it is.

        Raises:
            KeyRingUnsafe: the other file is not a key ring, or holds another key under an id that this ring has.
        """
        found = _read(other)

        def with_found(held: _Keys) -> _Keys:
            if any(held.keks.get(key_id, kek) != kek for key_id, kek in found.keks.items()):
                raise KeyRingUnsafe("Two different keys have one id.", path=str(other))
            return _Keys(held.current, {**found.keks, **held.keks})

        self._change(with_found)

    def retire(self, key_id: str) -> None:
        """The key is gone from the file, durably; what is wrapped by it can never be unwrapped with this ring again.

        Raises:
            KeyInUse: it is the current key.
            KeyNotHeld: the ring does not hold it.
        """

        def without(held: _Keys) -> _Keys:
            if key_id not in held.keks:
                raise KeyNotHeld("The key ring does not hold this key.", key_id=key_id)
            if key_id == held.current:
                raise KeyInUse("This key is the current one; rotate first.", key_id=key_id)
            return _Keys(held.current, {each: kek for each, kek in held.keks.items() if each != key_id})

        self._change(without)

    def _change(self, changed: Callable[[_Keys], _Keys]) -> None:
        """The file holds the changed keys, whole and durable; a kill leaves the old ones, and a leftover at most."""
        with self._lock:
            _create_if_absent(self._path)
            with _locked(self._path.parent):
                _forget_leftovers(self._path)
                staged = _stage(self._path, changed(_read(self._path)))
                staged.replace(self._path)
                sync_folder(self._path.parent)
            self._keys = _read(self._path)

    def _loaded(self) -> _Keys:
        """The keys as the file has them now; read again only if it was replaced since."""
        with self._lock:
            if self._keys is None or self._keys.version != _version(self._path):
                _create_if_absent(self._path)
                self._keys = _read(self._path)
            return self._keys


def _version(path: Path) -> tuple[int, int] | None:
    """What tells one file under the path from its successor; None while there is none."""
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_ino, there.st_mtime_ns


def _forget_leftovers(path: Path) -> None:
    """No half-written or unnamed copy of the ring outlives a killed change: it would hold retired keys."""
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)


def _create_if_absent(path: Path) -> None:
    """The file exists, durably; if another process was first, its keys stand."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_id, kek = _new_kek()
    staged = _stage(path, _Keys(key_id, {key_id: kek}))
    try:
        # Not found: whoever was first has already changed the ring, and swept up what we staged.
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(staged, path)
    finally:
        staged.unlink(missing_ok=True)
    sync_folder(path.parent)
    sync_folder(path.parent.parent)


def _new_kek() -> tuple[str, bytes]:
    return f"local-{secrets.token_hex(8)}", secrets.token_bytes(_KEK_BYTES)


def _stage(path: Path, keys: _Keys) -> Path:
    """A file beside `path` that holds the keys, synced, readable by its owner alone."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    texts = {key_id: base64.b64encode(kek).decode("ascii") for key_id, kek in keys.keks.items()}
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"format": _FORMAT, "current": keys.current, "keys": texts}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return staged


def _read(path: Path) -> _Keys:
    """The keys of the file, if only its owner may read it.

    Raises:
        KeyRingUnsafe: group or others have any right on it, or it is not a key ring.
    """
    try:
        with path.open("rb") as file:
            there = os.fstat(file.fileno())
            text = file.read()
    except OSError as error:
        raise KeyRingUnsafe(f"The key file cannot be read: {error.strerror}.", path=str(path)) from error
    if there.st_mode & _OTHERS:
        raise KeyRingUnsafe("Others than its owner may use the key file; `chmod 600` it.", path=str(path))
    try:
        return _parse(json.loads(text), (there.st_ino, there.st_mtime_ns))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise KeyRingUnsafe("The key file is not a key ring of ours.", path=str(path)) from error


def _parse(fields: dict[str, object], version: tuple[int, int]) -> _Keys:
    texts = fields["keys"]
    if fields["format"] != _FORMAT or not isinstance(texts, dict):
        raise ValueError(_FORMAT)
    keks = {str(key_id): base64.b64decode(text, validate=True) for key_id, text in texts.items()}
    current = str(fields["current"])
    if current not in keks or any(len(kek) != _KEK_BYTES for kek in keks.values()):
        raise ValueError(current)
    return _Keys(current, keks, version)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time changes the ring."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
