"""Another policy: proposed by one, adopted by another, in force from a day that leaves time to object."""

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.disposals import put_on_the_list
from tests.policies import VERSION, adopted, policy_text, stops_kept_for
from tests.world import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.rules import Role
from tabard.recordings.models import Category, Recording
from tabard.retention import adoption, agreeing, batches, policies, runs, selectors, services
from tabard.retention.agreeing import NotAllowedNow
from tabard.retention.models import PolicyVersion, ScheduledDisposal
from tabard.retention.policy import PolicyUnusable, default_policy, default_text

AT = DAY_ONE + timedelta(days=2)
DAY = timedelta(days=1)
LONGER, SHORTER = stops_kept_for(400), stops_kept_for(100)


@pytest.fixture
def manager(world):
    return world.anyone(Role.RECORDS_MANAGER)


@pytest.fixture
def standards(world):
    return world.anyone(Role.PROFESSIONAL_STANDARDS)


def kinds():
    return list(
        Event.objects.filter(kind__startswith="policy.").order_by("id").values_list("kind", flat=True)
    )


def test_until_a_force_adopts_its_own_the_policy_that_ships_is_in_force(world):
    assert policies.current(AT) == default_policy()
    assert policies.current_text(AT) == default_text()


def test_a_longer_period_is_in_force_with_the_second_persons_approval(manager, standards):
    proposed = adoption.propose(text=LONGER, reason="Reviewed", viewer=manager, at=AT)
    assert policies.current(AT) == default_policy()
    assert agreeing.still_missing(proposed) == 1
    agreed = adoption.approve(policy_id=proposed.pk, viewer=standards, at=AT + DAY)
    assert agreed.effective_at == AT + DAY
    assert policies.current(AT + DAY).version == "ours-1"
    assert policies.current_text(AT + DAY) == LONGER
    assert policies.current(AT) == default_policy()
    assert kinds() == ["policy.proposed", "policy.adopted"]


def test_what_lets_footage_go_sooner_waits_for_the_days_of_grace(manager, standards):
    agreed = adopted(SHORTER, manager, standards, AT)
    assert agreed.effective_at == AT + 7 * DAY
    assert policies.current(AT + 7 * DAY - timedelta(seconds=1)) == default_policy()
    assert policies.current(AT + 7 * DAY).version == "ours-1"


def test_a_change_of_mind_in_the_days_of_grace_keeps_the_shorter_periods_from_ever_being_in_force(
    manager, standards
):
    adopted(SHORTER, manager, standards, AT)
    again = adopted(stops_kept_for(365, "ours-2"), manager, standards, AT + DAY)
    assert policies.current(again.effective_at).version == "ours-2"
    versions = {policies.current(AT + hours * timedelta(hours=1)).version for hours in range(300)}
    assert versions == {default_policy().version, "ours-2"}


def test_nobody_brings_it_into_force_before_the_day_that_was_asked_for(manager, standards):
    proposed = adoption.propose(
        text=LONGER, reason="Reviewed", viewer=manager, at=AT, not_before=AT + 30 * DAY
    )
    assert (
        adoption.approve(policy_id=proposed.pk, viewer=standards, at=AT + DAY).effective_at == AT + 30 * DAY
    )


def test_who_proposed_it_cannot_approve_it(manager):
    proposed = adoption.propose(text=LONGER, reason="Reviewed", viewer=manager, at=AT)
    with pytest.raises(NotAllowedNow, match="You asked for it"):
        adoption.approve(policy_id=proposed.pk, viewer=manager, at=AT)


@pytest.mark.parametrize("role", [Role.PROFESSIONAL_STANDARDS, Role.AUDITOR, Role.INVESTIGATOR])
def test_only_who_manages_records_proposes(world, role):
    with pytest.raises(Denied):
        adoption.propose(text=LONGER, reason="Reviewed", viewer=world.anyone(role), at=AT)


def test_one_refusal_is_enough_and_then_another_can_be_proposed(manager, standards):
    proposed = adoption.propose(text=LONGER, reason="Reviewed", viewer=manager, at=AT)
    with pytest.raises(Conflict, match="waits for a decision"):
        adoption.propose(text=SHORTER, reason="Reviewed", viewer=manager, at=AT)
    adoption.refuse(policy_id=proposed.pk, reason="Too long", viewer=standards, at=AT)
    with pytest.raises(NotAllowedNow):
        adoption.approve(policy_id=proposed.pk, viewer=standards, at=AT)
    assert adopted(LONGER, manager, standards, AT).state == "executed"


def test_who_proposed_it_withdraws_it_and_nobody_else(world, manager):
    proposed = adoption.propose(text=LONGER, reason="Reviewed", viewer=manager, at=AT)
    world.open("another", Role.RECORDS_MANAGER)
    with pytest.raises(NotAllowedNow):
        adoption.withdraw(policy_id=proposed.pk, reason="No", viewer=world.viewer("another"), at=AT)
    assert (
        adoption.withdraw(policy_id=proposed.pk, reason="Mistaken", viewer=manager, at=AT).state
        == "withdrawn"
    )


def test_what_nobody_decided_runs_out_and_is_logged(manager, standards):
    proposed = adoption.propose(text=LONGER, reason="Reviewed", viewer=manager, at=AT)
    assert adoption.look_after(by=BY, at=AT + 13 * DAY) == 0
    with pytest.raises(NotAllowedNow, match="run out"):
        adoption.approve(policy_id=proposed.pk, viewer=standards, at=AT + 14 * DAY)
    assert adoption.look_after(by=BY, at=AT + 14 * DAY) == 1
    assert kinds() == ["policy.proposed", "policy.refused"]


def test_a_version_that_there_was_is_refused(manager, standards):
    with pytest.raises(Invalid, match="version 2026-11-28 already"):
        adoption.propose(text=default_text(), reason="Reviewed", viewer=manager, at=AT)
    adopted(LONGER, manager, standards, AT)
    with pytest.raises(Invalid) as refused:
        adoption.propose(text=SHORTER, reason="Reviewed", viewer=manager, at=AT)
    assert refused.value.fields["field"] == "version"


def test_a_text_with_a_fault_is_refused_with_its_line(manager):
    text = LONGER.replace("\ndays = 400\n", "\ndays = 0\n")
    with pytest.raises(PolicyUnusable) as refused:
        adoption.propose(text=text, reason="Reviewed", viewer=manager, at=AT)
    assert text.splitlines()[refused.value.fields["line"] - 1] == "days = 0"


def _without_stops(text):
    rule = text[
        text.index('[[rule]]\ncode = "stop-and-search"') : text.index('[[rule]]\ncode = "use-of-force"')
    ]
    return text.replace(rule, "").replace('stop-and-search = "Stop and search"\n', "")


def test_a_category_that_footage_has_cannot_be_left_out_at_the_proposal_nor_at_its_adoption(
    world, manager, standards
):
    services.adopt_policy()
    text = _without_stops(policy_text())
    proposed = adoption.propose(text=text, reason="Reviewed", viewer=manager, at=AT)
    recording = world.recording()
    Recording.objects.filter(pk=recording.pk).update(category="stop-and-search")
    with pytest.raises(Invalid, match="stop-and-search"):
        adoption.approve(policy_id=proposed.pk, viewer=standards, at=AT)
    adoption.withdraw(policy_id=proposed.pk, reason="Mistaken", viewer=manager, at=AT)
    with pytest.raises(Invalid) as refused:
        adoption.propose(text=text, reason="Reviewed", viewer=manager, at=AT)
    assert refused.value.fields["categories"] == ["stop-and-search"]


def test_its_categories_can_be_chosen_and_a_later_version_of_tabard_does_not_rename_them(manager, standards):
    services.adopt_policy()
    text = policy_text("ours-1", ('stop-and-search = "Stop and search"', 'stop-and-search = "Stops"'))
    adopted(text, manager, standards, AT)
    services.adopt_policy()
    assert Category.objects.get(pk="stop-and-search").name == "Stops"


def test_a_text_that_was_altered_is_not_used_and_everything_is_kept(world, manager, standards):
    recording = world.recording()
    adopted(LONGER, manager, standards, AT)
    PolicyVersion.objects.update(text=LONGER.replace("days = 31", "days = 1"))
    with pytest.raises(PolicyUnusable, match="altered"):
        services.plan(as_of=AT + 3000 * DAY)
    decision = selectors.decision(manager, recording, AT + 3000 * DAY)
    assert (decision.due_at, decision.rule) == (None, "policy_unusable")


def test_a_text_that_can_no_longer_be_read_says_where_and_stops_disposal(manager, standards):
    version = adopted(LONGER, manager, standards, AT)
    text = LONGER.replace("[receipt]", "[received]")
    PolicyVersion.objects.update(text=text, sha256=hashlib.sha256(text.encode()).digest())
    with pytest.raises(PolicyUnusable, match="version ours-1, cannot be used"):
        policies.current(version.effective_at)


def test_the_database_itself_keeps_a_policy_from_being_in_force_before_its_adoption(manager, standards):
    version = adopted(LONGER, manager, standards, AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(effective_at=AT - DAY)


def test_versions_are_listed_with_what_waits_first(manager, standards, world):
    adopted(LONGER, manager, standards, AT)
    waiting = adoption.propose(text=stops_kept_for(500, "ours-2"), reason="More", viewer=manager, at=AT)
    assert [each.version for each in policies.listed(standards)] == ["ours-2", "ours-1"]
    assert policies.get(manager, waiting.pk).reason == "More"
    with pytest.raises(Denied):
        policies.listed(world.anyone(Role.INVESTIGATOR))
    assert VERSION not in waiting.text


def test_what_a_policy_adopted_while_a_run_goes_on_keeps_is_kept_by_its_next_batch(
    world, manager, standards, monkeypatch
):
    due_at = world.recording().received_at + 32 * DAY
    world.recording()
    put_on_the_list(due_at)
    ScheduledDisposal.objects.update(scheduled_at=due_at, executes_at=due_at)
    monkeypatch.setattr(batches, "DISPOSED_AT_ONCE", 1)
    text = policy_text(
        "ours-1",
        ('category = ["none"]\ndays = 31', 'category = ["none"]\ndays = 60'),
        ('due_after_days = 31, rule = "uncategorised"', 'due_after_days = 60, rule = "uncategorised"'),
    )

    def adopt_once(run):
        if run.disposed == 1 and not policies.has_own():
            adopted(text, manager, standards, due_at)

    done = runs.run(as_of=due_at, by=BY, at=due_at, progress=adopt_once)
    assert (done.disposed, done.spared) == (1, 1)
