"""What people see of the fleet: only what is theirs to see, page by page, with who wears what."""

from datetime import timedelta

import pytest

from tabard.fleet.selectors import camera, cameras, docks
from tabard.fleet.services import assign_camera, install_dock, return_camera
from tabard.fleet.states import State
from tabard.kernel.errors import Denied, NotFound
from tabard.kernel.ids import new_id
from tabard.people.rules import Role

HOUR = timedelta(hours=1)


@pytest.fixture
def fleet(*, receive, lewisham, hackney, barrow, okafor, by, day_one):
    """Five cameras; Barrow wears a2 of Lewisham and Okafor b1 of Hackney; a1 was worn once."""
    made = {
        "A1": receive("A1", lewisham),
        "a2": receive("a2", lewisham, model="W110"),
        "A3": receive("A3", lewisham, mount="head", make="Reveal"),
        "b1": receive("b1", hackney),
        "C1": receive("C1", None),
    }
    assign_camera(camera=made["A1"], officer=okafor, by=by, at=day_one)
    return_camera(camera=made["A1"], by=by, at=day_one + HOUR)
    assign_camera(camera=made["a2"], officer=barrow, by=by, at=day_one)
    assign_camera(camera=made["b1"], officer=okafor, by=by, at=day_one + HOUR)
    return made


def serials(page):
    return [row.camera.serial for row in page.rows]


def test_a_list_shows_each_camera_once_with_its_wearer_in_one_query(
    fleet, administrator, barrow, okafor, django_assert_num_queries
):
    with django_assert_num_queries(1):
        page = cameras(administrator)
        shown = [
            (row.camera.serial, row.wearer, row.camera.unit and row.camera.unit.code) for row in page.rows
        ]
    assert shown == [
        ("A1", None, "PL"),
        ("a2", barrow, "PL"),
        ("A3", None, "PL"),
        ("b1", okafor, "GD"),
        ("C1", None, None),
    ]
    assert page.next_cursor == ""


def test_pages_follow_one_another_without_gap_or_repeat(fleet, administrator):
    first = cameras(administrator, limit=2)
    second = cameras(administrator, limit=2, cursor=first.next_cursor)
    third = cameras(administrator, limit=2, cursor=second.next_cursor)
    assert [serials(page) for page in (first, second, third)] == [["A1", "a2"], ["A3", "b1"], ["C1"]]
    assert third.next_cursor == ""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"search": "b1"}, ["b1"]),
        ({"search": "reveal"}, ["A3"]),
        ({"search": "axis w110"}, ["a2"]),
        ({"search": "okafor"}, ["b1"]),
        ({"search": "101pl"}, ["a2"]),
        ({"search": "100%"}, []),
        ({"search": "a\x00x"}, []),
        ({"mount": "he\x00ad"}, []),
        ({"cursor": "b\x001"}, ["C1"]),
        ({"mount": "head"}, ["A3"]),
        ({"state": State.ISSUED}, ["a2", "b1"]),
        ({"state": State.READY}, ["A1", "A3", "C1"]),
        ({"state": State.READY, "search": "axis", "mount": "chest"}, ["A1", "C1"]),
    ],
)
def test_a_list_is_narrowed(fleet, administrator, wanted, found):
    assert serials(cameras(administrator, **wanted)) == found


def test_a_unit_stands_for_everything_below_it(fleet, administrator, force, hackney):
    assert serials(cameras(administrator, unit=hackney.id)) == ["b1"]
    assert serials(cameras(administrator, unit=force.id)) == ["A1", "a2", "A3", "b1"]


def test_a_supervisor_sees_the_unit_and_what_they_wear_themselves(fleet, viewer, lewisham, okafor):
    supervisor = viewer(Role.SUPERVISOR, officer=okafor, unit=lewisham)
    assert serials(cameras(supervisor)) == ["A1", "a2", "A3", "b1"]
    assert camera(supervisor, fleet["b1"].id).row.wearer == okafor
    with pytest.raises(Denied) as refused:
        camera(supervisor, fleet["C1"].id)
    assert refused.value.fields["item"] == fleet["C1"]


def test_who_sees_no_fleet_is_refused(fleet, viewer, lewisham, barrow):
    officer = viewer(Role.OFFICER, officer=barrow, unit=lewisham)
    for ask in (
        lambda: cameras(officer),
        lambda: camera(officer, fleet["a2"].id),
        lambda: docks(officer),
    ):
        with pytest.raises(Denied):
            ask()


def test_a_camera_shows_everyone_who_wore_it_newest_first(
    *, fleet, administrator, barrow, okafor, by, day_one
):
    assign_camera(camera=fleet["A1"], officer=barrow, by=by, at=day_one + 2 * HOUR)
    detail = camera(administrator, fleet["A1"].id)
    assert detail.row.wearer == barrow
    assert [given.officer for given in detail.assignments] == [barrow, okafor]


def test_a_camera_that_is_not_there_is_not_found(administrator, db):
    with pytest.raises(NotFound):
        camera(administrator, new_id())


def test_docks_are_shown_to_their_unit_and_to_the_force(
    *, administrator, viewer, lewisham, hackney, by, day_one
):
    ours = install_dock(serial="D-1", site="Catford", unit=lewisham, bays=8, by=by, at=day_one)
    theirs = install_dock(serial="D-2", site="Stoke Newington", unit=hackney, bays=8, by=by, at=day_one)
    assert docks(administrator) == [ours, theirs]
    assert docks(viewer(Role.SUPERVISOR, unit=lewisham)) == [ours]
