"""Notices over a crowd: one statement finds for all of them what the rule, told one by one, gives of each."""

import random
from datetime import timedelta

import pytest
from tests.disposals import list_all, stopped_run
from tests.world import BY, DAY_ONE

from tabard.incidents.models import Incident, Link
from tabard.recordings.models import Recording, SettledFlag
from tabard.retention import notices
from tabard.retention.models import Notice
from tabard.retention.notice_rules import TOUR
from tabard.retention.policy import default_policy
from tabard.retention.services import adopt_policy

DAY = timedelta(days=1)
LISTED_AT = DAY_ONE + 26 * DAY
POLICY = default_policy()
FLAG = Recording.Flag


@pytest.fixture(autouse=True)
def _categories(world):
    adopt_policy()


def crowd(world, seeded, count):
    """Recordings as rows, of any clock there is."""
    rows = []
    for number in range(count):
        start = DAY_ONE + timedelta(minutes=seeded.randrange(0, 4 * 24 * 60))
        offset = timedelta(seconds=seeded.randrange(-7200, 7200))
        row = Recording(
            source="test",
            source_name=f"crowd-{number}",
            officer=seeded.choice([*world.officers.values(), None]),
            started_at=start,
            stopped_at=start
            + timedelta(seconds=seeded.choice([*range(0, 7200, 300), 80_000, 85_800, 86_400])),
            received_at=seeded.choice([start, DAY_ONE + 4 * DAY]),
            category_id=seeded.choice([None, None, "not-evidential", "crime"]),
            flags=seeded.choice([[], [], [FLAG.GAP], [FLAG.CLOCK_SUSPECT], [FLAG.NO_TIME_ZONE, FLAG.GAP]]),
            size_bytes=1,
        )
        if seeded.random() < 0.5:
            row.corrected_start_at, row.clock_offset_ms = start - offset, offset / timedelta(milliseconds=1)
            row.clock_uncertainty_ms = seeded.choice([0, 1_000, 600_000])
        rows.append(row)
    Recording.objects.bulk_create(rows)
    return list(Recording.objects.all())


def scattered(world, seeded, count):
    """Incidents as rows, with and without an officer and an end."""
    rows = []
    for number in range(count):
        start = DAY_ONE + timedelta(minutes=seeded.randrange(-600, 4 * 24 * 60))
        rows.append(
            Incident(
                kind="call",
                reference=f"CAD {number}",
                title="x",
                start_at=start,
                end_at=seeded.choice([None, start, start + timedelta(minutes=seeded.randrange(0, 900))]),
                officer=seeded.choice([*world.officers.values(), None]),
                recorded_at=DAY_ONE,
            )
        )
    return Incident.objects.bulk_create(rows)


def expected(recordings, found, links, settled):
    """The notices as the how-to tells it, each by itself: what `notices.sql` says of all of them at once."""
    filmed = {(incident_id, recording.officer_id) for recording, incident_id in links}
    linked = {recording.pk for recording, _ in links}
    doubts = {FLAG.CLOCK_SUSPECT, FLAG.CLOCK_JUMPED, FLAG.CLOCK_WRONG, FLAG.CLOCK_HOUR_OFF, FLAG.NO_TIME_ZONE}
    for recording in recordings:
        measured = recording.clock_uncertainty_ms is not None
        doubted = doubts & {*recording.flags, *settled.get(recording.pk, ())}
        margin = timedelta(milliseconds=recording.clock_uncertainty_ms or 0)
        lasts = recording.stopped_at - recording.started_at + 2 * margin
        unmeasured = not measured and (doubted or recording.started_at == recording.received_at)
        unknown = unmeasured or lasts >= DAY
        if (
            unknown
            or recording.officer_id is None
            or recording.pk in linked
            or recording.category_id == "crime"
        ):
            continue
        begun, over = recording.filmed_at, recording.filmed_until_at
        for incident in found:
            if (incident.pk, recording.officer_id) in filmed:
                ground = "filmed"
            elif incident.officer_id == recording.officer_id:
                ground = "recorded"
            else:
                continue
            until = incident.end_at or incident.start_at + TOUR
            if begun - margin <= until and over + margin >= incident.start_at:
                last = incident.end_at or incident.start_at
                sure = measured and begun + margin <= last and over - margin >= incident.start_at
                yield recording.pk, incident.pk, recording.officer_id, ground, sure


@pytest.mark.parametrize("seed", range(4))
def test_the_statement_gives_the_notices_that_the_rule_gives_of_each(world, seed):
    seeded = random.Random(seed)  # noqa: S311 - a crowd, no secret
    recordings, found = crowd(world, seeded, 120), scattered(world, seeded, 60)
    account = world.accounts["bailey"]
    links = [(recording, seeded.choice(found).pk) for recording in seeded.sample(recordings, 20)]
    Link.objects.bulk_create(
        Link(recording=recording, incident_id=incident_id, linked_at=DAY_ONE, linked_by=account)
        for recording, incident_id in links
    )
    settled = {recording.pk: [FLAG.CLOCK_WRONG] for recording in seeded.sample(recordings, 10)}
    SettledFlag.objects.bulk_create(
        SettledFlag(recording_id=pk, flag=FLAG.CLOCK_WRONG, how="accepted", reason="x", settled_at=DAY_ONE)
        for pk in settled
    )
    run = stopped_run(LISTED_AT)
    list_all(recordings, run, LISTED_AT + DAY)
    given = notices.give(run=run, policy=POLICY, by=BY, at=LISTED_AT)
    assert notices.give(run=run, policy=POLICY, by=BY, at=LISTED_AT) == 0
    kept = set(Notice.objects.values_list("recording", "incident", "officer", "ground", "is_certain"))
    assert kept == set(expected(recordings, found, links, settled))
    assert given == len(kept) > 20
    assert {ground for *_, ground, _ in kept} == {"recorded", "filmed"}
    assert {sure for *_, sure in kept} == {True, False}
