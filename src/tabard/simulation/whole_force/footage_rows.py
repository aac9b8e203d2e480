"""How are a simulated year's recordings and incidents written? By binary COPY, some ten thousand to a statement.

A segment needs a sealed object, and there are no bytes. So every object is written as one whose key is destroyed and
whose bytes are removed, which says what is true: nobody can ever read it. Nothing then looks for it in a store, and
playback says that it is gone. Each recording says in `metadata` that it is simulated; those that were disposed of say
as little as real ones do.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tabard.custody.copying import copy_binary
from tabard.custody.wire import as_jsonb, field
from tabard.fleet.offsets import Basis
from tabard.recordings.rules import CLOCK_OFF, ClockDoubt
from tabard.simulation.whole_force import rows
from tabard.simulation.whole_force.footage import BYTES_A_SECOND, CATEGORIES, KEPT_DAYS, SEGMENT_S
from tabard.simulation.whole_force.incidents import KINDS, TITLES
from tabard.simulation.whole_force.instants import HOUR, MINUTE, SECOND, Instants, seeded_ids
from tabard.simulation.whole_force.make import WholeForce
from tabard.simulation.whole_force.rows import Column

SOURCE: Final = "simulated"
SIMULATED: Final = as_jsonb(b'{"simulated": true}')
_NOTHING: Final = as_jsonb(b"{}")
_CHUNK_BYTES: Final = 256 * 1024
_OVERHEAD_BYTES: Final = 512
_PLACE_SPREAD: Final = 0.012
_CHUNK_ROWS: Final = 60_000
_CLOCK_OFF_US: Final = int(CLOCK_OFF.total_seconds()) * SECOND

_TEXTS: Final = Struct(">iii")  # of an array: its dimensions, whether it has nulls, what its elements are
_ONE_DIMENSION: Final = Struct(">ii")  # how many elements, and where they are counted from
_VARCHAR: Final = 1043
_NO_FLAG: Final = _TEXTS.pack(0, 0, _VARCHAR)

_RECORDING: Final = (
    "id", "source", "source_name", "camera_id", "camera_serial", "officer_id", "officer_reference", "unit_id",
    "category_id", "started_at", "stopped_at", "received_at", "begun_by_at", "corrected_start_at",
    "clock_offset_ms", "clock_uncertainty_ms", "clock_basis", "trigger", "latitude", "longitude", "size_bytes",
    "flags", "metadata", "disposed_at",
)  # fmt: skip
_OBJECT: Final = (
    "id", "store_key", "size_bytes", "sealed_size_bytes", "sha256", "chunk_size", "key_id", "sealed_at",
    "key_destroyed_at", "removed_at",
)  # fmt: skip
_SEGMENT: Final = (
    "id", "recording_id", "ordinal", "name", "object_id", "started_at", "stopped_at", "metadata",
)  # fmt: skip
_DISPOSAL: Final = ("recording_id", "rule", "reason", "due_at", "executed_at", "removed_at")
_INCIDENT: Final = ("id", "kind", "reference", "title", "start_at", "place", "unit_id", "recorded_at")
_LINK: Final = ("id", "incident_id", "recording_id", "linked_at", "linked_by_id", "reason")


def write(force: WholeForce, progress: Callable[[str, int], None]) -> dict[str, int]:
    """Recordings with their segments and disposals, incidents and links; how many of what is not counted elsewhere."""
    count, segments = len(force.footage), 0
    for first in range(0, count, _CHUNK_ROWS):
        progress("recordings", first)
        chunk = _Chunk(force, slice(first, min(first + _CHUNK_ROWS, count)))
        chunk.write()
        segments += len(chunk.of)
    progress("incidents", len(force.incidents))
    _write_incidents(force)
    return {"segments": segments, "links": len(force.incidents.shows)}


class _Chunk:
    """Some recordings, in the order in which they came, with what is said of them as columns."""

    def __init__(self, force: WholeForce, some: slice) -> None:
        self.force, self.some = force, some
        footage, self.number = force.footage, np.arange(some.start, some.stop)
        self.camera = force.wearings.camera[footage.wearing[some]]
        self.officer = force.wearings.officer[footage.wearing[some]]
        self.began, self.received = footage.began[some], footage.received[some]
        self.ahead = force.clocks.ahead_at(self.camera, self.began)
        self.disposed, self.executed = footage.disposed[some], footage.executed[some]
        segments = footage.segments[some]
        self.of = np.repeat(np.arange(len(self.number)), segments)
        self.ordinal = np.arange(len(self.of)) - np.repeat(np.cumsum(segments) - segments, segments)
        self.object_ids = seeded_ids(self.received[self.of], force.chances)
        self.segment_ids = seeded_ids(self.received[self.of], force.chances)
        self.hashes = force.chances.integers(0, 256, (len(self.of), 32), dtype=np.uint8)
        self.places = _places(force, self.camera)

    def write(self) -> None:
        """Objects before the segments that point at them, recordings before both."""
        _copy("recordings_recording", _RECORDING, len(self.number), self._recordings)
        _copy("vault_sealedobject", _OBJECT, len(self.of), self._objects)
        _copy("recordings_segment", _SEGMENT, len(self.of), self._segments)
        gone = np.flatnonzero(self.disposed)
        _copy("retention_disposal", _DISPOSAL, len(gone), lambda part: self._disposals(gone[part]))

    def _recordings(self, part: slice) -> list[Column]:
        force, camera, officer = self.force, self.camera[part], self.officer[part]
        began, ahead, received = self.began[part], self.ahead[part], self.received[part]
        length = force.footage.length_s[self.some][part] * SECOND
        uncertainty = force.clocks.uncertainty_ms(camera, began)
        count, kept = len(began), ~self.disposed[part]
        commands = np.array([command.own for command in force.commands])[force.cameras.command[camera]]
        return [
            rows.uuids(force.footage.ids[self.some][part]),
            rows.same(SOURCE.encode(), count),
            rows.numbered("SIM-", self.number[part] + 1, 9),
            rows.uuids(force.cameras.ids[camera]),
            rows.numbered("SIMCAM", camera + 1, 6),
            rows.uuids(force.officers.ids[officer]),
            rows.numbered("SIM", officer + 1, 6),
            rows.uuids(force.unit_ids[commands]),
            rows.chosen(force.footage.category[self.some][part], _written(CATEGORIES)),
            rows.instants(began + ahead),
            rows.instants(began + ahead + length),
            rows.instants(received),
            rows.instants(np.minimum(began + uncertainty * 1000, received)),
            rows.instants(began),
            rows.bigints(ahead // 1000),
            rows.bigints(uncertainty),
            rows.same(Basis.BETWEEN.encode(), count),
            rows.same(b"", count),
            rows.doubles(self.places[0][part], kept),
            rows.doubles(self.places[1][part], kept),
            rows.bigints(force.footage.size_bytes[self.some][part]),
            rows.chosen(
                _doubts(ahead), (_NO_FLAG, _one_flag(ClockDoubt.HOUR_OFF), _one_flag(ClockDoubt.WRONG))
            ),
            rows.chosen(kept.astype(np.int64), (_NOTHING, SIMULATED)),
            rows.instants(self.executed[part], self.disposed[part]),
        ]

    def _objects(self, part: slice) -> list[Column]:
        of = self.of[part]
        size, received = self._lengths_s(part) * BYTES_A_SECOND, self.received[of]
        destroyed = np.where(self.disposed[of], self.executed[of], received)
        count = len(of)
        return [
            rows.uuids(self.object_ids[part]),
            rows.numbered("simulated/", self.number[of] * 100 + self.ordinal[part], 11),
            rows.bigints(size),
            rows.bigints(size + _OVERHEAD_BYTES),
            rows.hashes(self.hashes[part]),
            rows.integers(np.full(count, _CHUNK_BYTES)),
            rows.same(SOURCE.encode(), count),
            rows.instants(received),
            rows.instants(destroyed),
            rows.instants(destroyed + np.where(self.disposed[of], MINUTE, 0)),
        ]

    def _segments(self, part: slice) -> list[Column]:
        of, ordinal = self.of[part], self.ordinal[part]
        started = self.began[of] + self.ahead[of] + ordinal * SEGMENT_S * SECOND
        return [
            rows.uuids(self.segment_ids[part]),
            rows.uuids(self.force.footage.ids[self.some][of]),
            rows.integers(ordinal),
            rows.numbered("SIM_", (self.number[of] + 1) * 100 + ordinal + 1, 11, ".mp4"),
            rows.uuids(self.object_ids[part]),
            rows.instants(started),
            rows.instants(started + self._lengths_s(part) * SECOND),
            rows.same(_NOTHING, len(of)),
        ]

    def _lengths_s(self, part: slice) -> NDArray[np.int64]:
        """How long each segment is: as long as a file gets, the last one what is left."""
        left = self.force.footage.length_s[self.some][self.of[part]] - self.ordinal[part] * SEGMENT_S
        lengths_s: NDArray[np.int64] = np.minimum(left, SEGMENT_S)
        return lengths_s

    def _disposals(self, gone: NDArray[np.int64]) -> list[Column]:
        executed, category = self.executed[gone], self.force.footage.category[self.some][gone]
        reason = f"Simulated: not needed as evidence, kept {KEPT_DAYS} days".encode()
        return [
            rows.uuids(self.force.footage.ids[self.some][gone]),
            rows.chosen(category, (b"not-evidential", b"uncategorised")),
            rows.same(reason, len(gone)),
            rows.instants(self.force.footage.due[self.some][gone]),
            rows.instants(executed),
            rows.instants(executed + MINUTE),
        ]


def _write_incidents(force: WholeForce) -> None:
    incidents, footage = force.incidents, force.footage
    units = np.array([command.own for command in force.commands])
    titles = [TITLES[kind].encode() for kind in KINDS]  # type: ignore[index] # a kind is its value

    def incident_columns(part: slice) -> list[Column]:
        began, kind = incidents.began[part], incidents.kind[part]
        return [
            rows.uuids(incidents.ids[part]),
            rows.chosen(kind, _written(KINDS)),
            rows.numbered("SIM/", np.arange(part.start, part.stop) + 1, 8),
            rows.chosen(kind, titles),
            rows.instants(began),
            rows.same(b"", len(began)),
            rows.uuids(force.unit_ids[units[incidents.command[part]]]),
            rows.instants(began + HOUR),
        ]

    def link_columns(part: slice) -> list[Column]:
        shown_by = incidents.shown_by[part]
        return [
            rows.uuids(incidents.link_ids[part]),
            rows.uuids(incidents.ids[incidents.shows[part]]),
            rows.uuids(footage.ids[shown_by]),
            rows.instants(footage.received[shown_by] + HOUR),
            rows.same(force.unit_ids[0].tobytes(), len(shown_by)),
            rows.same(b"Simulated", len(shown_by)),
        ]

    _copy("incidents_incident", _INCIDENT, len(incidents), incident_columns)
    _copy("incidents_link", _LINK, len(incidents.shows), link_columns)


def _copy(table: str, names: tuple[str, ...], count: int, columns: Callable[[slice], list[Column]]) -> None:
    """The rows, some to a statement, since what a statement has to check afterwards waits in memory."""
    for first in range(0, count, _CHUNK_ROWS):
        copy_binary(table, names, _shifted(first, min(_CHUNK_ROWS, count - first), columns))


def _shifted(first: int, count: int, columns: Callable[[slice], list[Column]]) -> Iterator[bytes]:
    return rows.pieces(count, lambda part: columns(slice(first + part.start, first + part.stop)))


def _one_flag(flag: str) -> bytes:
    """An array of one text."""
    return _TEXTS.pack(1, 0, _VARCHAR) + _ONE_DIMENSION.pack(1, 1) + field(flag.encode())


def _places(force: WholeForce, camera: NDArray[np.int64]) -> NDArray[np.float64]:
    """Latitudes and longitudes, around the place of each camera's command."""
    centres = np.array([command.place for command in force.commands])[force.cameras.command[camera]].T
    return centres + force.chances.normal(0, _PLACE_SPREAD, centres.shape)


def _doubts(ahead: Instants) -> NDArray[np.int64]:
    """For each clock, as `clock_doubt` of recordings judges: nothing, an hour off, or wrong."""
    is_off = np.abs(ahead) > _CLOCK_OFF_US
    is_hour = np.abs(np.abs(ahead) - HOUR) <= _CLOCK_OFF_US
    return np.where(is_off, np.where(is_hour, 1, 2), 0)


def _written(words: tuple[str | None, ...]) -> list[bytes | None]:
    return [None if word is None else word.encode() for word in words]
