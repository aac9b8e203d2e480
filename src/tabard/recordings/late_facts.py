"""What is known by now of recordings that came before their camera, officer or category was enrolled?

A recording is resolved again only in what was unknown, and only by what its camera said when it came: nothing that a
person settled or attributed is touched. Set-based: a batch of a thousand costs a few statements.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Trim, Upper

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import PlannedEvent, append_many
from tabard.fleet.models import Assignment, Camera
from tabard.people.models import Officer, Posting
from tabard.recordings.models import Bookmark, Category, Recording

BATCH = 1_000
_FLAG = Recording.Flag
_REASON = "enrolled since the recording came in"


def resolve_again(*, by: Actor, at: datetime) -> int:
    """Every standing recording whose unknown camera, officer or category is known now has it; returns how many.

    Each batch is one transaction, with an event for each recording. A crash leaves the batches that are done.
    """
    done = 0
    while number := _batch(by, at):
        done += number
    return done


@transaction.atomic
def _batch(by: Actor, at: datetime) -> int:
    found = list(_resolvable().order_by("pk").select_for_update(of=("self",), skip_locked=True)[:BATCH])
    events = [_resolved(recording) for recording in found]
    Recording.objects.bulk_update(found, ["camera", "officer", "unit", "category", "flags"])
    if events:
        append_many(events, at=at, by=by)
    return len(found)


def _resolvable() -> QuerySet[Any]:
    """The standing recordings of which something unknown is known now, with what that is.

    The wearer is asked for where the camera's entry came late and nobody was named; where no camera clock could be
    believed, an assignment says nothing.
    """
    rows = Recording.objects.filter(~Q(flags=[]), disposed_at__isnull=True).annotate(
        found_camera=Subquery(_camera().values("pk")[:1]),
        found_officer=Subquery(_named()[:1], output_field=UUIDField()),
        other_officer=Subquery(_named()[1:2], output_field=UUIDField()),
        found_category=Subquery(_category().values("category")[:1]),
        wearer=Subquery(_wearer(), output_field=UUIDField()),
    )
    return rows.filter(
        Q(flags__contains=[_FLAG.UNKNOWN_CAMERA], camera__isnull=True, found_camera__isnull=False)
        | Q(
            flags__contains=[_FLAG.UNKNOWN_OFFICER],
            officer__isnull=True,
            found_officer__isnull=False,
            other_officer__isnull=True,
        )
        | Q(flags__contains=[_FLAG.UNKNOWN_CATEGORY], category__isnull=True, found_category__isnull=False)
    ).annotate(
        posted=Subquery(_unit_of("found_officer"), output_field=UUIDField()),
        wearer_posted=Subquery(_unit_of("wearer"), output_field=UUIDField()),
        camera_unit=Subquery(_camera().values("unit_id")[:1]),
    )


def _camera() -> QuerySet[Camera]:
    return Camera.objects.filter(~Q(serial=""), serial__iexact=Trim(OuterRef("camera_serial")))


def _named() -> QuerySet[Any]:
    """The officers whom the camera can have meant; where there are two, it is nobody's to say which."""
    numbered = Officer.objects.annotate(
        upper_shoulder=Upper("shoulder_number"), upper_warrant=Upper("warrant_number")
    )
    reference = Upper(Trim(OuterRef("officer_reference")))
    named = numbered.filter(Q(upper_shoulder=reference) | Q(upper_warrant=reference))
    return named.order_by("pk").values("pk")


def _wearer() -> QuerySet[Any]:
    worn = Assignment.objects.filter(
        camera__serial__iexact=Trim(OuterRef("camera_serial")), during__contains=OuterRef("filmed_at")
    )
    return worn.values("officer_id")[:1]


def _unit_of(officer: str) -> QuerySet[Any]:
    return Posting.objects.filter(
        officer_id=OuterRef(officer), during__contains=OuterRef("filmed_at")
    ).values("unit_id")[:1]


def _category() -> QuerySet[Any]:
    """The category that the recording's newest choosing bookmark means by now."""
    choosing = Bookmark.objects.filter(recording=OuterRef("pk")).exclude(category_code="", category_name="")
    meant = Category.objects.filter(
        Q(code=OuterRef("category_code")) | Q(name__iexact=OuterRef("category_name"))
    )
    return choosing.annotate(category=Subquery(meant.values("code")[:1])).order_by("-start_at")


def _resolved(recording: Any) -> PlannedEvent:
    """The recording with what is known of it now, and the event of that."""
    was = {name: getattr(recording, f"{name}_id") for name in ("officer", "camera", "unit", "category")}
    lifted = list(_lifted(recording))
    recording.flags = [flag for flag in recording.flags if flag not in lifted]
    recording.flags += _raised(recording)
    details: Mapping[str, Any] = {
        **{
            name: {"from": _text(before), "to": _text(getattr(recording, f"{name}_id"))}
            for name, before in was.items()
            if before != getattr(recording, f"{name}_id")
        },
        "reason": _REASON,
        "settled": lifted,
    }
    return PlannedEvent(EventKind.RECORDING_ATTRIBUTED, Subject("recording", recording.pk), None, details)


def _lifted(recording: Any) -> Iterator[str]:
    """What was unknown becomes known, and its flag is named."""
    if recording.camera_id is None and recording.found_camera and _FLAG.UNKNOWN_CAMERA in recording.flags:
        recording.camera_id = recording.found_camera
        recording.unit_id = recording.unit_id or recording.camera_unit
        yield _FLAG.UNKNOWN_CAMERA.value
    named = None if recording.other_officer else recording.found_officer
    if not recording.officer_reference:
        named = _certain_wearer(recording)
    if recording.officer_id is None and named and _FLAG.UNKNOWN_OFFICER in recording.flags:
        posted = recording.posted if recording.officer_reference else recording.wearer_posted
        recording.officer_id, recording.unit_id = named, posted or recording.unit_id
        yield _FLAG.UNKNOWN_OFFICER.value
    known = recording.found_category
    if recording.category_id is None and known and _FLAG.UNKNOWN_CATEGORY in recording.flags:
        recording.category_id = known
        yield _FLAG.UNKNOWN_CATEGORY.value


def _certain_wearer(recording: Any) -> Any:
    """Who wore the camera, where the time is certain enough to say."""
    doubts = {_FLAG.CLOCK_SUSPECT, _FLAG.CLOCK_JUMPED, _FLAG.NO_TIME_ZONE}
    is_certain = recording.is_corrected or not doubts & set(recording.flags)
    return recording.wearer if is_certain and recording.camera_id else None


def _raised(recording: Any) -> list[str]:
    """What the new knowledge shows in turn: the camera was somebody else's."""
    wearer = _certain_wearer(recording)
    differs = wearer is not None and recording.officer_id is not None and wearer != recording.officer_id
    flag = _FLAG.WEARER_DIFFERS.value
    return [flag] if differs and flag not in recording.flags else []


def _text(value: object) -> str | None:
    return None if value is None else str(value)
