"""A whole force is made of its seed alone, and the published figures come out of it."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from tabard.fleet.offsets import Reading, correct
from tabard.kernel.errors import Invalid
from tabard.kernel.ids import made_at
from tabard.simulation.whole_force import rows
from tabard.simulation.whole_force.instants import SECOND, instant_of, seeded_ids, us_of
from tabard.simulation.whole_force.kit import NEVER
from tabard.simulation.whole_force.make import make_whole_force
from tabard.simulation.whole_force.spec import WholeForceSpec

SPEC = WholeForceSpec(recordings=40_000)


@pytest.fixture(scope="module")
def force():
    return make_whole_force(SPEC)


def same(one, other):
    """Whether everything that two parts hold is equal."""
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        is_equal = np.array_equal(mine, theirs) if isinstance(mine, np.ndarray) else mine == theirs
        if not is_equal:
            return False
    return True


def test_the_same_seed_makes_the_same_force_ids_and_all(force):
    again, another = make_whole_force(SPEC), make_whole_force(replace(SPEC, seed=2))
    for part in ("officers", "cameras", "wearings", "clocks", "footage", "incidents"):
        assert same(getattr(force, part), getattr(again, part)), part
        assert not same(getattr(force, part), getattr(another, part)), part
    assert np.array_equal(force.unit_ids, again.unit_ids)


def test_the_published_figures_come_out():
    whole = WholeForceSpec()
    assert (whole.cameras, whole.recordings, whole.disposed) == (22_000, 785_000, 460_000)


def test_strengths_are_those_published_and_add_up(force):
    strengths = {command.code: command.cameras for command in force.commands}
    assert (strengths["FRM"], strengths["DOG"], strengths["WW"], strengths["KF"]) == (1000, 200, 490, 598)
    assert strengths["KG"] + strengths["KD"] + strengths["JI"] == 1300
    assert (len(strengths), sum(strengths.values()), len(force.officers)) == (37, 22_000, 30_000)
    assert len(force.footage) == 40_000
    assert force.footage.disposed.sum() == SPEC.disposed == round(40_000 * 460 / 785)


def test_ids_are_version_7_unique_and_tell_their_time(force):
    ids = [UUID(bytes=row.tobytes()) for row in force.footage.ids]
    assert len(set(ids)) == len(ids)
    assert {each.version for each in ids} == {7}
    off = made_at(ids[-1]) - instant_of(force.footage.received[-1])
    assert abs(off) < timedelta(milliseconds=2)


def test_a_camera_has_one_wearer_at_a_time_and_nobody_after_they_left(force):
    wearings, officers = force.wearings, force.officers
    order = np.lexsort((wearings.began, wearings.camera))
    is_same = np.diff(wearings.camera[order]) == 0
    assert (wearings.began[order][1:] >= wearings.ended[order][:-1])[is_same].all()
    assert is_same.sum() > 1000  # some did change hands
    assert (wearings.began < wearings.ended).all()
    assert (wearings.ended <= officers.left[wearings.officer]).all()
    assert (wearings.began > officers.joined[wearings.officer]).all()
    still = wearings.officer[wearings.ended == NEVER]
    assert len(set(still)) == len(still)


def test_footage_is_of_who_wore_the_camera_then_one_recording_after_another(force):
    footage, wearings = force.footage, force.wearings
    ended = footage.began + footage.length_s * SECOND
    assert (footage.began >= wearings.began[footage.wearing]).all()
    assert (footage.began < wearings.ended[footage.wearing]).all()
    assert (footage.received >= ended).all()
    assert footage.received.max() < us_of(SPEC.ends_at)
    order = np.lexsort((footage.began, force.recording_camera))
    is_same = np.diff(force.recording_camera[order]) == 0
    assert (footage.began[order][1:] >= ended[order][:-1])[is_same].all()
    assert footage.length_s.min() >= 15


def test_only_what_is_no_evidence_is_disposed_of_after_its_days_within_the_year(force):
    footage = force.footage
    gone = footage.disposed
    assert not footage.is_evidential[gone].any()
    assert (footage.executed[gone] >= footage.due[gone]).all()
    assert (footage.executed[gone] < us_of(SPEC.ends_at)).all()
    assert set(force.incidents.shown_by) == set(np.flatnonzero(footage.is_evidential))


def test_clocks_are_corrected_as_the_rule_of_readings_would(force):
    for number in range(0, len(force.footage), 997):
        camera = force.recording_camera[number : number + 1]
        began = force.footage.began[number : number + 1]
        shown = instant_of((began + force.clocks.ahead_at(camera, began))[0])
        readings = []
        for turn in range(14):
            at = force.clocks.read_at(turn)[camera]
            shown_then = instant_of((at + force.clocks.ahead_at(camera, at))[0])
            readings.append(Reading(shown_then, instant_of(at[0]), timedelta(milliseconds=500)))
        found = correct(shown, datetime(2030, 1, 1, tzinfo=UTC), readings)
        ours = timedelta(milliseconds=int(force.clocks.uncertainty_ms(camera, began)[0]))
        assert found.basis == "between"
        assert abs(found.corrected(shown) - instant_of(began[0])) < timedelta(milliseconds=5)
        assert abs(found.uncertainty - ours) < timedelta(milliseconds=100)


def test_rows_of_different_widths_stand_one_after_another():
    columns = [
        rows.bigints(np.array([1, -1]), np.array([True, False])),
        rows.chosen(np.array([1, 0]), (None, b"ab")),
        rows.numbered("N", np.array([7, 12]), 3, "x"),
    ]
    (piece,) = rows.pieces(2, lambda part: columns)
    one = b"\0\3" + b"\0\0\0\x08" + b"\0" * 7 + b"\1" + b"\0\0\0\2ab" + b"\0\0\0\5N007x"
    two = b"\0\3" + b"\xff" * 4 + b"\xff" * 4 + b"\0\0\0\5N012x"
    assert piece == one + two


def test_seeded_ids_sort_by_their_time():
    ids = seeded_ids(np.arange(5) * 1_000_000, np.random.default_rng(1))
    assert sorted(row.tobytes() for row in ids) == [row.tobytes() for row in ids]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"cameras": 99}, "cameras"),
        ({"officers": 10}, "cameras"),
        ({"recordings": -1}, "recordings"),
        ({"year": 1}, "year"),
    ],
)
def test_a_force_that_cannot_be_is_refused_by_its_field(changed, field):
    with pytest.raises(Invalid) as refused:
        WholeForceSpec(**changed)
    assert refused.value.fields["field"] == field
