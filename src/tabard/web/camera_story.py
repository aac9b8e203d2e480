"""What has a camera lived through? Its events, dockings and wearers, and what an import said of it, newest first.

The custody log tells most of it. An import is one event for a whole file, and dockings are none, so what only rows
tell is put between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import EventLine, history, lines
from tabard.disclosure.event_words import said, words_of
from tabard.fleet.models import Assignment, Camera

MOST_MOMENTS = 200
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
    moments = [Moment(line.at, words_of(line.kind), line.actor_name, said(line.details)) for line in told]
    moments += [*_arrival(camera, told), *_untold(assignments, told), *_dockings(camera)]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOST_MOMENTS]


def _arrival(camera: Camera, told: Sequence[EventLine]) -> Iterator[Moment]:
    """That it came, where no event of its own says so."""
    if not any(line.kind in _ARRIVALS for line in told) and len(told) < MOST_MOMENTS:
        yield Moment(camera.received_at, "The camera was received with a list")


def _untold(assignments: Sequence[Assignment], told: Sequence[EventLine]) -> Iterator[Moment]:
    """Who was given it by an import, which has one event for all of its cameras; or by a swap, told of the other."""
    known = {line.details.get("assignment") for line in told if line.kind is EventKind.CAMERA_ASSIGNED}
    for each in assignments:
        if str(each.pk) not in known:
            yield Moment(
                each.during.lower, "The camera was given with a list, or in a swap", more=str(each.officer)
            )


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
