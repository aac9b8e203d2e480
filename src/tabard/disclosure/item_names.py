"""What was this item called when it happened? As-it-was names for lines of the log, so that a rename changes no past.

In this order: what the event itself says; what the last event before it says that named the item; and only then what
the row says now, which the name then admits where it can have changed. Names are committed to in the log, so the
first two cannot be altered unnoticed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import EventLine, history, lines
from tabard.disclosure.models import Pack
from tabard.fleet.models import Camera, Dock
from tabard.incidents.models import Exhibit, Incident
from tabard.people.models import Account, Officer, Unit
from tabard.recordings.models import Clip, Recording, Segment

LONDON = ZoneInfo("Europe/London")
_NAMING = (
    EventKind.RECORDING_SEALED,
    EventKind.CLIP_REQUESTED,
    EventKind.EXHIBIT_PRODUCED,
    EventKind.INCIDENT_RECORDED,
    EventKind.PACK_REQUESTED,
    EventKind.CAMERA_RECEIVED,
    EventKind.DOCK_INSTALLED,
    EventKind.OFFICER_ENROLLED,
    EventKind.OFFICER_POSTED,
    EventKind.ACCOUNT_CREATED,
    EventKind.UNIT_CREATED,
    EventKind.OBJECT_SEALED,
)
# These can be renamed; what names the others never changes.
_MAY_BE_RENAMED = ("incident", "officer", "account", "unit", "clip")


@dataclass(frozen=True, slots=True)
class ItemName:
    """The item in words; `is_as_it_was` tells whether the log itself says so, or only today's row."""

    words: str
    is_as_it_was: bool = True

    @property
    def in_words(self) -> str:
        """The item, and where that is so, that this is only what it is called now."""
        return self.words if self.is_as_it_was else f"{self.words} (as it is called now)"


def item_names(events: Sequence[EventLine]) -> dict[UUID, ItemName]:
    """Each event's id with what its item was called then."""
    names = {line.id: ItemName(name) for line in events if (name := _told(line))}
    unnamed = [line for line in events if line.id not in names]
    earlier = _earlier_names({line.subject_id for line in unnamed})
    rows = _row_names(unnamed)
    for line in unnamed:
        before = [name for named_id, name in earlier[line.subject_id] if named_id <= line.id]
        names[line.id] = ItemName(before[-1]) if before else _by_row(line, rows)
    return names


def recording_name(started_at: datetime, camera: str) -> str:
    """`Recording of 14 March 2026, 22:41:07 GMT, camera B8A44F01`."""
    return f"Recording of {_at(started_at)}" + (f", camera {camera}" if camera else "")


def _told(line: EventLine) -> str:
    """What the event's own details call its item; empty where they say nothing of it."""
    tell = _TELLING.get(line.subject_type)
    return tell(line.details) if tell and line.details else ""


def _told_recording(details: Mapping[str, Any]) -> str:
    if "started_at" not in details or "camera" not in details:
        return ""
    return recording_name(datetime.fromisoformat(details["started_at"]), details["camera"])


def _told_person(details: Mapping[str, Any]) -> str:
    if "name" not in details:
        return ""
    number = details.get("shoulder_number") or details.get("username")
    rank = f"{details['rank']} " if details.get("rank") else ""
    return f"{rank}{details['name']}" + (f" ({number})" if number else "")


def _field(label: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda details: f"{label} {details[name]}" if details.get(name) else ""


_TELLING: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "recording": _told_recording,
    "officer": _told_person,
    "account": _told_person,
    "exhibit": _field("Exhibit", "reference"),
    "incident": _field("Incident", "reference"),
    "pack": _field("Evidence pack of exhibit", "reference"),
    "camera": _field("Camera", "serial"),
    "dock": _field("Dock", "serial"),
    "unit": _field("Unit", "name"),
    "stocktake": _field("Stocktake of", "unit_name"),
    "clip": _field("Clip", "title"),
    "object": _field("File", "name"),
}


def _earlier_names(subject_ids: Collection[UUID]) -> Mapping[UUID, list[tuple[UUID, str]]]:
    """For each subject the events that named it, oldest first, with the name."""
    found: defaultdict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    naming = history(subject_ids).filter(kind__in=[kind.value for kind in _NAMING]).order_by("id")
    for line in lines(naming):
        if name := _told(line):
            found[line.subject_id].append((line.id, name))
    return found


def _by_row(line: EventLine, rows: Mapping[UUID, str]) -> ItemName:
    if line.subject_id in rows:
        return ItemName(rows[line.subject_id], is_as_it_was=line.subject_type not in _MAY_BE_RENAMED)
    if line.subject_type in _WHOLE:
        return ItemName(_WHOLE[line.subject_type])
    return ItemName(line.subject_type.replace("_", " ").capitalize())


_WHOLE = {"force": "The whole force", "log": "The custody log"}


def _row_names(events: Iterable[EventLine]) -> dict[UUID, str]:
    """What today's rows call these items, one query for each type."""
    wanted: defaultdict[str, set[UUID]] = defaultdict(set)
    for line in events:
        wanted[line.subject_type].add(line.subject_id)
    return {
        row.pk: name(row)
        for kind, ids in wanted.items()
        if kind in _ROWS
        for rows, name in [_ROWS[kind]]
        for row in rows.filter(id__in=ids)
    }


_ROWS: Mapping[str, tuple[Any, Callable[[Any], str]]] = {
    "recording": (Recording.objects, lambda row: recording_name(row.started_at, row.camera_serial)),
    "segment": (
        Segment.objects.select_related("recording"),
        lambda row: f"Segment {row.ordinal + 1} of the r{_recording_of(row)[1:]}",
    ),
    "clip": (
        Clip.objects.select_related("segment__recording"),
        lambda row: f"Clip “{row}” of the r{_recording_of(row.segment)[1:]}",
    ),
    "exhibit": (Exhibit.objects, lambda row: f"Exhibit {row.reference}"),
    "incident": (Incident.objects, lambda row: f"Incident {row.reference}"),
    "pack": (
        Pack.objects.select_related("exhibit"),
        lambda row: f"Evidence pack of exhibit {row.exhibit.reference}",
    ),
    "camera": (Camera.objects, lambda row: f"Camera {row.serial}"),
    "dock": (Dock.objects, lambda row: f"Dock {row.serial}"),
    "officer": (Officer.objects, str),
    "account": (Account.objects, lambda row: f"{row.display_name} ({row.username})"),
    "unit": (Unit.objects, lambda row: f"Unit {row.name}"),
}


def _recording_of(segment: Segment) -> str:
    return recording_name(segment.recording.started_at, segment.recording.camera_serial)


def _at(at: datetime) -> str:
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y, %H:%M:%S %Z}"
