"""Where does a file wait while the line is down? In the spool: sealed, under a key of this station, and bounded.

An entry is two files: the sealed object, and beside it what is to be said of it when it is sent, sealed as well, with
both data keys wrapped under the spool key. The object is durable before the entry is; so an entry means a whole file,
and an object without one is the rest of a crash. What is on a card stays there: the spool is a copy to send from, never
a reason to erase.
"""

import errno
import io
import json
import os
import secrets
import shutil
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tabard.dock import durable
from tabard.dock.errors import SpoolBroken, SpoolFull
from tabard.dock.sending import Outgoing
from tabard.kernel.errors import Integrity
from tabard.kernel.ids import new_id
from tabard.sealing import SealedReader, Sealer, WrappedKey
from tabard.sealing.format import DEFAULT_CHUNK_BYTES, sealed_size_bytes
from tabard.sealing.keys import new_data_key, unwrap_key, wrap_key

_KEY_ID = "spool"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that the spool holds.

    Attributes:
        id: Of the entry and its object.
        card, path, size_bytes, modified_ns, glance: Which file it is, as the memory knows it.
        metadata: What is said of it when it is sent.
    """

    id: str
    card: str
    path: str
    size_bytes: int
    modified_ns: int
    glance: str
    sha256: str
    metadata: Mapping[str, str]


class Spool:
    """The spool of one agent; for many threads.

    Args:
        folder: Where it lies; made if it is not there.
        key: 32 bytes, the station's spool key.
        most_bytes: Its largest size.
        reserve_bytes: What it leaves free on its disk.
    """

    def __init__(self, folder: Path, key: bytes, *, most_bytes: int, reserve_bytes: int) -> None:
        self._folder, self._key = folder, key
        self._most_bytes, self._reserve_bytes = most_bytes, reserve_bytes
        self._lock = threading.Lock()
        self._promised_bytes = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._clean()
        self._size_bytes = sum(path.stat().st_size for path in folder.iterdir())

    @property
    def size_bytes(self) -> int:
        """What it takes on its disk."""
        return self._size_bytes

    @property
    def is_on(self) -> bool:
        """Whether it takes new files."""
        return self._most_bytes > 0

    def has_room(self, size_bytes: int) -> bool:
        """Whether a file of that size would fit now."""
        needed = sealed_size_bytes(size_bytes, DEFAULT_CHUNK_BYTES) + self._promised_bytes
        free = shutil.disk_usage(self._folder).free
        return self.size_bytes + needed <= self._most_bytes and free - needed >= self._reserve_bytes

    def put(self, facts: Mapping[str, Any], pieces: Iterable[memoryview]) -> Entry:
        """The file is in the spool, whole and durable; its hash is in the entry.

        Args:
            facts: An entry's attributes but `id` and `sha256`.
            pieces: Its bytes.

        Raises:
            SpoolFull: there was no room; nothing of it is left.
            SpoolBroken: it had another size than the facts say; nothing of it is left.
        """
        object_id, key = new_id(), new_data_key()
        with self._room(int(facts["size_bytes"])), self._staged(object_id) as staged:
            sha256, size_bytes = self._seal(staged, object_id, key, pieces)
            if size_bytes != facts["size_bytes"]:
                raise SpoolBroken("The file had another size when it was read.")
            entry = Entry(id=str(object_id), sha256=sha256, **facts)
            with _full_disk():
                durable.publish(staged, self._object(entry.id))
                durable.write(self._entry(entry.id), self._encode(entry, key), replaces=False)
        self._grow(self._taken_by(entry.id))
        return entry

    def entries(self) -> list[Entry]:
        """Every file that it holds and can give out, the oldest first."""
        return self.survey()[0]

    def survey(self) -> tuple[list[Entry], list[str]]:
        """Every file that it holds, the oldest first, and the ids of entries that cannot be read any more.

        Of the latter the camera's card is the only place that has them; they are kept for whoever can mend them.
        """
        found: list[Entry] = []
        broken: list[str] = []
        for path in sorted(self._folder.glob("*.entry")):
            try:
                found.append(self._decode(path)[0])
            except SpoolBroken:
                broken.append(path.stem)
            except FileNotFoundError:
                continue
        return found, broken

    @contextmanager
    def outgoing(self, entry: Entry) -> Iterator[Outgoing]:
        """The file, to be sent; each byte is authenticated before it leaves.

        Raises:
            SpoolBroken: it is not what was put there; also while it is read.
        """
        try:
            _, key = self._decode(self._entry(entry.id))
            with self._object(entry.id).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                reader = SealedReader(_read_at(file.fileno()), size, UUID(entry.id), key)
                if reader.size_bytes != entry.size_bytes or reader.sha256.hex() != entry.sha256:
                    raise SpoolBroken("An entry of the spool speaks of another file.", entry=entry.id)
                yield Outgoing(
                    entry.size_bytes,
                    entry.sha256,
                    entry.metadata,
                    lambda start, end: b"".join(reader.read(start, end)),
                )
        except FileNotFoundError as error:
            raise SpoolBroken("A file of the spool is gone.", entry=entry.id) from error

    def remove(self, entry_id: str) -> None:
        """The file is not in the spool; first what opens it goes, then its bytes."""
        taken = self._taken_by(entry_id)
        self._entry(entry_id).unlink(missing_ok=True)
        durable.sync_folder(self._folder)
        self._object(entry_id).unlink(missing_ok=True)
        self._grow(-taken)

    def _taken_by(self, entry_id: str) -> int:
        paths = (self._object(entry_id), self._entry(entry_id))
        return sum(path.stat().st_size for path in paths if path.exists())

    def _grow(self, size_bytes: int) -> None:
        with self._lock:
            self._size_bytes += size_bytes

    def _clean(self) -> None:
        """What a crash left halfway is gone; it was still on its card."""
        for path in [*self._folder.glob("*.part"), *self._folder.glob("*.sealed")]:
            if path.suffix == ".part" or not path.with_suffix(".entry").exists():
                path.unlink(missing_ok=True)

    @contextmanager
    def _room(self, size_bytes: int) -> Iterator[None]:
        """Room for that many bytes is promised to nobody else."""
        needed = sealed_size_bytes(size_bytes, DEFAULT_CHUNK_BYTES)
        with self._lock:
            if not self.has_room(size_bytes):
                raise SpoolFull("There is no room in the spool.", size_bytes=size_bytes)
            self._promised_bytes += needed
        try:
            yield
        finally:
            with self._lock:
                self._promised_bytes -= needed

    @contextmanager
    def _staged(self, object_id: UUID) -> Iterator[Path]:
        staged = self._folder / f"{object_id}.{secrets.token_hex(4)}.part"
        try:
            yield staged
        except BaseException:
            with suppress(OSError):
                self._object(str(object_id)).unlink(missing_ok=True)
            raise
        finally:
            with suppress(OSError):
                staged.unlink(missing_ok=True)

    def _seal(
        self, staged: Path, object_id: UUID, key: bytes, pieces: Iterable[memoryview]
    ) -> tuple[str, int]:
        with _full_disk():
            file = os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        with file:
            sealer = Sealer(object_id, key, _KEY_ID, _sink(file))
            for piece in pieces:
                sealer.update(piece)
            facts = sealer.finish()
            with _full_disk():
                file.flush()
                os.fsync(file.fileno())
        return facts.sha256.hex(), facts.size_bytes

    def _encode(self, entry: Entry, key: bytes) -> bytes:
        object_id, facts_id, facts_key = UUID(entry.id), new_id(), new_data_key()
        sealed = io.BytesIO()
        sealer = Sealer(facts_id, facts_key, _KEY_ID, sealed.write)
        sealer.update(json.dumps({name: getattr(entry, name) for name in Entry.__slots__}).encode())
        sealer.finish()
        parts = {
            "object_key": wrap_key(self._key, _KEY_ID, key, object_id).blob,
            "facts_key": wrap_key(self._key, _KEY_ID, facts_key, facts_id).blob,
            "facts_id": facts_id.bytes,
            "facts": sealed.getvalue(),
        }
        return json.dumps({name: b64encode(part).decode("ascii") for name, part in parts.items()}).encode()

    def _decode(self, path: Path) -> tuple[Entry, bytes]:
        """The entry, and the key of its object."""
        try:
            parts = {name: b64decode(part) for name, part in json.loads(path.read_bytes()).items()}
            facts_id, sealed = UUID(bytes=parts["facts_id"]), parts["facts"]
            facts_key = unwrap_key(self._key, WrappedKey(_KEY_ID, parts["facts_key"]), facts_id)
            reader = SealedReader(lambda start, end: sealed[start:end], len(sealed), facts_id, facts_key)
            entry = Entry(**json.loads(b"".join(reader.read())))
            key = unwrap_key(self._key, WrappedKey(_KEY_ID, parts["object_key"]), UUID(entry.id))
        except (ValueError, KeyError, TypeError, AttributeError, Integrity) as error:
            raise SpoolBroken(f"{path.name} is damaged, or of another spool.", entry=path.stem) from error
        if entry.id != path.stem:
            raise SpoolBroken(f"{path.name} speaks of another entry.", entry=path.stem)
        return entry, key

    def _object(self, entry_id: str) -> Path:
        return self._folder / f"{entry_id}.sealed"

    def _entry(self, entry_id: str) -> Path:
        return self._folder / f"{entry_id}.entry"


def _sink(file: io.BufferedWriter) -> Callable[[bytes | memoryview], object]:
    def write(data: bytes | memoryview) -> None:
        with _full_disk():
            file.write(data)

    return write


@contextmanager
def _full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise SpoolFull("The disk of the spool is full.") from error
        raise SpoolFull(f"The spool cannot be written: {error.strerror}.") from error


def _read_at(descriptor: int) -> Callable[[int, int], bytes]:
    return lambda start, end: os.pread(descriptor, end - start, start)
