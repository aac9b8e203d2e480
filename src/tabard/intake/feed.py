"""What comes in right now, by every door? The newest containers and uploads on their way, for who looks after them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Sum

from tabard.intake.models import Container, ReceivedObject, Upload
from tabard.kernel.ids import earliest_id
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action

PAGE_LINES = 50
MOST_UPLOADS = 50
_LOOKS_AFTER = Action.FLEET_MANAGE


class FeedState(StrEnum):
    """How far something that comes in is."""

    RECEIVING = "receiving"
    READING = "reading"
    REGISTERED = "registered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One container: what is in it so far, how far it is, and when a file of it came last (None: none has come)."""

    container: Container
    state: FeedState
    files: int
    size_bytes: int
    last_at: datetime | None

    @property
    def origin(self) -> str:
        """Where it comes from, within its door."""
        return str(self.container.destination or self.container.dock or self.container.collection)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """The newest lines, or those before a cursor; `older` asks for the next page, None on the last."""

    lines: list[FeedLine]
    older: UUID | None


def page(viewer: Viewer, *, before: UUID | None = None, limit: int = PAGE_LINES) -> FeedPage:
    """What began to come in last, newest first, in two statements.

    Raises:
        Denied: the viewer does not look after what comes in.
    """
    check_can(viewer, _LOOKS_AFTER)
    rows = Container.objects.exclude(kind=Container.Kind.REGISTRY).select_related("destination", "dock")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: limit + 1])
    held = _held(found[:limit])
    lines = [_line(container, held.get(container.pk)) for container in found[:limit]]
    return FeedPage(lines, found[limit - 1].pk if len(found) > limit else None)


def uploads(viewer: Viewer, *, limit: int = MOST_UPLOADS) -> list[Upload]:
    """The files that docks are sending now, newest first.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    open_ones = Upload.objects.filter(sealed_at__isnull=True, ended_at__isnull=True)
    return list(open_ones.select_related("dock").order_by("-pk")[:limit])


def counts(viewer: Viewer, *, since: datetime) -> Mapping[Container.Source, tuple[int, int]]:
    """How many recordings have begun to come in since then by each door, and how many of them are registered.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    begun = Container.objects.filter(pk__gte=earliest_id(since), kind=Container.Kind.RECORDING)
    rows = begun.values("source").annotate(begun=Count("pk"), registered=Count("recording_id"))
    counted = {row["source"]: (row["begun"], row["registered"]) for row in rows}
    return {source: counted.get(source, (0, 0)) for source in Container.Source}


def _held(containers: list[Container]) -> Mapping[UUID, Mapping[str, Any]]:
    """How many files and bytes each container holds, and when the last of them came, in one statement."""
    rows = ReceivedObject.objects.filter(container__in=containers).values("container_id").order_by()
    counted = rows.annotate(
        files=Count("pk"), size_bytes=Sum("object__size_bytes"), last_at=Max("received_at")
    )
    return {row["container_id"]: row for row in counted}


def _line(container: Container, held: Mapping[str, Any] | None) -> FeedLine:
    found = held or {"files": 0, "size_bytes": 0, "last_at": None}
    return FeedLine(container, _state(container), found["files"], found["size_bytes"], found["last_at"])


def _state(container: Container) -> FeedState:
    if container.kind == Container.Kind.REJECTED:
        return FeedState.REJECTED
    if container.recording_id is not None:
        return FeedState.REGISTERED
    is_whole = container.closed_at is not None or container.completed_at is not None
    return FeedState.READING if is_whole else FeedState.RECEIVING
