"""How does an object reach a folder so that neither a crash nor a full disk can leave half of it?

A file is written under `.partial/`, synced, and only then linked to its name, which fails if the name is
taken; then the folder is synced. A name therefore never stands for anything but a whole, durable object. A
repair renames over the name instead, which swaps one whole file for another (rename(2)). A writer holds a
lock on its partial file; a partial file without a lock belongs to a killed process and goes at the next start.
"""

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tabard.vault.errors import ObjectExists, ObjectMissing, StoreFailed, StoreFull, WriterClosed
from tabard.vault.ports import Entry, checked_key, copy_file

PARTIAL = ".partial"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK}  # another file system, or one without links


class LocalStore:
    """A `NearStore` in a folder of one file system; files are readable by their owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / PARTIAL
        self._durable_folders: set[Path] = set()

    def create(self, key: str) -> "LocalWriter":
        """A writer for a new object; the key is checked again, atomically, at commit."""
        path = self._path(key)
        with _failures("create", key):
            if path.exists():
                raise ObjectExists("An object already stands under this key.", key=key)
            self.ensure_folder(self._partial)
            return LocalWriter(self, path, self._partial)

    def replace(self, key: str) -> "LocalWriter":
        """A writer whose object takes the place of another."""
        path = self._path(key)
        with _failures("replace", key):
            self.ensure_folder(self._partial)
            return ReplacingWriter(self, path, self._partial)

    def adopt(self, key: str, path: Path) -> None:
        """The whole, synced file stands under the key too: as one file with two names, or copied from elsewhere."""
        target = self._path(key)
        try:
            with _failures("adopt", key):
                self.ensure_folder(target.parent)
                os.link(path, target)
        except StoreFailed as error:
            self._adopt_otherwise(key, path, error)
        else:
            self._make_durable(target)

    def _adopt_otherwise(self, key: str, path: Path, error: StoreFailed) -> None:
        reason = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
        if reason == errno.EEXIST:
            raise ObjectExists("An object already stands under this key.", key=key) from error
        if reason not in _NO_LINK:
            raise error
        with self.create(key) as writer, _failures("adopt", key):
            copy_file(path, writer)
            writer.commit()

    def _make_durable(self, target: Path) -> None:
        """The name just given would survive a power cut; else it is taken back."""
        try:
            with _failures("adopt", target.name):
                sync_folder(target.parent)
        except StoreFailed:
            target.unlink(missing_ok=True)
            raise

    def read(self, key: str, start: int, stop: int) -> bytes:
        """The bytes [start, stop) of the object, fewer only where it ends."""
        with _failures("read", key), _missing(key):
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
            try:
                return _read_span(descriptor, start, stop)
            finally:
                os.close(descriptor)

    def read_into(self, key: str, start: int, buffer: memoryview) -> int:
        """The buffer holds the bytes from `start` on; returns how many."""
        with _failures("read", key), _missing(key):
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
            try:
                return _fill(descriptor, start, buffer)
            finally:
                os.close(descriptor)

    def size(self, key: str) -> int:
        """The size of the object in bytes."""
        with _failures("size", key), _missing(key):
            return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        """The object is gone, durably; a missing one is not an error."""
        path = self._path(key)
        with _failures("delete", key), contextlib.suppress(FileNotFoundError):
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """All objects below `prefix`, in no order; a folder's names are read at once, its sizes one by one."""
        top = self._path(prefix) if prefix else self._root
        with _failures("list", prefix):
            yield from _walk(top, f"{prefix}/" if prefix else "")

    def clean(self) -> int:
        """Partial files of killed processes are gone; those of living writers stay. Returns how many went."""
        if not self._partial.exists():
            return 0
        with _failures("clean", PARTIAL):
            return sum(_clean_one(path) for path in self._partial.iterdir())

    def ensure_folder(self, folder: Path) -> None:
        """The folder, and every one above it up to the root, exists and would survive a power cut.

        A folder that another process has just made may not be synced yet, so each process syncs for itself,
        once.
        """
        if folder in self._durable_folders:
            return
        if folder == self._root:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            self.ensure_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
        self._durable_folders.add(folder)

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)


class LocalWriter:
    """One object on its way into a `LocalStore`."""

    def __init__(self, store: LocalStore, path: Path, partial: Path) -> None:
        self._store = store
        self._path = path
        self._temporary, self._descriptor = _open_partial(partial)
        self._open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """All of `data` stands in the partial file."""
        self._require_open()
        rest = memoryview(data).cast("B")
        with self._or_abort("write"):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def commit(self) -> None:
        """The object is durable under its key, or nothing of it is visible."""
        self._require_open()
        with self._or_abort("commit"):
            os.fsync(self._descriptor)
            self._store.ensure_folder(self._path.parent)
            self._give_name()
            sync_folder(self._path.parent)
        self._close()

    def abort(self) -> None:
        """Nothing of the object remains, unless it was committed."""
        if self._open:
            self._withdraw()
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    def _require_open(self) -> None:
        if not self._open:
            raise WriterClosed("The object was committed or aborted.")

    @contextlib.contextmanager
    def _or_abort(self, step: str) -> Iterator[None]:
        try:
            with _failures(step, self._path.name):
                yield
        except BaseException:
            self.abort()
            raise

    def _give_name(self) -> None:
        try:
            os.link(self._temporary, self._path)
        except FileExistsError as error:
            raise ObjectExists("An object already stands under this key.", key=self._path.name) from error

    def _withdraw(self) -> None:
        """The name goes too if it is ours: linked, perhaps not durable, and to be reported as failed."""
        with contextlib.suppress(OSError):
            if os.path.samestat(self._path.stat(), os.fstat(self._descriptor)):
                self._path.unlink()
                sync_folder(self._path.parent)

    def _close(self) -> None:
        self._open = False
        # The object's fate is decided; a partial name left here is removed by the next `clean`.
        with contextlib.suppress(OSError):
            self._temporary.unlink()
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


class ReplacingWriter(LocalWriter):
    """One object on its way into the place of another."""

    def _give_name(self) -> None:
        self._temporary.replace(self._path)

    def _withdraw(self) -> None:
        """A name once given stays: the old object is gone, and this one is whole."""


def sync_folder(folder: Path) -> None:
    """The names in the folder would survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_partial(folder: Path) -> tuple[Path, int]:
    """A new, locked, empty file; tried again if `clean` came between its creation and its lock."""
    while True:
        path = folder / secrets.token_hex(16)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return path, descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _clean_one(path: Path) -> bool:
    """Whether the partial file was abandoned and is gone now."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _read_span(descriptor: int, start: int, stop: int) -> bytes:
    data = os.pread(descriptor, stop - start, start)
    while data and len(data) < stop - start:  # a signal or a network file system may return less at once
        more = os.pread(descriptor, stop - start - len(data), start + len(data))
        if not more:
            break
        data += more
    return data


def _fill(descriptor: int, start: int, buffer: memoryview) -> int:
    filled = 0
    while filled < len(buffer) and (more := os.preadv(descriptor, [buffer[filled:]], start + filled)):
        filled += more
    return filled


def _walk(top: Path | str, above: str) -> Iterator[Entry]:
    """The files below `top`, whose key is `above` without its slash; names that start with a dot are not objects."""
    folders = [(str(top), above)]
    while folders:
        folder, above = folders.pop()
        for entry in _named(folder):
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, f"{above}{entry.name}/"))
                continue
            with contextlib.suppress(FileNotFoundError):  # gone since it was named
                yield Entry(above + entry.name, entry.stat().st_size)


def _named(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):  # never made, or an object's own key
        return []


@contextlib.contextmanager
def _missing(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing("The store holds no such object.", key=key) from error


@contextlib.contextmanager
def _failures(step: str, key: str) -> Iterator[None]:
    """An operating system error leaves as one of ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StoreFull("The store is full.", step=step) from error
        raise StoreFailed(f"The store failed: {error.strerror}.", step=step, key=key) from error
