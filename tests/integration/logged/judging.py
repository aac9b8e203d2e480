"""Does a service leave exactly its event, and do nothing without it?"""

from uuid import UUID

import pytest
from tests.integration.logged.registry import AT, BY, Act, Stage
from tests.integration.logged.watching import broken_log, known, new_since, objects, rows

from tabard.custody.models import Event
from tabard.recordings.models import Recording

# `tests/integration/retention/test_what_retention_reads.py` holds retention to these.
RETENTION_READS = ("category_id", "received_at", "begun_by_at", "source")
DECIDES_HOW_LONG = {"recordings.services.categorise", "retention.notice_answers.categorise_all"}


def leaves_exactly_its_event(stage: Stage, act: Act) -> None:
    call, before, kept = act.prepare(stage), known(), retention_facts()
    subject = call()
    assert moves_no_period(act, kept)
    events = new_since(before)
    assert sorted(event.kind for event in events) == sorted(kind.value for kind in act.kinds)
    assert all(says_who_and_when(event, stage) for event in events)
    assert subject is None or subject in {event.subject_id for event in events}


def retention_facts() -> dict[UUID, dict[str, object]]:
    """What retention reads of each recording."""
    rows = Recording.objects.values("id", *RETENTION_READS)
    return {row.pop("id"): row for row in rows}


def moves_no_period(act: Act, before: dict[UUID, dict[str, object]]) -> bool:
    """Whether the act left alone what retention reads; only to give a category is to decide how long one is kept."""
    after = retention_facts()
    changed = {
        name
        for recording_id, facts in before.items()
        for name, value in facts.items()
        if after[recording_id][name] != value
    }
    return changed <= ({"category_id"} if act.name in DECIDES_HOW_LONG else set())


def says_who_and_when(event: Event, stage: Stage) -> bool:
    """Row and leaf name the same act, at the moment given, by whoever acted or tried to."""
    people = {str(stage.world.asker.pk), str(stage.world.clerk.pk)}
    who = event.particulars
    assert who.actor_id in people | {BY.id, "not-signed-in", str(stage.world.dock.pk)}
    assert who.actor_name
    assert isinstance(event.subject_id, UUID)
    assert event.at >= AT
    return True


def fails_and_changes_nothing(stage: Stage, act: Act) -> None:
    call = act.prepare(stage)
    before = rows(), objects()
    with broken_log(), pytest.raises(Exception) as failed:  # noqa: PT011 - each edge says it in its own way
        call()
    assert not isinstance(failed.value, AssertionError), failed.value
    after = rows(), objects()
    changed = {name for name in after[0] if after[0][name] != before[0].get(name)}
    assert changed <= set(act.keeps), f"{act.name} changed {changed} although its event could not be written"
    assert after[1] == before[1], f"{act.name} changed the store although its event could not be written"
