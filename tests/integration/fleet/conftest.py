"""A force with two boroughs, two officers and one camera."""

from datetime import UTC, datetime

import pytest

from tabard.custody.actors import Actor
from tabard.fleet.services import receive_camera
from tabard.kernel.ids import new_id
from tabard.people.authorisation import Viewer
from tabard.people.models import Unit
from tabard.people.rules import Role
from tabard.people.selectors import subtree_ids
from tabard.people.services import create_unit, enrol_officer

DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def by():
    return Actor.system("test")


@pytest.fixture
def day_one():
    return DAY_ONE


@pytest.fixture
def force(db, by):
    kind = Unit.Kind.FORCE
    return create_unit(kind=kind, code="MPS", name="Metropolitan Police", parent=None, by=by, at=DAY_ONE)


@pytest.fixture
def borough(force, by):
    def make(code, name):
        kind = Unit.Kind.BOROUGH_COMMAND
        return create_unit(kind=kind, code=code, name=name, parent=force, by=by, at=DAY_ONE)

    return make


@pytest.fixture
def lewisham(borough):
    return borough("PL", "Lewisham")


@pytest.fixture
def hackney(borough):
    return borough("GD", "Hackney")


@pytest.fixture
def enrol(by):
    def make(unit, number, family_name):
        return enrol_officer(
            given_name="Lena",
            family_name=family_name,
            rank="PC",
            warrant_number=f"W{number}",
            shoulder_number=f"{number}PL",
            unit=unit,
            by=by,
            at=DAY_ONE,
        )

    return make


@pytest.fixture
def barrow(lewisham, enrol):
    return enrol(lewisham, "101", "Barrow")


@pytest.fixture
def okafor(lewisham, enrol):
    return enrol(lewisham, "202", "Okafor")


@pytest.fixture
def receive(by):
    def make(serial, unit, **changed):
        facts = {"make": "Axis", "model": "W120", "mount": "chest", "at": DAY_ONE, **changed}
        return receive_camera(serial=serial, unit=unit, by=by, **facts)

    return make


@pytest.fixture
def camera(receive, lewisham):
    return receive("B8A44F000001", lewisham)


@pytest.fixture
def viewer():
    def make(role, *, officer=None, unit=None):
        return Viewer(
            account_id=new_id(),
            name="Asha Rao",
            roles=frozenset({role}),
            officer_id=officer and officer.id,
            unit_id=unit and unit.id,
            unit_ids=subtree_ids(unit.id) if unit else frozenset(),
        )

    return make


@pytest.fixture
def administrator(viewer):
    return viewer(Role.BWV_ADMINISTRATOR)
