"""How does what comes from a dock or a folder become a recording? It is opened, filled, closed, read and registered.

Files are received like those of any door (`services.receive`), each sealed and logged. `close` says that all have come;
a job then has the decoder jail read what they say of themselves, and `register` makes the recording. A file that cannot
be read is footage all the same. A crash between leaves an arrival that is closed and not registered: its job is still
queued, and `unregistered` lists it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.db.models.functions import Coalesce

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet.models import Dock
from tabard.intake.arrival_drafting import UNENDED, Part, draft_of
from tabard.intake.models import Container, ReceivedObject
from tabard.intake.naming.rules import Pattern, read
from tabard.intake.naming.selectors import in_force
from tabard.kernel.errors import Conflict
from tabard.recordings.facts import FootageFacts
from tabard.recordings.models import Recording
from tabard.recordings.services import register as register_recording

_UNREAD = FootageFacts(reason="it was not read")


class ArrivalEmpty(Conflict):
    """An arrival is said to be complete, and no file of it has come."""

    code = "arrival_empty"


def open_for_dock(*, dock: Dock, name: str, at: datetime) -> Container:
    """The dock's arrival of this name, new or as it is."""
    return _opened(at, source=Container.Source.DOCK, dock=dock, name=name)


def open_for_collection(*, collection: str, name: str, at: datetime) -> Container:
    """The folder collection's arrival of this name, new or as it is."""
    return _opened(at, source=Container.Source.FOLDER, collection=collection, name=name)


def is_opened(*, collection: str, name: str) -> bool:
    """Whether the folder collection has an arrival of this name."""
    return Container.objects.filter(source=Container.Source.FOLDER, collection=collection, name=name).exists()


@transaction.atomic
def close(*, container: Container, by: Actor, at: datetime, unended: str = "") -> None:
    """All its files have come, and reading them is queued; again, nothing happens. `container` is brought up to date.

    Args:
        container: The arrival.
        by: Who says so.
        at: When, aware.
        unended: Why it is closed although its sender never ended it; the recording is then flagged as incomplete.

    Raises:
        ArrivalEmpty: no file has come yet.
    """
    locked = _lock(container.pk)
    if locked.closed_at is None:
        files = locked.received.count()
        if not files:
            raise ArrivalEmpty("Nothing has arrived under this name yet.", name=locked.name)
        locked.closed_at = at
        if unended:
            locked.metadata = {**locked.metadata, UNENDED: unended}
        locked.save(update_fields=["closed_at", "metadata"])
        details = {"source": locked.source, "name": locked.name, "files": files, "unended": unended or None}
        append(
            kind=EventKind.ARRIVAL_COMPLETED,
            subject=Subject("arrival", locked.pk),
            at=at,
            by=by,
            details=details,
        )
    container.closed_at = locked.closed_at


@transaction.atomic
def register(
    *, container: Container, facts: Mapping[UUID, FootageFacts], by: Actor, at: datetime
) -> Recording | None:
    """The closed arrival's recording stands; again, the same recording is returned.

    Args:
        container: A closed arrival.
        facts: What each of its sealed objects says, by its id; an object without facts counts as not read.
        by: Who registers.
        at: When, aware.
    """
    locked = _lock(container.pk)
    if locked.completed_at is not None:
        return locked.recording
    received = locked.received.select_related("object").order_by("name", "received_at")
    patterns = in_force()
    parts = [Part(each, facts.get(each.object_id, _UNREAD), _named(each, patterns)) for each in received]
    locked.recording = register_recording(draft=draft_of(locked, parts, _source_name(locked)), by=by, at=at)
    locked.completed_at = at
    locked.save(update_fields=["completed_at", "recording"])
    return locked.recording


def unregistered(*, closed_before: datetime) -> QuerySet[Container]:
    """Arrivals that were closed before the instant and wait to be read, longest first; the queue works on them."""
    waiting = _arrivals().filter(closed_at__lt=closed_before, completed_at__isnull=True)
    return waiting.order_by("closed_at")


def unclosed(*, silent_since: datetime) -> QuerySet[Any]:
    """Arrivals that nobody closed and that got no file since the instant, longest first.

    Each with `files`, how many have come, and `last_at`, when the last one did.
    """
    waiting: QuerySet[Any] = _arrivals().filter(closed_at__isnull=True)
    last_at = Coalesce(Max("received__received_at"), "created_at")
    waiting = waiting.annotate(files=Count("received"), last_at=last_at)
    return waiting.filter(last_at__lt=silent_since).order_by("last_at")


def _arrivals() -> QuerySet[Container]:
    return Container.objects.exclude(source=Container.Source.AXIS)


def _opened(at: datetime, **where: Any) -> Container:
    defaults = {"kind": Container.Kind.RECORDING, "created_at": at}
    return Container.objects.get_or_create(**where, defaults=defaults)[0]


def _named(received: ReceivedObject, patterns: Sequence[Pattern]) -> Mapping[str, str]:
    """What its name says, or its path where it came from a folder; nothing where that can be read in two ways."""
    return read(received.metadata.get("path") or received.name, patterns).values or {}


def _source_name(container: Container) -> str:
    """The arrival's name, with its collection's before it; where that is taken, the end of our id tells them apart."""
    name = f"{container.collection}/{container.name}" if container.collection else container.name
    is_taken = Recording.objects.filter(source=container.source, source_name=name).exists()
    return f"{name[:240]} ({container.pk.hex[-12:]})" if is_taken or len(name) > 256 else name


def _lock(container_id: UUID) -> Container:
    """The arrival as it is now; nobody else changes it before the transaction ends."""
    return Container.objects.select_for_update(of=("self",)).get(pk=container_id)
