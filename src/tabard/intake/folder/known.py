"""What is sealed of a collection already? Asked once, so that a run that was killed goes on where it stopped."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tabard.intake.folder.listing import File
from tabard.intake.models import Container, ReceivedObject


@dataclass(frozen=True, slots=True)
class Copy:
    """One sealed file of the collection: where it came from, what it was then, and what its bytes hash to."""

    path: str
    size_bytes: int
    modified_ns: str
    hashes: tuple[tuple[str, str], ...]
    object_id: UUID
    container_id: UUID
    sha256: bytes
    is_disposed: bool = False

    def has(self, listed: Mapping[str, str]) -> bool:
        """Whether the hashes that are known of it are those that are listed."""
        hashes = {"sha256": self.sha256.hex(), **dict(self.hashes)}
        return all(hashes.get(name, digest) == digest for name, digest in listed.items())


class Known:
    """The sealed files of one collection by their paths, and which of its arrivals are no recordings yet."""

    def __init__(self, collection: str) -> None:
        self._by_path: dict[str, list[Copy]] = defaultdict(list)
        self.unfinished = set(
            _arrivals(collection).filter(completed_at__isnull=True).values_list("pk", flat=True)
        )
        self.recordings = dict(
            _arrivals(collection).filter(recording__isnull=False).values_list("pk", "recording_id")
        )
        for metadata, size_bytes, sha256, object_id, container_id, destroyed_at in _received(collection):
            self.add(
                Copy(
                    path=metadata.get("path", ""),
                    size_bytes=size_bytes,
                    modified_ns=metadata.get("modified_ns", ""),
                    hashes=tuple((name, metadata[name]) for name in ("sha1", "md5") if name in metadata),
                    object_id=object_id,
                    container_id=container_id,
                    sha256=bytes(sha256),
                    is_disposed=destroyed_at is not None,
                )
            )

    def add(self, copy: Copy) -> None:
        """One more is sealed."""
        self._by_path[copy.path].append(copy)

    def same(self, file: File) -> Copy | None:
        """The sealed copy of a file that has not changed since, by its path, size and time."""
        was = (file.size_bytes, str(file.modified_ns))
        return next(
            (each for each in self.of(file.shown) if (each.size_bytes, each.modified_ns) == was), None
        )

    def of(self, path: str) -> list[Copy]:
        """Everything that was sealed from a path, one after another."""
        return self._by_path.get(path, [])

    def files(self) -> list[File]:
        """Every path of which something is sealed, as a listing would tell it."""
        return [File(path, copies[0].size_bytes, 0, 0, 0) for path, copies in self._by_path.items()]


def _arrivals(collection: str) -> QuerySet[Container]:
    return Container.objects.filter(source=Container.Source.FOLDER, collection=collection)


def _received(collection: str) -> Iterator[Any]:
    found = ReceivedObject.objects.filter(
        container__source=Container.Source.FOLDER, container__collection=collection
    ).order_by("received_at", "id")
    return found.values_list(
        "metadata",
        "object__size_bytes",
        "object__sha256",
        "object_id",
        "container_id",
        "object__key_destroyed_at",
    ).iterator(2000)
