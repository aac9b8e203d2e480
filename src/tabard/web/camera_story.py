"""What has a camera lived through? Its events, dockings and wearers, and what an import said of it, newest first.

The custody log tells most of it. An import is one event for a whole file, and dockings are none, so what only rows
tell is put between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import EventLine, history, lines
from tabard.disclosure.event_words import said, words_of
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.states import TRANSITIONS, Change

MOST_MOMENTS = 200
_CHANGES = (EventKind.CAMERA_STATE_CHANGED, EventKind.CAMERA_LOST)
_SAID_ALREADY = ("serial", "change", "from", "to")
_ARRIVALS = (EventKind.CAMERA_ORDERED, EventKind.CAMERA_RECEIVED)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a camera: when, what, by whom, and what else is known."""

    at: datetime
    words: str
    by: str = ""
    more: str = ""


def story_of(camera: Camera, assignments: Sequence[Assignment]) -> list[Moment]:
    """The newest moments of the camera's life, newest first."""
    newest = history([camera.pk]).order_by("-at", "-id")[:MOST_MOMENTS]
    told = lines(newest)
    moments = [Moment(line.at, _words(line), line.actor_name, _more(line)) for line in told]
    moments += [*_arrival(camera, told), *_untold(assignments, told), *_dockings(camera)]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOST_MOMENTS]


def _arrival(camera: Camera, told: Sequence[EventLine]) -> Iterator[Moment]:
    """That it came, where no event of its own says so."""
    if not any(line.kind in _ARRIVALS for line in told) and len(told) < MOST_MOMENTS:
        yield Moment(camera.received_at, "The camera was received with a list")


def _words(line: EventLine) -> str:
    """What happened; of a change of state, what the table of states says of it."""
    change = line.details.get("change")
    if line.kind in _CHANGES and change in set(Change):
        return f"The camera {TRANSITIONS[Change(change)].words}"
    return words_of(line.kind)


def _more(line: EventLine) -> str:
    """The details that its page does not say already."""
    return said({name: value for name, value in line.details.items() if name not in _SAID_ALREADY})


def _untold(assignments: Sequence[Assignment], told: Sequence[EventLine]) -> Iterator[Moment]:
    """Who was given it in place of another, which the other's event tells; or by an import, one event for a file."""
    known = {line.details.get("assignment") for line in told if line.kind is EventKind.CAMERA_ASSIGNED}
    untold = [each for each in assignments if str(each.pk) not in known]
    before = _handed_in_for(untold)
    for each in untold:
        other = before.get((each.officer_id, each.during.lower))
        words = f"It was given in place of camera {other}" if other else "It was given with a list"
        yield Moment(each.during.lower, words, more=str(each.officer))


def _handed_in_for(assignments: Sequence[Assignment]) -> dict[tuple[UUID, datetime], str]:
    """The camera that each officer handed in at the very instant at which they were given this one."""
    found = Assignment.objects.filter(
        officer__in={each.officer_id for each in assignments},
        during__endswith__in=[each.during.lower for each in assignments],
    ).select_related("camera")
    return {(each.officer_id, each.during.upper): each.camera.serial for each in found}


def _dockings(camera: Camera) -> Iterator[Moment]:
    """When each dock saw it last, and what it then saw."""
    for each in camera.dockings.select_related("dock"):
        facts = {
            "files": each.files,
            "battery, per cent": each.battery_percent,
            "firmware": each.firmware,
            "faults": ", ".join(each.faults),
        }
        more = ", ".join(f"{name}: {value}" for name, value in facts.items() if value not in (None, ""))
        yield Moment(each.docked_at, f"It was docked, {each.dock.site}", more=more)
        if each.gone_at is not None:
            yield Moment(each.gone_at, f"It was taken out of the dock, {each.dock.site}")
