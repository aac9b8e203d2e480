"""Where do objects grow that come in many pieces? In one folder, sealed from the first byte, a file for each.

A file is named after the object that it will be, and whoever writes to it holds a lock on it (flock(2)), which the
kernel takes back from the dead. Beside a local store the spool lies in the store's own folder, so that a whole object
becomes visible by a second name, without being copied.
"""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from tabard.kernel.ids import new_id
from tabard.vault.adapters.local import sync_folder
from tabard.vault.errors import PartialInUse, PartialLost, StoreFailed, StoreFull

FOLDER = ".spool"
_IDENTITY = "spool-id"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class Spool:
    """The growing objects of one folder; any number of processes share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._id: UUID | None = None

    @property
    def id(self) -> UUID:
        """Which spool it is; another machine's folder of the same name is another."""
        if self._id is None:
            with failures():
                self._id = self._identity()
        return self._id

    @property
    def free_bytes(self) -> int:
        """How much room there is."""
        with failures():
            self._ensure()
            return shutil.disk_usage(self._root).free

    @property
    def total_bytes(self) -> int:
        """How much room there is at most, were nothing else there."""
        with failures():
            self._ensure()
            return shutil.disk_usage(self._root).total

    def holds(self, object_id: UUID) -> bool:
        """Whether the object's file is there."""
        return (self._root / str(object_id)).exists()

    def create(self, object_id: UUID) -> "SpoolFile":
        """A new empty file, locked for the caller."""
        with failures():
            while True:
                self._ensure()
                try:
                    return SpoolFile(self._root / str(object_id), os.O_CREAT | os.O_EXCL, is_patient=True)
                except FileNotFoundError:  # another process cleaned it away before it was locked
                    continue

    def open(self, object_id: UUID) -> "SpoolFile":
        """The object's file, locked for the caller.

        Raises:
            PartialInUse: somebody is writing to it.
            PartialLost: it is not there.
        """
        try:
            with failures():
                return SpoolFile(self._root / str(object_id))
        except StoreFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise PartialLost("What had arrived is gone.", object_id=object_id) from error
            raise

    @contextlib.contextmanager
    def nameless(self) -> Iterator[int]:
        """The descriptor of a file that has no name and is gone when the block is left, or the process dies."""
        with failures():
            self._ensure()
            path = self._root / f"nameless-{new_id().hex}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            path.unlink()
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def sync_names(self) -> None:
        """Every file of the spool would be found again after a power cut."""
        with failures():
            sync_folder(self._root)

    def clean(self, is_known: Callable[[UUID], bool]) -> int:
        """Files that no row stands for and nobody writes to are gone. Returns how many."""
        with failures():
            self._ensure()
            return sum(self._clean_one(path, is_known) for path in list(self._root.iterdir()))

    def _clean_one(self, path: Path, is_known: Callable[[UUID], bool]) -> bool:
        try:
            object_id = UUID(path.name)
            if is_known(object_id):  # before its lock is taken, which its writer may want just now
                return False
            file = SpoolFile(path)
        except (ValueError, FileNotFoundError, PartialInUse):
            return False
        try:
            if is_known(object_id):
                return False
            file.remove()
            return True
        finally:
            file.close()

    def _ensure(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _identity(self) -> UUID:
        self._ensure()
        path = self._root / _IDENTITY
        if not path.exists():
            staged = self._root / f"{_IDENTITY}.{new_id().hex}"
            staged.write_text(str(new_id()), encoding="ascii")
            with contextlib.suppress(FileExistsError):
                os.link(staged, path)
            staged.unlink()
            sync_folder(self._root)
        return UUID(path.read_text(encoding="ascii"))


class SpoolFile:
    """One growing object's file, held open; written to only while it is locked."""

    def __init__(self, path: Path, flags: int = 0, *, is_patient: bool = False) -> None:
        """Open it; whoever is patient waits for another who has its lock."""
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
        try:
            if is_patient:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            else:
                self.lock()
            self._check_named()
        except BaseException:
            self.close()
            raise

    def lock(self) -> None:
        """Nobody else writes to it until `unlock`, `close` or our death.

        Raises:
            PartialInUse: somebody does.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PartialInUse("Somebody else is writing to this just now.") from error

    def _check_named(self) -> None:
        """It was not removed between being opened and locked."""
        if not os.fstat(self._descriptor).st_nlink:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))

    def unlock(self) -> None:
        """Another process may go on with it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def write(self, data: bytes | memoryview) -> None:
        """All of `data` stands at its end."""
        rest = memoryview(data)
        with failures():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def read(self, start: int, stop: int) -> bytes:
        """The bytes [start, stop), fewer only where it ends."""
        with failures():
            return os.pread(self._descriptor, stop - start, start)

    def sync(self) -> None:
        """What was written would survive a power cut, if the file's name does."""
        with failures():
            os.fdatasync(self._descriptor)

    def remove(self) -> None:
        """Its name is gone; a second one, an object's in a store, stays."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """The descriptor and the lock are given back; again, nothing happens."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """An operating system error leaves as one of ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StoreFull("There is no room left for what arrives.", step="spool") from error
        raise StoreFailed(f"The spool failed: {error.strerror}.", step="spool") from error
