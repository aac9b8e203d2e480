"""What does Tabard ask of a place that keeps bytes? Every adapter passes one suite, `tests/contracts`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from tabard.vault.errors import StoreKeyInvalid

_PIECE_BYTES = 8 * 1024 * 1024
_SEGMENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One visible object, as a store lists it."""

    key: str
    size_bytes: int


class ObjectWriter(Protocol):
    """One object on its way into a store, invisible under its key until `commit` returns.

    A context manager: leaving it without a commit aborts.
    """

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """All of `data` was taken over; the caller may reuse its memory.

        Raises:
            StoreFull, StoreFailed: nothing of the object will become visible.
        """
        ...

    def commit(self) -> None:
        """The object is durable and visible, whole, when this returns.

        A writer of `create` replaces nothing. A writer of `replace` puts its object in the place of another: whatever
        happens, the old one or the new one stands there, whole.

        Raises:
            ObjectExists: of `create` only: another object stands under the key; it is untouched, this one is gone.
            StoreFull, StoreFailed: nothing of a new object is visible.
        """
        ...

    def abort(self) -> None:
        """Nothing of the object is or becomes visible; does nothing after `commit` or a second time."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class ObjectStore(Protocol):
    """Keeps objects under keys; one that is visible changes only by `replace`. Safe to share between threads."""

    def create(self, key: str) -> ObjectWriter:
        """A writer for a new object under `key`.

        Raises:
            ObjectExists: here or at commit, where `key` is taken.
            StoreKeyInvalid, StoreFull, StoreFailed.
        """
        ...

    def replace(self, key: str) -> ObjectWriter:
        """A writer for an object that takes the place of the one under `key`, or stands there where none did.

        For repair alone: of a damaged copy from a good one. A store under a lock keeps the old bytes as a version.

        Raises:
            StoreKeyInvalid, StoreFull, StoreFailed.
        """
        ...

    def adopt(self, key: str, path: Path) -> None:
        """The whole file at `path` stands under `key`, durable and visible, when this returns; it also stays there.

        The caller has synced it and never changes it again: where the store can, both are one file from now on.

        Raises:
            ObjectExists: where `key` is taken.
            StoreKeyInvalid, StoreFull, StoreFailed: nothing of it is visible.
        """
        ...

    def read(self, key: str, start: int, stop: int) -> bytes:
        """The bytes [start, stop) of the object, fewer only where the object ends.

        Raises:
            ObjectMissing, StoreFailed.
        """
        ...

    def size(self, key: str) -> int:
        """The size of the object in bytes.

        Raises:
            ObjectMissing, StoreFailed.
        """
        ...

    def delete(self, key: str) -> None:
        """No object stands under `key`, durably, when this returns; that there was none is not an error.

        Raises:
            StoreFailed.
        """
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """All visible objects below `prefix` (whole segments, no trailing slash), each once, in no order.

        One that comes or goes meanwhile may be among them or not.

        Raises:
            StoreFailed.
        """
        ...

    def clean(self) -> int:
        """What killed processes left behind is gone; writers now at work are untouched. Returns how many.

        Raises:
            StoreFailed.
        """
        ...


@runtime_checkable
class NearStore(ObjectStore, Protocol):
    """A store from which reading takes hardly longer than copying, so that nobody need fetch ahead."""

    def read_into(self, key: str, start: int, buffer: memoryview) -> int:
        """The buffer holds the bytes from `start` on; returns how many, fewer than it takes only where the object ends.

        Raises:
            ObjectMissing, StoreFailed.
        """
        ...


def checked_key(key: str) -> str:
    """The key, if every store can hold it: lower-case segments of letters, digits, dots, dashes, underscores.

    No segment starts with a dot, so a key can neither climb out of a store nor name an adapter's own files.

    Raises:
        StoreKeyInvalid.
    """
    if not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise StoreKeyInvalid("This is not a key that a store can hold.", field="key", key=key)
    return key


def copy_file(path: Path, writer: ObjectWriter) -> None:
    """The writer took over the file's bytes, whole; it still needs `commit`."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            writer.write(piece)
