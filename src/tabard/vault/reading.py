"""From which copy is an object read? From the first that is good; one found damaged is reported, and another serves.

Every piece is authenticated before it is given out, so a reader may change copies between two pieces and whoever reads
never notices.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from tabard.kernel.errors import Integrity, TabardError, Unavailable
from tabard.sealing import SealedReader
from tabard.sealing.open import RangeOutside
from tabard.vault.errors import FactsDiffer, KeyDestroyed, ObjectLost, ObjectMissing
from tabard.vault.models import SealedObject
from tabard.vault.ports import NearStore, ObjectStore
from tabard.vault.stores import configured_key_ring, configured_stores

DamageReport = Callable[[UUID, str, TabardError], None]
"""Told the object, the store and what was wrong with the copy there; wired by settings, as reading knows no log."""
logger = logging.getLogger(__name__)


class ObjectReader:
    """Reads one object from whichever copy is good; at least one was, when the constructor returned.

    Keeps no position; threads may share it.

    Raises:
        Integrity: every copy is lost, damaged, or not the recorded one.
        Unavailable: no copy serves now, but one that cannot be reached may.
    """

    def __init__(self, obj: SealedObject, stores: Mapping[str, ObjectStore], data_key: bytes) -> None:
        self._obj = obj
        self._stores = stores
        self._data_key = data_key
        self._lock = threading.Lock()
        self._readers: dict[str, SealedReader] = {}
        self._damaged: dict[str, Integrity] = {}
        self._unreachable: Unavailable | None = None
        next(self._good())  # raises where no copy is good

    @property
    def size_bytes(self) -> int:
        """The size of the plain bytes, authenticated."""
        return self._obj.size_bytes

    @property
    def sha256(self) -> bytes:
        """The SHA-256 of the plain bytes as they were sealed (32 bytes), authenticated."""
        return bytes(self._obj.sha256)

    @property
    def chunk_size(self) -> int:
        """The plain bytes in every chunk but the last."""
        return self._obj.chunk_size

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Exactly the plain bytes [start, stop), in pieces of at most a chunk, each authenticated first.

        Raises:
            RangeOutside: at once, unless 0 <= start <= stop <= size_bytes.
            Integrity, Unavailable: while iterating, once no copy is left to read from.
        """
        stop = self.size_bytes if stop is None else stop
        if not 0 <= start <= stop <= self.size_bytes:
            raise RangeOutside("The range lies outside the bytes.", field="range", size_bytes=self.size_bytes)
        return self._pieces(start, stop)

    def verify(self) -> bytes:
        """The SHA-256 of every plain byte of one copy, read back and equal to the recorded one.

        Raises:
            Integrity, Unavailable: no copy is good.
        """
        for name, reader in self._good():
            with self._noting(name):
                return reader.verify()
        raise self._last_error()

    def _pieces(self, at: int, stop: int) -> Iterator[bytes]:
        began = -1
        while began < at:  # copies damaged in different places make one whole between them
            began = at
            for name, reader in self._good():
                with self._noting(name):
                    for piece in reader.read(at, stop):
                        at += len(piece)
                        yield piece
                    return
        raise self._last_error()

    def _good(self) -> Iterator[tuple[str, SealedReader]]:
        """The readers of the copies in the order of the stores, those known to be damaged last.

        A damaged copy is good but for a chunk or two: where there is no other, what is whole of it is still given out.

        Raises:
            Integrity, Unavailable: there was none at all.
        """
        found = False
        for name in sorted(self._stores, key=lambda name: name in self._damaged):
            with self._noting(name):
                reader = self._readers.get(name) or self._open(name, self._stores[name])
                found = True
                yield name, reader
        if not found:
            raise self._last_error()

    def _open(self, name: str, store: ObjectStore) -> SealedReader:
        reader = open_copy(obj=self._obj, store=store, data_key=self._data_key)
        with self._lock:
            return self._readers.setdefault(name, reader)

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        """A copy that fails inside the block is asked last from then on; the error does not leave the block."""
        try:
            yield
        except Integrity as error:
            with self._lock:
                is_news = self._damaged.setdefault(name, error) is error
            if is_news:
                _report(self._obj.id, name, error)
        except Unavailable as error:
            self._unreachable = error

    def _last_error(self) -> TabardError:
        """Why nothing can be read: a copy that is out of reach may yet be good."""
        return self._unreachable or next(iter(self._damaged.values()))


def open_object(*, obj: SealedObject) -> ObjectReader:
    """A reader whose size and SHA-256 are authenticated and equal to the recorded ones; threads may share it.

    Raises:
        KeyDestroyed: the footage was disposed of.
        Integrity: every stored copy is lost, damaged, or not the recorded one.
        Unavailable: no store, or not the key ring, can serve now.
    """
    return ObjectReader(obj, configured_stores(), data_key_of(obj))


def data_key_of(obj: SealedObject) -> bytes:
    """The object's data key, out of its wrapping.

    Raises:
        KeyDestroyed: the footage was disposed of.
        KeyNotUnwrapped, KeyNotHeld: as the key ring says.
    """
    if obj.key is None:
        raise KeyDestroyed("The footage was disposed of.", object_id=obj.id)
    return configured_key_ring().unwrap(obj.key, obj.id)


def open_copy(*, obj: SealedObject, store: ObjectStore, data_key: bytes) -> SealedReader:
    """A reader of the copy in one store; its size and SHA-256 are authenticated and equal to the recorded ones.

    Raises:
        ObjectLost: the store holds no such object.
        Integrity: the copy is damaged, or not the recorded object.
        Unavailable: the store cannot serve now.
    """

    def read_at(first: int, stop: int) -> bytes:
        with _lost(obj):
            return store.read(obj.store_key, first, stop)

    into = _read_into(obj, store) if isinstance(store, NearStore) else None
    reader = SealedReader(read_at, obj.sealed_size_bytes, obj.id, data_key, into)
    if reader.size_bytes != obj.size_bytes or reader.sha256 != bytes(obj.sha256):
        raise FactsDiffer("The stored object is not the recorded one.", object_id=obj.id)
    return reader


def _read_into(obj: SealedObject, store: NearStore) -> Callable[[int, memoryview], int]:
    def read_into(first: int, buffer: memoryview) -> int:
        with _lost(obj):
            return store.read_into(obj.store_key, first, buffer)

    return read_into


@contextmanager
def _lost(obj: SealedObject) -> Iterator[None]:
    try:
        yield
    except ObjectMissing as error:
        raise ObjectLost("The store no longer holds this object.", object_id=obj.id) from error


def _report(object_id: UUID, store: str, error: Integrity) -> None:
    """Whoever reads must get the good copy, even where the damage cannot be written down now."""
    try:
        _reporter()(object_id, store, error)
    except Exception:
        logger.exception("Damage of %s in store %s was found and could not be recorded.", object_id, store)


@cache
def _reporter() -> DamageReport:
    report: DamageReport = import_string(settings.TABARD_DAMAGE_REPORT)
    return report
