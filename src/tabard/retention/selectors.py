"""What do we know about a recording that decides how long it is kept?"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from tabard.incidents.models import Exhibit, Link
from tabard.intake.models import ReceivedObject
from tabard.media.models import ClipPackets, Derivative, PacketTree
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Attachment, Clip, Recording, Segment
from tabard.retention.models import Disposal, Hold
from tabard.retention.policy import default_policy
from tabard.retention.rules import Decision, Facts, Policy, decide

_BATCH = 1_000


def decision(viewer: Viewer, recording: Recording) -> Decision:
    """Why, and until when, the recording is kept; holds are named only to those whose duty they are.

    Raises:
        Denied: when the viewer may not see the recording.
    """
    check_can(viewer, Action.RECORDING_VIEW, recording)
    return decide(facts_of(recording, names_holds=_sees_holds(viewer, recording)), default_policy())


def holds_of(viewer: Viewer, recording: Recording) -> QuerySet[Hold]:
    """The holds on a recording, newest first; none to those who neither place holds nor manage records.

    A hold may say that its wearer's conduct is being looked into, so the wearer learns no more than that it is kept.

    Raises:
        Denied: when the viewer may not see the recording.
    """
    check_can(viewer, Action.RECORDING_VIEW, recording)
    if not _sees_holds(viewer, recording):
        return Hold.objects.none()
    return Hold.objects.filter(recording=recording).select_related("placed_by").order_by("-placed_at")


def facts_of(recording: Recording, *, names_holds: bool = True) -> Facts:
    """The facts of one recording, read now; without `names_holds` a hold is only said to be there."""
    return _facts(recording, tuple(_hold_reasons(recording.id, names_holds=names_holds)))


def due(policy: Policy, as_of: datetime) -> Iterator[tuple[Recording, Decision]]:
    """Every recording that is due and not held, oldest first, with the decision; memory stays flat."""
    waiting = Recording.objects.filter(
        ~Exists(Link.objects.filter(recording=OuterRef("pk"))),
        ~Exists(Exhibit.objects.filter(recording=OuterRef("pk"))),
        ~Exists(Hold.objects.filter(recording=OuterRef("pk"), released_at__isnull=True)),
        disposed_at__isnull=True,
    )
    for recording in waiting.order_by("received_at", "id").iterator(_BATCH):
        decided = decide(_facts(recording), policy)
        if decided.is_due(as_of):
            yield recording, decided


def _facts(recording: Recording, holds: tuple[str, ...] = ()) -> Facts:
    """What retention knows of a recording.

    But for the category, which is a person's decision about how long it is kept, nothing of it can be changed by
    anybody once the recording has come in.
    """
    return Facts(
        category=recording.category_id,
        received_at=recording.received_at,
        begun_by_at=recording.begun_by_at,
        holds=holds,
    )


def object_ids(recording_id: UUID) -> list[UUID]:
    """Every sealed object that holds matter of the recording: footage, what came with it, and all copies of it."""
    sources: list[QuerySet[Any, UUID]] = [
        Segment.objects.filter(recording_id=recording_id).values_list("object_id", flat=True),
        Attachment.objects.filter(recording_id=recording_id).values_list("object_id", flat=True),
        Derivative.objects.filter(segment__recording_id=recording_id).values_list("object_id", flat=True),
        Clip.objects.filter(segment__recording_id=recording_id, object__isnull=False).values_list(
            "object_id", flat=True
        ),
        PacketTree.objects.filter(segment__recording_id=recording_id).values_list("object_id", flat=True),
        ClipPackets.objects.filter(
            clip__segment__recording_id=recording_id, object__isnull=False
        ).values_list("object_id", flat=True),
        ReceivedObject.objects.filter(container__recording_id=recording_id).values_list(
            "object_id", flat=True
        ),
    ]
    return sorted({found for source in sources for found in source})


def recordings_of(objects: Collection[UUID]) -> dict[UUID, UUID]:
    """To which recording each sealed object belongs, as `object_ids` counts them.

    An object of none (a registry's, a pack, or one that nobody knows) is left out.
    """
    wanted = list(objects)
    sources: list[QuerySet[Any, tuple[UUID | None, UUID | None]]] = [
        ReceivedObject.objects.filter(object_id__in=wanted, container__recording__isnull=False).values_list(
            "object_id", "container__recording_id"
        ),
        *(
            rows.filter(object_id__in=wanted).values_list("object_id", path)
            for rows, path in (
                (Segment.objects.all(), "recording_id"),
                (Attachment.objects.all(), "recording_id"),
                (Derivative.objects.all(), "segment__recording_id"),
                (Clip.objects.all(), "segment__recording_id"),
                (PacketTree.objects.all(), "segment__recording_id"),
                (ClipPackets.objects.all(), "clip__segment__recording_id"),
            )
        ),
    ]
    return {
        object_id: recording_id
        for source in sources
        for object_id, recording_id in source
        if object_id is not None and recording_id is not None
    }


def not_yet_removed() -> QuerySet[Disposal]:
    """Disposals whose unreadable bytes still wait to be removed from the store."""
    return Disposal.objects.filter(removed_at__isnull=True).order_by("executed_at")


def _sees_holds(viewer: Viewer, recording: Recording) -> bool:
    return any(can(viewer, action, recording) for action in (Action.HOLD_PLACE, Action.RETENTION_VIEW))


def _hold_reasons(recording_id: UUID, *, names_holds: bool) -> Iterator[str]:
    """Why the recording must stay, in words."""
    for exhibit in Exhibit.objects.filter(recording_id=recording_id):
        yield f"produced as exhibit {exhibit.reference}"
    for link in Link.objects.filter(recording_id=recording_id).select_related("incident"):
        yield f"linked to {link.incident.reference}"
    for hold in Hold.objects.filter(recording_id=recording_id, released_at__isnull=True):
        yield f"{hold.get_kind_display()} hold" if names_holds else "on hold"
