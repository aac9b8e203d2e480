"""The force that does not exist."""

import pytest

from tabard.kernel.errors import Invalid, NotFound
from tabard.simulation.force import FORCE_NAME, make_force


@pytest.fixture(scope="module")
def force():
    return make_force()


def test_london_has_32_boroughs_and_the_city_is_not_one(force):
    boroughs = [unit.name for unit in force.units if unit.kind == "borough_command"]
    assert len(set(boroughs)) == 32
    assert "City of London" not in boroughs
    assert {"Camden", "Tower Hamlets", "Kingston upon Thames", "Westminster"} <= set(boroughs)


def test_five_specialist_commands_stand_beside_them(force):
    names = {unit.name for unit in force.units if unit.kind == "specialist_command"}
    assert names == {
        "Dog handlers",
        "Marine Policing Unit",
        "Mounted Branch",
        "ANPR Interceptor Unit",
        "Firearms Command",
    }


def test_only_the_force_has_no_parent_and_parents_come_first(force):
    roots = [unit for unit in force.units if unit.parent_code is None]
    assert [root.name for root in roots] == [FORCE_NAME]
    seen = set()
    for unit in force.units:
        assert unit.parent_code is None or unit.parent_code in seen
        seen.add(unit.code)


def test_numbers_and_codes_are_unique_and_plainly_simulated(force):
    for values in (
        [unit.code for unit in force.units],
        [officer.warrant_number for officer in force.officers],
        [officer.shoulder_number for officer in force.officers],
        [officer.system_user_id for officer in force.officers],
        [camera.serial for camera in force.cameras],
        [dock.serial for dock in force.docks],
    ):
        assert len(values) == len(set(values))
    assert all(officer.warrant_number.startswith("SIM") for officer in force.officers)
    assert all(camera.serial.startswith("SIM") and len(camera.serial) <= 32 for camera in force.cameras)


def test_every_team_has_as_many_officers_as_asked_for_and_one_sergeant():
    force = make_force(teams_per_borough=1, officers_per_team=3)
    teams = [unit.code for unit in force.units if unit.kind == "team"]
    assert len(teams) == 37
    for team in teams:
        ranks = sorted(officer.rank for officer in force.officers if officer.unit_code == team)
        assert ranks == ["Constable", "Constable", "Sergeant"]


def test_every_officer_wears_one_camera_and_only_firearms_wear_it_on_the_head(force):
    assert sorted(c.wearer_warrant_number for c in force.cameras) == [
        o.warrant_number for o in force.officers
    ]
    heads = {camera.serial for camera in force.cameras if camera.mount == "head"}
    assert heads == {camera.serial for camera in force.cameras_of("FRM")} != set()


def test_the_cameras_of_a_command_are_those_of_its_teams(force):
    cameras = force.cameras_of("EK")
    assert len(cameras) == 8
    assert all(force.wearer(camera).shoulder_number.endswith("EK") for camera in cameras)


def test_every_command_has_a_dock(force):
    commands = {unit.code for unit in force.units if unit.kind in {"borough_command", "specialist_command"}}
    assert {force.dock_of(code).unit_code for code in commands} == commands


def test_every_unit_lies_in_london(force):
    assert all(51.28 < unit.place[0] < 51.70 and -0.52 < unit.place[1] < 0.34 for unit in force.units)


def test_the_same_seed_makes_the_same_people():
    assert make_force(seed=1) == make_force(seed=1)
    assert make_force(seed=1).officers != make_force(seed=2).officers


@pytest.mark.parametrize(
    "wrong", [{"teams_per_borough": 0}, {"teams_per_borough": 27}, {"officers_per_team": 0}]
)
def test_an_impossible_force_is_refused_by_the_name_of_the_field(wrong):
    with pytest.raises(Invalid) as refusal:
        make_force(**wrong)
    assert refusal.value.fields["field"] in wrong


def test_unknown_units_are_not_found(force):
    with pytest.raises(NotFound):
        force.unit("XX")
    with pytest.raises(NotFound):
        force.dock_of("XX")
