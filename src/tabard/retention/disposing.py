"""How is a recording disposed of? Keys destroyed, what was said in it erased, and it is logged, in one transaction.

Everything is done to many at once; one is a batch of one. That nothing keeps them is for the caller to have decided,
with their rows locked (`locked_many`). The log's event is the certificate: under which rule of which version of the
policy, since when it was due, and nothing of what was in it. The unreadable bytes are removed afterwards (`removal`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.copying import NULL, copy_rows, escaped
from tabard.custody.kinds import EventKind
from tabard.custody.services import PlannedEvent
from tabard.kernel.ids import array_of
from tabard.recordings.models import Recording
from tabard.retention.among import among
from tabard.retention.matter import objects_of
from tabard.vault import services as vault

# The details of these events repeat what the camera noted of the footage, places included.
_TELL_OF_MATTER = (
    EventKind.OBJECT_SEALED,
    EventKind.OBJECT_CONFLICTED,
    EventKind.OBJECT_DESCRIBED,
    EventKind.RECORDING_SEALED,
)
_ERASE = files("tabard.retention").joinpath("erased.sql").read_text(encoding="utf-8")
_DISPOSAL_COLUMNS = ("recording_id", "rule", "reason", "due_at", "executed_at", "run_id")


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a recording is disposed of: the rule, the sentence to show, since when, and what the log says of it.

    `run_id` is the run that does it, if one does.
    """

    rule: str
    reason: str
    due_at: datetime
    details: dict[str, Any]
    run_id: UUID | None = None


def dispose_of(*, grounds: Mapping[UUID, Ground], by: Actor, at: datetime) -> None:
    """The keys of these recordings are destroyed and what was said in them erased, each with its event.

    All in the caller's transaction, which holds their rows, as its last step: the log's sequencer waits until it ends.
    """
    objects = make_unreadable(grounds=grounds, at=at)
    custody.append_many(
        (
            PlannedEvent(
                EventKind.RECORDING_DISPOSED,
                Subject("recording", recording_id),
                details={**ground.details, "objects": len(objects.get(recording_id, ()))},
            )
            for recording_id, ground in grounds.items()
        ),
        at=at,
        by=by,
    )


def make_unreadable(*, grounds: Mapping[UUID, Ground], at: datetime) -> Mapping[UUID, list[UUID]]:
    """All of `dispose_of` but its events, for which the log must have some: only a restore calls this by itself.

    Returns the objects of each whose keys are destroyed.
    """
    objects = objects_of(grounds)
    every = list(chain.from_iterable(objects.values()))
    vault.destroy_keys(object_ids=every, at=at)
    _erase_matter(grounds.keys(), every, at)
    copy_rows("retention_disposal", _DISPOSAL_COLUMNS, _disposals(grounds, at))
    return objects


def locked(recording_id: UUID) -> Recording:
    """The recording with its row locked until the caller's transaction ends, as whoever keeps it locks it."""
    return Recording.objects.select_for_update().get(id=recording_id)


class Locked(NamedTuple):
    """What decides how long a recording is kept, of one whose row is locked."""

    id: UUID
    category_id: str | None
    source: str
    received_at: datetime
    begun_by_at: datetime | None
    disposed_at: datetime | None


def locked_many(ids: Collection[UUID]) -> list[Locked]:
    """`locked` for many, in the order of their ids, so that two who lock many never wait for one another in a ring."""
    rows = Recording.objects.select_for_update().filter(id__in=among(ids)).order_by("id")
    return [Locked(*row) for row in rows.values_list(*Locked._fields)]


def _disposals(grounds: Mapping[UUID, Ground], at: datetime) -> Iterable[str]:
    executed = at.isoformat()
    for recording_id, ground in grounds.items():
        words = (escaped(ground.rule), escaped(ground.reason))
        run = NULL if ground.run_id is None else str(ground.run_id)
        yield "\t".join((str(recording_id), *words, ground.due_at.isoformat(), executed, run))


def _erase_matter(ids: Collection[UUID], objects: Collection[UUID], at: datetime) -> None:
    """Erase what was said in them, where they went and what cameras noted; keep that they were, whose and when."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASE, {"ids": array_of(ids), "objects": array_of(objects), "at": at})
    custody.erase_details(subject_ids=[*ids, *objects], kinds=_TELL_OF_MATTER)
