"""Which recordings may this person see, and which of those were asked for?

Pages are keyset pages: how deep one reads does not change what a page costs. Recordings stand, and are found, by
`filmed_at`: their corrected start where it is known, else their camera's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.rules import Action
from tabard.recordings.keyset import RecordingPage, page_of
from tabard.recordings.models import Category, Clip, Recording, Segment
from tabard.vault.selectors import Standing, standing

PAGE_RECORDINGS = 25


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings to show; an empty value means any.

    `words` finds camera serials, officers (family name, shoulder number) and the name the camera gave. `among` limits
    to ids that a later stage of the journey knows of, such as the recordings linked to an incident.
    """

    words: str = ""
    category: str = ""
    unit_id: UUID | None = None
    officer_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    flag: str = ""
    mine_only: bool = False
    include_disposed: bool = False
    among: QuerySet[Any, UUID] | None = None


def get(viewer: Viewer, recording_id: UUID, action: Action = Action.RECORDING_VIEW) -> Recording:
    """The recording, if the viewer may do the action to it.

    Raises:
        NotFound: when there is no such recording.
        Denied: when the viewer may not; the edge logs the refusal.
    """
    recording = _with_names(Recording.objects.filter(id=recording_id)).first()
    if recording is None:
        raise NotFound("There is no such recording.", recording=str(recording_id))
    check_can(viewer, action, recording)
    return recording


def segment(viewer: Viewer, segment_id: UUID, action: Action = Action.RECORDING_PLAY) -> Segment:
    """The segment, if the viewer may do the action to its recording.

    Raises:
        NotFound: when there is no such segment.
        Denied: when the viewer may not.
    """
    found = Segment.objects.select_related("recording", "object").filter(id=segment_id).first()
    if found is None:
        raise NotFound("There is no such segment.", segment=str(segment_id))
    check_can(viewer, action, found.recording)
    return found


def clip(viewer: Viewer, clip_id: UUID, action: Action = Action.RECORDING_PLAY) -> Clip:
    """The clip, if the viewer may do the action to its recording.

    Raises:
        NotFound: when there is no such clip.
        Denied: when the viewer may not.
    """
    found = Clip.objects.select_related("segment__recording", "object").filter(id=clip_id).first()
    if found is None:
        raise NotFound("There is no such clip.", clip=str(clip_id))
    check_can(viewer, action, found.segment.recording)
    return found


def page(
    viewer: Viewer, wanted: RecordingFilter, *, cursor: str = "", limit: int = PAGE_RECORDINGS
) -> RecordingPage:
    """The recordings of the filter that the viewer may see, from the cursor on.

    Raises:
        Invalid: when the cursor is not one of ours.
    """
    seen = scope(viewer, Action.RECORDING_VIEW) & _matching(viewer, wanted)
    return page_of(_with_names(Recording.objects.filter(seen)), cursor=cursor, limit=limit)


def last_of_camera(camera_id: UUID) -> datetime | None:
    """When the newest recording of the camera that came in ended by its own clock; None where none ever did."""
    newest = Recording.objects.filter(camera_id=camera_id).order_by("-started_at")
    return newest.values_list("stopped_at", flat=True).first()


def categories() -> QuerySet[Category]:
    """The categories an officer may choose, by name."""
    return Category.objects.filter(is_offered=True)


def _with_names(rows: QuerySet[Recording]) -> QuerySet[Recording]:
    """Load what every list and page shows beside the recording, in the same query."""
    return rows.select_related("camera", "officer", "unit", "category")


def _matching(viewer: Viewer, wanted: RecordingFilter) -> Q:
    """The filter over recordings."""
    exact: dict[str, object] = {
        "category_id": wanted.category,
        "unit_id": wanted.unit_id,
        "officer_id": viewer.officer_id if wanted.mine_only else wanted.officer_id,
        "filmed_at__gte": wanted.since,
        "filmed_at__lt": wanted.until,
        "flags__contains": [wanted.flag] if wanted.flag else None,
    }
    rows = Q(**{name: value for name, value in exact.items() if value})
    if wanted.among is not None:
        rows &= Q(id__in=wanted.among)
    if not wanted.include_disposed:
        rows &= Q(disposed_at__isnull=True)
    for word in wanted.words.split():
        rows &= (
            Q(camera_serial__icontains=word)
            | Q(source_name__icontains=word)
            | Q(officer__family_name__icontains=word)
            | Q(officer__shoulder_number__iexact=word)
        )
    return rows


def standing_of(recording: Recording) -> Standing:
    """In how many stores all that the camera sent of this recording was read back and found right."""
    sealed = [
        *recording.segments.values_list("object_id"),
        *recording.attachments.values_list("object_id"),
        *recording.encrypted_files.values_list("ciphertext_id"),
    ]
    return standing(object_ids={object_id for (object_id,) in sealed})
