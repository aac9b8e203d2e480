"""Whatever people do and however time passes: nothing goes before every rule allows it, nor stays when all do.

What is allowed is reckoned here anew, from the periods as a person would write them down, not by `rules.decide`.
`TABARD_RETENTION_STEPS` says how many steps are made; `make retention-machine` makes 100,000.
"""

import hashlib
import os
from datetime import datetime, time, timedelta

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.policies import stops_kept_for
from tests.world import BY, DAY_ONE, World

from tabard.incidents import outcomes
from tabard.incidents import services as incidents
from tabard.kernel.ids import new_id
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.recordings.services import categorise
from tabard.retention import holds, policies, runs
from tabard.retention.models import Disposal, DisposalRun, PolicyVersion, ScheduledDisposal
from tabard.retention.services import adopt_policy

STEPS_A_LIFE = 40
STEPS = int(os.environ.get("TABARD_RETENTION_STEPS", "80"))
GRACE = timedelta(days=7)
AFTER_CASE = {"acquitted": 31, "no_crime": 31, "convicted": 184, "undetected": None, "dealt_with": 31}
PICK = st.integers(0, 99)


class Force(RuleBasedStateMachine):
    """A few recordings and incidents; `allowed` is the reckoning."""

    @initialize()
    def begin(self):
        self.life = transaction.atomic()
        self.life.__enter__()
        self.world, self.now = World(), DAY_ONE
        adopt_policy()
        self.manager = self.world.anyone(Role.RECORDS_MANAGER)
        self.investigator = self.world.anyone(Role.INVESTIGATOR)
        self.recordings, self.incidents, self.holds = [], [], []
        self.linked, self.ended, self.gone = set(), {}, set()
        self.own = {None: 31, "not-evidential": 31, "stop-and-search": 365, "crime": None}
        self.category, self.adopted = {}, 0

    def living(self, pick):
        here = [each for each in self.recordings if each.id not in self.gone]
        return here[pick % len(here)] if here else None

    def allowed(self, recording, at):
        """Whether a person who knows the periods would let the recording go at the instant."""
        cases = {incident for one, incident in self.linked if one == recording.id}
        held = any(on in (recording.id, *cases) for _, on in self.holds)
        own = self.own[self.category.get(recording.id)]
        ends = [None if own is None else recording.received_at + timedelta(days=own)]
        ends += [self.ended[case] for case in cases if case in self.ended]
        is_open = any(case not in self.ended for case in cases)
        return not held and not is_open and None not in ends and at >= max(ends)

    @rule(late=st.integers(0, 60))
    def receive(self, late):
        if len(self.recordings) - len(self.gone) < 8:
            began = self.now - timedelta(days=late)
            self.recordings.append(self.world.recording(started_at=began, received_at=self.now))

    @precondition(lambda self: self.recordings)
    @rule(pick=PICK, code=st.sampled_from(["not-evidential", "stop-and-search", "crime"]))
    def categorise(self, pick, code):
        if recording := self.living(pick):
            categorise(recording=recording, category=code, viewer=self.manager, at=self.now)
            self.category[recording.id] = code

    @precondition(lambda self: self.recordings)
    @rule(pick=PICK, old=st.booleans())
    def link(self, pick, old):
        recording = self.living(pick)
        if recording is None:
            return
        incident = self.incidents[pick % len(self.incidents)] if old and self.incidents else self.incident()
        if (recording.id, incident.id) not in self.linked:
            incidents.link(incident=incident, recording=recording, viewer=self.investigator, at=self.now)
            self.linked.add((recording.id, incident.id))

    def incident(self):
        made = incidents.record(
            kind="crime_report",
            reference=f"R {new_id()}",
            title="Theft",
            start_at=self.now,
            end_at=None,
            place="",
            unit=None,
            viewer=self.investigator,
            at=self.now,
        )
        self.incidents.append(made)
        return made

    @precondition(lambda self: self.linked)
    @rule(pick=PICK)
    def unlink(self, pick):
        recording_id, incident_id = sorted(self.linked)[pick % len(self.linked)]
        if recording_id in self.gone:
            return
        incidents.unlink(
            incident=next(each for each in self.incidents if each.id == incident_id),
            recording=Recording.objects.get(id=recording_id),
            viewer=self.investigator,
            at=self.now,
            reason="Wrong",
        )
        self.linked.remove((recording_id, incident_id))

    @precondition(lambda self: self.incidents)
    @rule(pick=PICK, kind=st.sampled_from([*AFTER_CASE]), before=st.integers(0, 400))
    def end(self, pick, kind, before):
        incident, day = self.incidents[pick % len(self.incidents)], (self.now - timedelta(days=before)).date()
        self.state(incident, kind, day)
        midnight = datetime.combine(day + timedelta(days=1), time(), self.now.tzinfo)
        lasts = AFTER_CASE[kind]
        self.ended[incident.id] = None if lasts is None else max(self.now, midnight) + timedelta(days=lasts)

    @precondition(lambda self: self.ended)
    @rule(pick=PICK)
    def reopen(self, pick):
        incident_id = sorted(self.ended)[pick % len(self.ended)]
        self.state(
            next(each for each in self.incidents if each.id == incident_id), "reopened", self.now.date()
        )
        del self.ended[incident_id]

    def state(self, incident, kind, day):
        outcomes.state(
            incident=incident,
            kind=kind,
            decided_date=day,
            reason="Told",
            viewer=self.investigator,
            at=self.now,
        )

    @precondition(lambda self: self.recordings)
    @rule(pick=PICK, on_incident=st.booleans())
    def hold(self, pick, on_incident):
        on = (
            self.incidents[pick % len(self.incidents)]
            if on_incident and self.incidents
            else self.living(pick)
        )
        if on is not None:
            placed = holds.place(on=on, kind="cpia", reason="Needed", viewer=self.manager, at=self.now)
            self.holds.append((placed, on.id))

    @precondition(lambda self: self.holds)
    @rule(pick=PICK)
    def release(self, pick):
        placed, _ = self.holds.pop(pick % len(self.holds))
        holds.release(hold=placed, reason="Over", viewer=self.manager, at=self.now)

    @rule(stops=st.sampled_from([30, 365, 730]))
    def adopt(self, stops):
        self.adopted, self.now = self.adopted + 1, self.now + timedelta(seconds=1)
        text = stops_kept_for(stops, f"ours-{self.adopted}")
        PolicyVersion.objects.create(
            text=text,
            name="Test",
            version=f"ours-{self.adopted}",
            sha256=hashlib.sha256(text.encode()).digest(),
            effective_at=self.now,
            state="executed",
            quorum=2,
            reason="Test",
            requested_at=self.now,
            requested_by_id=self.manager.account_id,
            expires_at=self.now,
            closed_at=self.now,
        )
        self.own["stop-and-search"] = stops

    @rule(passed=st.sampled_from([1, 2, 6, 7, 8, 31, 60, 200, 400]))
    def night(self, passed):
        self.now += timedelta(days=passed)
        DisposalRun.objects.update(started_at=self.now - timedelta(hours=1))  # as if they had been nightly
        done = runs.run(as_of=self.now, by=BY, at=self.now)
        assert done.state == done.State.COMPLETE, done.stop_reason
        for disposal in Disposal.objects.exclude(pk__in=self.gone).select_related("recording"):
            assert self.allowed(disposal.recording, self.now), disposal.reason
            self.gone.add(disposal.pk)

    def teardown(self):
        """Nothing stays that may go: a list and its grace later it is gone."""
        if hasattr(self, "life"):
            try:
                self.nothing_stays()
            finally:
                transaction.set_rollback(True)
                self.life.__exit__(None, None, None)

    def nothing_stays(self):
        self.night(1)
        self.night(GRACE.days)
        self.night(1)
        listed = set(ScheduledDisposal.objects.values_list("pk", flat=True))
        late = self.now - GRACE - timedelta(days=2)
        for recording in self.recordings:
            if recording.id not in self.gone and self.allowed(recording, late):
                raise AssertionError(f"{recording} stays; listed: {recording.id in listed}")
        assert policies.current(self.now).grace_days == GRACE.days


def test_nothing_goes_before_every_rule_allows_it_nor_stays_when_all_do(db):
    run_state_machine_as_test(
        Force,
        settings=settings(
            max_examples=max(STEPS // STEPS_A_LIFE, 1),
            stateful_step_count=STEPS_A_LIFE,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
