"""What does a sealed file say of itself? Read in the decoder jail; footage that cannot be read is footage all the same.

Only what another moment could change is raised (the store is down, walls are missing); everything else is an answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tabard.kernel.errors import Integrity
from tabard.media.jail.errors import CannotDecode, DecoderKilled
from tabard.media.jail.kinds import HEAD_BYTES, Kind, kind_of
from tabard.media.jail.limits import MIB, Limits
from tabard.media.making import jailed_bytes
from tabard.recordings.drafts import TrackPoint
from tabard.recordings.facts import FileKind, FootageFacts
from tabard.vault import services as vault
from tabard.vault.models import SealedObject

_NOTHING_TO_READ = {Kind.UNKNOWN: FileKind.OTHER, Kind.PICTURE: FileKind.PICTURE}
LIMITS = Limits(memory_bytes=384 * MIB, cpu_s=60, wall_s=300.0, output_bytes=MIB)


def read(*, obj: SealedObject) -> FootageFacts:
    """What the sealed object says; where it could not be read, why not.

    Raises:
        Unavailable: the store does not answer, or walls are missing and nobody accepted that; try again later.
    """
    if not obj.size_bytes:
        return FootageFacts(reason="the file is empty")
    try:
        reader = vault.open_object(obj=obj)
        return read_bytes(lambda start, stop: b"".join(reader.read(start, stop)), reader.size_bytes)
    except Integrity as error:
        return FootageFacts(reason=error.message)


def read_bytes(read_range: Callable[[int, int], bytes], size_bytes: int) -> FootageFacts:
    """What foreign bytes say of themselves, wherever they are; as `read`.

    Only the first of them are compared here, outside the jail, which spares a child for every text and picture.
    """
    kind = kind_of(read_range(0, min(size_bytes, HEAD_BYTES)))
    if kind in _NOTHING_TO_READ:
        return FootageFacts(kind=_NOTHING_TO_READ[kind])
    facts = FootageFacts(FileKind.FOOTAGE) if kind is Kind.MEDIA else _read(read_range, size_bytes)
    is_silent = facts.kind is FileKind.FOOTAGE and facts.duration_s is None and not facts.reason
    return _with_probe(facts, read_range, size_bytes) if is_silent else facts


def _read(read_range: Callable[[int, int], bytes], size_bytes: int) -> FootageFacts:
    try:
        return _facts(jailed_bytes("read", read_range, size_bytes, {}, LIMITS).facts)
    except CannotDecode as error:
        return FootageFacts(reason=str(error.fields["reason"]))
    except DecoderKilled as error:
        return FootageFacts(reason=f"its reader {error.fields['reason']}")


def _with_probe(
    facts: FootageFacts, read_range: Callable[[int, int], bytes], size_bytes: int
) -> FootageFacts:
    """Length and start of footage whose container our readers do not know, by FFmpeg, which knows them all."""
    try:
        probe = jailed_bytes("probe", read_range, size_bytes, {}).facts
    except (CannotDecode, DecoderKilled):
        return facts
    created = facts.clock_started_at or _without_zone(probe["created_at"])
    return replace(facts, duration_s=probe["duration_s"], clock_started_at=created)


def _without_zone(text: str | None) -> datetime | None:
    """FFmpeg calls every container's time UTC; the camera that wrote it knew no zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


def _facts(said: Mapping[str, Any]) -> FootageFacts:
    """The facts as values; what the jail answers has its shape, but a stranger chose its contents."""
    return FootageFacts(
        kind=FileKind(said["kind"]) if said["kind"] in set(FileKind) else FileKind.OTHER,
        started_at=_time(said["started_at"], aware=True),
        is_satellite_time=said["is_satellite_time"],
        clock_started_at=_time(said["clock_started_at"], aware=False),
        duration_s=said["duration_s"] if (said["duration_s"] or -1) >= 0 else None,
        latitude=said["latitude"],
        longitude=said["longitude"],
        track=tuple(TrackPoint(*point) for point in said["track"] if len(point) == 3),
        is_position_fixed=said["is_position_fixed"],
        track_started_at=_time(said["track_started_at"], aware=None),
        camera_serial=said["camera_serial"],
        make=said["make"],
        model=said["model"],
        firmware=said["firmware"],
        mount=said["mount"],
        said=said["said"],
        reason=said["trouble"],
    )


def _time(text: str | None, *, aware: bool | None) -> datetime | None:
    """The time, if it is one and has a zone, or none, as it must."""
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if time is None or (aware is not None and (time.tzinfo is not None) != aware):
        return None
    return time
