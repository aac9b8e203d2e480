"""Holds, and disposal. Order of writes: keys destroyed, event and row in one transaction; bytes removed after it.

A kill between the two leaves ciphertext that nobody can read and a job that removes it. Whoever holds, links or
produces a recording locks its row, and so does disposal: a hold placed during a run wins until the key is destroyed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.intake.models import Container, ReceivedObject, Upload
from tabard.kernel.errors import Conflict, Invalid
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Attachment, Bookmark, Category, Recording, Segment, Track
from tabard.retention import selectors
from tabard.retention.models import Disposal, Hold
from tabard.retention.policy import default_policy
from tabard.retention.rules import Decision, Policy, decide
from tabard.vault import services as vault

# The details of these events repeat what the camera noted of the footage, places included.
_TELL_OF_MATTER = (
    EventKind.OBJECT_SEALED,
    EventKind.OBJECT_CONFLICTED,
    EventKind.OBJECT_DESCRIBED,
    EventKind.RECORDING_SEALED,
)


@dataclass(slots=True)
class Plan:
    """What a run would dispose of, and under which rules."""

    as_of: datetime
    due: list[tuple[Recording, Decision]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """How many bytes of footage are due."""
        return sum(recording.size_bytes for recording, _ in self.due)

    @property
    def by_rule(self) -> dict[str, int]:
        """How many recordings each rule makes due."""
        return dict(Counter(decision.rule for _, decision in self.due))


@dataclass(slots=True)
class RunReport:
    """What a run disposed of; `spared` were planned but found held or changed when their turn came."""

    as_of: datetime
    disposed: list[UUID] = field(default_factory=list)
    spared: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a recording is disposed of: the rule, the sentence to show, since when, and what the log says of it."""

    rule: str
    reason: str
    due_at: datetime
    details: Mapping[str, Any]


def adopt_policy(policy: Policy | None = None) -> int:
    """Every category of the policy can be chosen when this returns; returns how many there are."""
    adopted = policy or default_policy()
    for code, name in adopted.categories.items():
        Category.objects.update_or_create(code=code, defaults={"name": name})
    return len(adopted.categories)


def place_hold(*, recording: Recording, kind: str, reason: str, viewer: Viewer, at: datetime) -> Hold:
    """The recording cannot be disposed of once this returns, until the hold is released.

    Raises:
        Denied: when the viewer may not place holds.
        Invalid: when the kind is unknown or no reason is given.
        Conflict: when the recording was disposed of already.
    """
    check_can(viewer, Action.HOLD_PLACE, recording)
    if kind not in Hold.Kind.values or kind == Hold.Kind.RESTORED:
        raise Invalid("Choose why the recording is held.", field="kind")
    why = required(reason, "reason", 300, "Say why the recording must be kept.")
    with transaction.atomic():
        if locked(recording.id).disposed_at is not None:
            raise Conflict("This recording was disposed of; it cannot be held.")
        hold = Hold.objects.create(
            recording=recording,
            kind=kind,
            reason=why,
            placed_at=at,
            placed_by_id=viewer.account_id,
        )
        _log_hold(EventKind.HOLD_PLACED, hold, viewer, at, hold.reason)
    return hold


def release_hold(*, hold: Hold, reason: str, viewer: Viewer, at: datetime) -> Hold:
    """The hold no longer keeps its recording; other holds, links and exhibits still may.

    Raises:
        Denied: when the viewer may not place or release holds.
        Invalid: when no reason is given.
        Conflict: when it was released already.
    """
    check_can(viewer, Action.HOLD_PLACE, hold.recording)
    why = required(reason, "reason", 300, "Say why the hold is no longer needed.")
    with transaction.atomic():
        current = Hold.objects.select_for_update().get(id=hold.id)
        if current.released_at is not None:
            raise Conflict("The hold was released already.")
        current.released_at, current.released_by_id = at, viewer.account_id
        current.save(update_fields=["released_at", "released_by"])
        _log_hold(EventKind.HOLD_RELEASED, current, viewer, at, why)
    return current


def plan(*, as_of: datetime) -> Plan:
    """What is due at the instant and not held. Changes nothing."""
    return Plan(as_of, list(selectors.due(default_policy(), as_of)))


def run(
    *, as_of: datetime, by: Actor, at: datetime, progress: Callable[[int], None] | None = None
) -> RunReport:
    """Everything that is due and not held is disposed of when this returns; killed midway, the next run goes on.

    Args:
        as_of: Dispose of what is due at this instant; never later than `at`.
        by: Who runs it.
        at: Now.
        progress: Told after each recording how many are done.

    Raises:
        Invalid: when `as_of` is in the future.
    """
    if as_of > at:
        raise Invalid("A disposal run cannot look into the future; use a plan for that.", field="as_of")
    report, policy = RunReport(as_of), default_policy()
    for recording, _ in selectors.due(policy, as_of):
        done = _dispose(recording.id, policy, as_of, by, at)
        (report.disposed if done else report.spared).append(recording.id)
        if progress is not None:
            progress(len(report.disposed))
    return report


def remove_objects(*, recording_id: UUID, at: datetime) -> int:
    """The unreadable bytes of a disposed recording are gone from the store when this returns; returns how many."""
    removed = sum(
        vault.remove(object_id=object_id, at=at) for object_id in selectors.object_ids(recording_id)
    )
    Disposal.objects.filter(recording_id=recording_id, removed_at__isnull=True).update(removed_at=at)
    return removed


def dispose_of(*, recording: Recording, ground: Ground, by: Actor, at: datetime) -> None:
    """Its keys are destroyed and what was said in it erased, logged, in the caller's transaction, which holds its row.

    That nothing keeps the recording is for the caller to have decided, with the row locked.
    """
    objects = make_unreadable(recording=recording, ground=ground, at=at)
    custody.append(
        kind=EventKind.RECORDING_DISPOSED,
        subject=Subject("recording", recording.id),
        at=at,
        by=by,
        details={**ground.details, "objects": objects},
    )


def make_unreadable(*, recording: Recording, ground: Ground, at: datetime) -> int:
    """All of `dispose_of` but its event, for which the log must have one: only a restore calls this by itself.

    Returns how many objects' keys are destroyed.
    """
    objects = selectors.object_ids(recording.id)
    for object_id in objects:
        vault.destroy_key(object_id=object_id, at=at)
    _erase_matter(recording, objects, at)
    Disposal.objects.create(
        recording=recording, rule=ground.rule, reason=ground.reason, due_at=ground.due_at, executed_at=at
    )
    return len(objects)


def locked(recording_id: UUID) -> Recording:
    """The recording with its row locked until the caller's transaction ends, as whoever keeps it locks it."""
    return Recording.objects.select_for_update().get(id=recording_id)


def _dispose(recording_id: UUID, policy: Policy, as_of: datetime, by: Actor, at: datetime) -> bool:
    """Dispose of one recording unless, with its row locked, it turns out not to be due after all."""
    with transaction.atomic():
        recording = locked(recording_id)
        decided = decide(selectors.facts_of(recording), policy)
        if recording.disposed_at is not None or decided.due_at is None or not decided.is_due(as_of):
            return False
        details = {"rule": decided.rule, "policy": policy.version}
        ground = Ground(decided.rule, decided.reason, decided.due_at, details)
        dispose_of(recording=recording, ground=ground, by=by, at=at)
    return True


def _erase_matter(recording: Recording, objects: Iterable[UUID], at: datetime) -> None:
    """Erase what was said in it, where it went and what the camera noted; keep that it was, whose and when."""
    Bookmark.objects.filter(recording=recording).delete()
    Track.objects.filter(recording=recording).delete()
    Segment.objects.filter(recording=recording).update(metadata={})
    Attachment.objects.filter(recording=recording).update(metadata={})
    Container.objects.filter(recording=recording).update(metadata={})
    ReceivedObject.objects.filter(container__recording=recording).update(metadata={})
    Upload.objects.filter(container__recording=recording).update(raw_metadata="")
    custody.erase_details(subject_ids=[recording.id, *objects], kinds=_TELL_OF_MATTER)
    recording.disposed_at, recording.latitude, recording.longitude, recording.metadata = at, None, None, {}
    recording.save(update_fields=["disposed_at", "latitude", "longitude", "metadata"])


def _log_hold(kind: EventKind, hold: Hold, viewer: Viewer, at: datetime, reason: str) -> None:
    custody.append(
        kind=kind,
        subject=Subject("recording", hold.recording_id),
        at=at,
        by=viewer.actor,
        details={"hold": str(hold.id), "kind": hold.kind, "reason": reason},
    )
