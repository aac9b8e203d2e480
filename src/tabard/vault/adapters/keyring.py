"""Which key-encryption keys does this installation hold? Those of one file that only its owner may read.

The file is JSON: `{"format": "tabard key ring 1", "current": id, "keys": {id: base64 of 32 bytes}}`. It is
created once, whole and synced, and replaced whole at a rotation. Whoever loses it loses every object: back it
up apart from the store, for as short a time as disposal needs.
"""

import base64
import binascii
import contextlib
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tabard.sealing.keys import WrappedKey, new_data_key, unwrap_key, wrap_key
from tabard.vault.adapters.local import sync_folder
from tabard.vault.errors import KeyNotHeld, KeyRingUnsafe

FILE_NAME = "vault-keys.json"
_FORMAT = "tabard key ring 1"
_KEK_BYTES = 32
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class _Keys:
    current: str
    keks: dict[str, bytes]


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

    def new_data_key(self) -> bytes:
        """32 fresh bytes from the system's cryptographic random source."""
        return new_data_key()

    def wrap(self, data_key: bytes, object_id: UUID) -> WrappedKey:
        """The data key under the current key, bound to the object."""
        keys = self._loaded()
        return wrap_key(keys.keks[keys.current], keys.current, data_key, object_id)

    def unwrap(self, wrapped: WrappedKey, object_id: UUID) -> bytes:
        """The data key that was wrapped for this object under any key of the ring."""
        keys = self._loaded()
        if wrapped.key_id not in keys.keks:  # another process may have rotated since we looked
            keys = self._loaded(again=True)
        if wrapped.key_id not in keys.keks:
            raise KeyNotHeld("The key ring does not hold this key.", key_id=wrapped.key_id)
        return unwrap_key(keys.keks[wrapped.key_id], wrapped, object_id)

    def rotate(self) -> str:
        """A new key is current and durable; objects under older keys still open. Returns the new key's id."""
        with self._lock:
            _create_if_absent(self._path)
            with _locked(self._path.parent):
                held = _read(self._path)
                key_id, kek = _new_kek()
                self._keys = _Keys(key_id, {**held.keks, key_id: kek})
                staged = _stage(self._path, self._keys)
                staged.replace(self._path)
                sync_folder(self._path.parent)
        return key_id

    def _loaded(self, *, again: bool = False) -> _Keys:
        with self._lock:
            if self._keys is None or again:
                _create_if_absent(self._path)
                self._keys = _read(self._path)
            return self._keys


def _create_if_absent(path: Path) -> None:
    """The file exists, durably; if another process was first, its keys stand."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_id, kek = _new_kek()
    staged = _stage(path, _Keys(key_id, {key_id: kek}))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(staged, path)
    finally:
        staged.unlink()
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
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except OSError as error:
        raise KeyRingUnsafe(f"The key file cannot be read: {error.strerror}.", path=str(path)) from error
    if mode & _OTHERS:
        raise KeyRingUnsafe("Others than its owner may use the key file; `chmod 600` it.", path=str(path))
    try:
        return _parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise KeyRingUnsafe("The key file is not a key ring of ours.", path=str(path)) from error


def _parse(fields: dict[str, object]) -> _Keys:
    texts = fields["keys"]
    if fields["format"] != _FORMAT or not isinstance(texts, dict):
        raise ValueError(_FORMAT)
    keks = {str(key_id): base64.b64decode(text, validate=True) for key_id, text in texts.items()}
    current = str(fields["current"])
    if current not in keks or any(len(kek) != _KEK_BYTES for kek in keks.values()):
        raise ValueError(current)
    return _Keys(current, keks)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time changes the ring."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
