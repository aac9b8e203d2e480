"""How it came to the end that a recording has: every logged change, for those who may see it."""

from datetime import timedelta

from tests.world import DAY_ONE, World

from tabard.incidents import outcomes
from tabard.incidents import services as incidents
from tabard.people.rules import Role
from tabard.recordings import services as recordings
from tabard.recordings.models import Recording
from tabard.retention import holds
from tabard.retention.chain import chain
from tabard.retention.services import adopt_policy

AT = DAY_ONE + timedelta(days=3)


def kinds(world: World, role: Role, recording: Recording) -> list[str]:
    return [line.kind.value for line in chain(world.anyone(role), recording, AT)]


def test_the_chain_tells_each_change_in_order_and_no_looks(world):
    adopt_policy()
    recording, detective = world.recording(), world.anyone(Role.INVESTIGATOR)
    manager = world.anyone(Role.RECORDS_MANAGER)
    recordings.categorise(recording=recording, category="crime", viewer=manager, at=AT)
    found = incidents.record(
        kind="crime_report",
        reference="4829137/26",
        title="Robbery",
        start_at=DAY_ONE,
        end_at=None,
        place="",
        unit=None,
        viewer=detective,
        at=AT,
    )
    incidents.link(incident=found, recording=recording, viewer=detective, at=AT + timedelta(minutes=1))
    outcomes.state(
        incident=found,
        kind="acquitted",
        decided_date=AT.date(),
        reason="The court",
        viewer=detective,
        at=AT + timedelta(minutes=2),
    )
    assert kinds(world, Role.RECORDS_MANAGER, recording) == [
        "recording.sealed",
        "recording.categorised",
        "incident.linked",
        "incident.outcome_stated",
    ]


def test_a_hold_is_in_it_only_for_those_who_may_see_holds(world):
    recording, detective = world.recording(), world.anyone(Role.INVESTIGATOR)
    hold = holds.place(on=recording, kind="complaint", reason="C/12", viewer=detective, at=AT)
    holds.release(hold=hold, reason="Withdrawn", viewer=detective, at=AT + timedelta(hours=1))
    seen = kinds(world, Role.RECORDS_MANAGER, recording)
    assert [kind for kind in seen if kind.startswith("hold.")] == ["hold.placed", "hold.released"]
    wearer = [line.kind.value for line in chain(world.viewer("bailey"), recording, AT)]
    assert not [kind for kind in wearer if kind.startswith("hold.")]
