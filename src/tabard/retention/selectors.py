"""What do we know about a recording that decides how long it is kept?"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tabard.incidents.models import Exhibit, Incident, Link, Outcome
from tabard.incidents.rules import OutcomeKind, end_of, ended_at
from tabard.intake.models import ReceivedObject
from tabard.media.models import ClipPackets, Derivative, PacketTree
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Attachment, Clip, Recording, Segment
from tabard.retention import keeping, matter, policies, standing
from tabard.retention.among import among
from tabard.retention.disposing import Locked
from tabard.retention.models import Hold, Review
from tabard.retention.policy import PolicyUnusable
from tabard.retention.rules import Case, Decision, Facts, Policy, decide


def decision(viewer: Viewer, recording: Recording, at: datetime) -> Decision:
    """Why, and until when, the recording is kept; holds are named only to those whose duty they are.

    Raises:
        Denied: when the viewer may not see the recording.
    """
    check_can(viewer, Action.RECORDING_VIEW, recording)
    return decisions(viewer, [recording], at)[recording.id]


def decisions(viewer: Viewer, recordings: Sequence[Recording], at: datetime) -> dict[UUID, Decision]:
    """`decision` of each of many, which the viewer was found to be allowed to see."""
    seen = {each.id: _sees_holds(viewer, each) for each in recordings}
    named = facts_of_many([each for each in recordings if seen[each.id]])
    unnamed = facts_of_many([each for each in recordings if not seen[each.id]], names_holds=False)
    facts = {**named, **unnamed}
    try:
        policy = policies.current(at)
    except PolicyUnusable as error:
        kept = f"Kept: {error.message}"
        return {each: Decision(None, error.code, kept, known.held_by) for each, known in facts.items()}
    return {each: decide(known, policy) for each, known in facts.items()}


def facts_of(recording: Recording, *, names_holds: bool = True) -> Facts:
    """The facts of one recording, read now; without `names_holds` a hold is only said to be there."""
    return facts_of_many([recording], names_holds=names_holds)[recording.id]


def facts_of_many(
    recordings: Sequence[Recording] | Sequence[Locked], *, names_holds: bool = True
) -> dict[UUID, Facts]:
    """The facts of many recordings, read now, in as many statements as of one.

    But for the category, which is a person's decision about how long it is kept, nothing of a recording's own can be
    changed by anybody once it has come in.
    """
    ids = [recording.id for recording in recordings]
    holds, cases, reviews = _holds(ids, names_holds=names_holds), _cases(ids), _reviews(ids)
    return {
        recording.id: Facts(
            category=recording.category_id,
            received_at=recording.received_at,
            begun_by_at=recording.begun_by_at,
            source=recording.source,
            cases=tuple(cases.get(recording.id, ())),
            holds=tuple(holds.get(recording.id, ())),
            **reviews.get(recording.id, {}),
        )
        for recording in recordings
    }


def due(policy: Policy, as_of: datetime) -> Iterator[tuple[Recording, Decision]]:
    """Every recording that is due and not held, soonest first, with the decision; memory stays flat."""
    for batch in standing.due(policy, as_of):
        found = Recording.objects.select_related("officer").in_bulk([item.recording_id for item in batch])
        facts = facts_of_many(list(found.values()))
        for item in batch:
            decided = decide(facts[item.recording_id], policy)
            if decided.is_due(as_of):
                yield found[item.recording_id], decided


def object_ids(recording_id: UUID) -> list[UUID]:
    """Every sealed object that holds matter of the recording: footage, what came with it, and all copies of it."""
    return matter.objects_of([recording_id]).get(recording_id, [])


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


def _sees_holds(viewer: Viewer, recording: Recording) -> bool:
    """Whether holds are named to the viewer; on their own footage to nobody, as one may be about them."""
    is_own = recording.officer_id is not None and recording.officer_id == viewer.officer_id
    return can(viewer, Action.HOLD_VIEW, recording) and not is_own


def _holds(ids: Sequence[UUID], *, names_holds: bool) -> Mapping[UUID, list[str]]:
    """Why each must stay whatever becomes of an incident, in words: exhibits of none, and holds.

    Who may not see holds learns that there is one, but not that footage is held because it is one officer's.
    """
    found = defaultdict[UUID, list[str]](list)
    for exhibit in Exhibit.objects.filter(recording_id__in=among(ids), incident__isnull=True).order_by("id"):
        found[exhibit.recording_id].append(f"produced as exhibit {exhibit.reference}")
    covering = keeping.holds_on(ids)
    holds = Hold.objects.in_bulk(set(chain.from_iterable(covering.values())))
    for recording_id, hold_ids in covering.items():
        if names_holds:
            found[recording_id] += [f"{holds[each].get_kind_display()} hold" for each in hold_ids]
        elif any(holds[each].scope != Hold.Scope.OFFICER for each in hold_ids):
            found[recording_id].append("on hold")
    return found


def _cases(ids: Sequence[UUID]) -> Mapping[UUID, list[Case]]:
    """The incidents that each shows, or was produced for as an exhibit, and how they ended."""
    shown = {
        *Link.objects.filter(recording_id__in=among(ids)).values_list("recording_id", "incident_id"),
        *Exhibit.objects.filter(recording_id__in=among(ids), incident__isnull=False).values_list(
            "recording_id", "incident_id"
        ),
    }
    incidents = Incident.objects.in_bulk({incident_id for _, incident_id in shown})
    ended = {
        outcome.incident_id: outcome
        for outcome in Outcome.objects.filter(incident_id__in=list(incidents)).order_by("stated_at", "id")
    }
    found = defaultdict[UUID, list[Case]](list)
    for recording_id, incident_id in sorted(shown):
        found[recording_id].append(_case(incidents[incident_id], ended.get(incident_id)))
    return found


def _case(incident: Incident, last: Outcome | None) -> Case:
    if last is None or last.kind == OutcomeKind.REOPENED:
        return Case(incident.reference, incident.kind)
    return Case(
        reference=incident.reference,
        kind=incident.kind,
        outcome=last.kind,
        closed_at=ended_at(last.stated_at, last.decided_date),
        released_at=end_of(last.release_date) if last.release_date else None,
        in_custody=last.in_custody,
    )


def _reviews(ids: Sequence[UUID]) -> Mapping[UUID, dict[str, datetime]]:
    """What the last reviews of each said, of those that count."""
    found = defaultdict[UUID, dict[str, datetime]](dict)
    for review in Review.objects.filter(recording_id__in=among(ids)).order_by("decided_at", "id"):
        if review.keep_until is not None:
            found[review.recording_id] = {"keep_until": review.keep_until}
        elif review.agreed_at is not None:
            found[review.recording_id]["given_up_at"] = review.agreed_at
    return found
