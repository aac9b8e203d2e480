"""Disposal before a period ends: only several people together, only where the law says so, never what is kept."""

from datetime import timedelta

import pytest
from tests.disposals import dispose
from tests.world import BY, DAY_ONE, World

from tabard.custody.models import Event
from tabard.incidents import services as incidents
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.rules import Role
from tabard.recordings.models import Bookmark
from tabard.retention import agreeing, holds, key_destruction
from tabard.retention import early_disposal as early
from tabard.retention.agreeing import Kept, NotAllowedNow
from tabard.retention.models import Disposal, EarlyDisposal
from tabard.retention.policy import PolicyUnusable
from tabard.safekeeping import keys
from tabard.safekeeping.errors import KeyStillNeeded
from tabard.safekeeping.models import KeyBackup
from tabard.vault import services as vault
from tabard.vault.errors import KeyDestroyed
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_key_ring

AT = DAY_ONE + timedelta(days=2)
GRACE = timedelta(days=7)
ORDER = {"basis": "court_order", "reason": "Order of the Crown Court at Southwark, T20260001"}


def manager(world):
    return world.anyone(Role.RECORDS_MANAGER)


def standards(world):
    return world.anyone(Role.PROFESSIONAL_STANDARDS)


def asked(world, recording, viewer=None, at=AT, at_once=True):
    viewer = viewer or manager(world)
    return early.request(recording=recording, **ORDER, at_once=at_once, viewer=viewer, at=at)


def agreed(world, recording, at_once=False):
    """The request, which everybody approved who must."""
    found = asked(world, recording, at_once=at_once)
    return early.approve(request_id=found.id, viewer=standards(world), at=AT)


def kinds(prefix):
    return list(Event.objects.filter(kind__startswith=prefix).order_by("id").values_list("kind", flat=True))


def test_two_people_dispose_of_a_recording_and_the_log_says_on_what_basis(world):
    recording = world.recording([b"first", b"second"])
    Bookmark.objects.create(recording=recording, start_at=recording.started_at, text="said something")
    assert (early.gone(recording).segments, early.gone(recording).size_bytes) == (2, 11)
    found = asked(world, recording)
    assert agreeing.still_missing(found) == 1
    early.approve(request_id=found.id, viewer=standards(world), at=AT)
    assert early.carry_out(request_id=found.id, by=BY, at=AT)
    assert not early.carry_out(request_id=found.id, by=BY, at=AT)
    for sealed in SealedObject.objects.all():
        with pytest.raises(KeyDestroyed):
            vault.open_object(obj=sealed)
    assert Disposal.objects.get().rule == "early-disposal"
    assert "Order of a court" in Disposal.objects.get().reason
    assert kinds("early_disposal") == ["early_disposal.requested", "early_disposal.approved"]
    event = Event.objects.select_related("particulars").get(kind="recording.disposed")
    assert event.particulars.details == {
        "rule": "early-disposal",
        "basis": "court_order",
        "at_once": True,
        "due_at": AT.isoformat(),
        "scheduled_at": found.requested_at.isoformat(),
        "request": str(found.id),
        "objects": 2,
    }
    assert EarlyDisposal.objects.get().state == "executed"


def test_nobody_approves_what_they_asked_for_nor_twice(world, settings):
    settings.TABARD_KEY_QUORUM = 3
    found = asked(world, world.recording())
    with pytest.raises(NotAllowedNow):
        early.approve(request_id=found.id, viewer=manager(world), at=AT)
    early.approve(request_id=found.id, viewer=standards(world), at=AT)
    with pytest.raises(NotAllowedNow):
        early.approve(request_id=found.id, viewer=standards(world), at=AT)
    with pytest.raises(NotAllowedNow):
        early.carry_out(request_id=found.id, by=BY, at=AT)
    world.open("second manager", Role.RECORDS_MANAGER)
    early.approve(request_id=found.id, viewer=world.viewer("second manager"), at=AT)
    assert early.carry_out(request_id=found.id, by=BY, at=AT)


def test_a_quorum_of_one_is_refused(world, settings):
    settings.TABARD_KEY_QUORUM = 1
    with pytest.raises(Invalid):
        asked(world, world.recording())
    assert not kinds("early_disposal")


@pytest.mark.parametrize("step", ["request", "approve", "carry_out"])
@pytest.mark.parametrize("kept_by", ["hold", "incident"])
def test_what_blocks_disposal_blocks_it_at_every_step(world, step, kept_by):
    recording = world.recording()

    def keep():
        if kept_by == "hold":
            holds.place(on=recording, kind="complaint", reason="Complaint", viewer=manager(world), at=AT)
            return
        viewer = world.anyone(Role.INVESTIGATOR)
        incident = incidents.record(
            kind="crime_report",
            reference="CRIS 1",
            title="Theft",
            start_at=AT,
            end_at=None,
            place="",
            unit=world.units["LX"],
            viewer=viewer,
            at=AT,
        )
        incidents.link(incident=incident, recording=recording, viewer=viewer, at=AT, reason="Shows it")

    if step == "request":
        keep()
        with pytest.raises(Kept):
            asked(world, recording)
        return
    found = asked(world, recording)
    if step == "approve":
        keep()
        with pytest.raises(Kept):
            early.approve(request_id=found.id, viewer=standards(world), at=AT)
        return
    early.approve(request_id=found.id, viewer=standards(world), at=AT)
    keep()
    with pytest.raises(Kept):
        early.carry_out(request_id=found.id, by=BY, at=AT)
    assert early.look_after(by=BY, at=AT) == (0, 0)
    assert SealedObject.objects.get().is_readable
    assert EarlyDisposal.objects.get().state == "approved"


def test_one_refusal_ends_it_and_only_who_asked_can_withdraw(world):
    first, second = world.recording(), world.recording()
    one, two = asked(world, first), asked(world, second)
    early.refuse(request_id=one.id, reason="The order was set aside", viewer=standards(world), at=AT)
    with pytest.raises(NotAllowedNow):
        early.approve(request_id=one.id, viewer=standards(world), at=AT)
    with pytest.raises(NotAllowedNow):
        early.withdraw(request_id=two.id, reason="Mistaken", viewer=standards(world), at=AT)
    early.withdraw(request_id=two.id, reason="Mistaken", viewer=manager(world), at=AT)
    details = Event.objects.filter(kind="early_disposal.refused").order_by("id")
    assert [event.particulars.details["outcome"] for event in details] == ["refused", "withdrawn"]
    assert asked(world, first).state == "requested"


def test_it_runs_out_after_fourteen_days(world):
    found = asked(world, world.recording())
    late = AT + timedelta(days=14)
    with pytest.raises(NotAllowedNow):
        early.approve(request_id=found.id, viewer=standards(world), at=late)
    assert early.look_after(by=BY, at=late) == (0, 1)
    assert EarlyDisposal.objects.get().state == "expired"


def test_killed_after_the_last_approval_a_worker_carries_it_out(world):
    found = asked(world, world.recording())
    early.approve(request_id=found.id, viewer=standards(world), at=AT)
    assert early.look_after(by=BY, at=AT) == (1, 0)
    assert EarlyDisposal.objects.get().state == "executed"


def test_it_waits_the_days_of_grace_after_the_last_approval(world):
    recording = world.recording()
    found = agreed(world, recording)
    goes = AT + GRACE
    assert found.executes_at == goes
    with pytest.raises(NotAllowedNow):
        early.carry_out(request_id=found.id, by=BY, at=goes - timedelta(seconds=1))
    assert early.look_after(by=BY, at=goes - timedelta(seconds=1)) == (0, 0)
    assert SealedObject.objects.get().is_readable
    assert early.look_after(by=BY, at=goes) == (1, 0)
    assert not SealedObject.objects.get().is_readable
    details = Event.objects.select_related("particulars").get(kind="recording.disposed").particulars.details
    assert (details["at_once"], details["due_at"]) == (False, goes.isoformat())
    approved = Event.objects.select_related("particulars").get(kind="early_disposal.approved")
    assert approved.particulars.details["executes_at"] == goes.isoformat()


def test_a_clock_that_jumped_does_not_cut_the_days_of_grace_short(world):
    agreed(world, world.recording())
    jumped = AT + GRACE
    assert early.look_after(by=BY, at=jumped, database_at=AT + timedelta(hours=1)) == (0, 0)
    assert SealedObject.objects.get().is_readable
    assert early.look_after(by=BY, at=jumped, database_at=jumped) == (1, 0)


@pytest.mark.parametrize("act", ["refuse", "withdraw", "hold"])
def test_in_the_days_of_grace_it_can_still_be_kept(world, act):
    recording = world.recording()
    found = agreed(world, recording)
    later = AT + timedelta(days=6)
    if act == "refuse":
        early.refuse(request_id=found.id, reason="The wrong recording", viewer=standards(world), at=later)
    elif act == "withdraw":
        early.withdraw(request_id=found.id, reason="The wrong recording", viewer=manager(world), at=later)
    else:
        holds.place(on=recording, kind="complaint", reason="C/12", viewer=manager(world), at=later)
    assert early.look_after(by=BY, at=AT + GRACE) == (0, 0)
    assert SealedObject.objects.get().is_readable


def test_approved_late_it_does_not_run_out_before_its_day(world):
    late = AT + timedelta(days=13)
    found = asked(world, world.recording(), at_once=False)
    early.approve(request_id=found.id, viewer=standards(world), at=late)
    assert early.look_after(by=BY, at=AT + timedelta(days=15)) == (0, 0)
    assert early.look_after(by=BY, at=late + GRACE) == (1, 0)


def test_a_policy_that_cannot_be_read_leaves_the_days_of_grace(world, monkeypatch):
    def unusable(at):
        raise PolicyUnusable("Altered.")

    monkeypatch.setattr(early.policies, "current", unusable)
    assert early.grace(AT) == GRACE


def test_only_those_whose_duty_it_is_ask_and_approve(world):
    recording = world.recording()
    with pytest.raises(Denied):
        asked(world, recording, world.viewer("bailey"))
    found = asked(world, recording)
    with pytest.raises(Denied):
        early.approve(request_id=found.id, viewer=world.anyone(Role.DISCLOSURE_OFFICER), at=AT)
    with pytest.raises(Denied):
        early.listed(world.viewer("bailey"))
    assert early.listed(world.anyone(Role.AUDITOR)) == [found]


def test_one_request_at_a_time_and_none_for_what_is_gone(world):
    recording = world.recording()
    asked(world, recording)
    with pytest.raises(Conflict):
        asked(world, recording)
    dispose(DAY_ONE + timedelta(days=60))
    with pytest.raises(Conflict):
        asked(world, recording)
    with pytest.raises(Conflict):
        early.approve(
            request_id=EarlyDisposal.objects.get().id, viewer=standards(world), at=AT + timedelta(days=1)
        )


def test_a_key_in_a_live_backup_is_retired_by_several_people_and_a_needed_one_by_nobody(
    settings, tmp_path, db
):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    world = World()
    world.recording()
    old = configured_key_ring().current_key_id
    KeyBackup.objects.create(made_at=AT, expires_at=AT + timedelta(days=30), place="/safe", key_ids=[old])
    administrator = world.anyone(Role.BWV_ADMINISTRATOR)
    configured_key_ring().rotate()
    with pytest.raises(KeyStillNeeded):
        key_destruction.request(key_id=old, reason="The ring leaked", viewer=administrator, at=AT)
    keys.rotate(by=BY, at=AT)
    with pytest.raises(KeyStillNeeded):
        keys.retire(key_id=old, by=BY, at=AT)
    found = key_destruction.request(key_id=old, reason="The ring leaked", viewer=administrator, at=AT)
    with pytest.raises(NotAllowedNow):
        key_destruction.carry_out(request_id=found.id, viewer=manager(world), at=AT)
    key_destruction.approve(request_id=found.id, viewer=manager(world), at=AT)
    assert key_destruction.carry_out(request_id=found.id, viewer=manager(world), at=AT).state == "executed"
    assert old not in configured_key_ring().key_ids
    assert kinds("key") == [
        "key_ring.rotated",
        "key_destruction.requested",
        "key_destruction.approved",
        "key_ring.retired",
        "key.destroyed",
    ]
