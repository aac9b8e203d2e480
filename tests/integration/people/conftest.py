"""A small force with a day to stand on."""

import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from tabard.custody.actors import Actor
from tabard.people import services
from tabard.people.models import Unit

DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def by():
    return Actor.system("test")


@pytest.fixture
def day_one():
    return DAY_ONE


@pytest.fixture
def force(db, by):
    return services.create_unit(
        kind=Unit.Kind.FORCE, code="MPS", name="Metropolitan Police", parent=None, by=by, at=DAY_ONE
    )


@pytest.fixture
def lewisham(force, by):
    kind = Unit.Kind.BOROUGH_COMMAND
    return services.create_unit(kind=kind, code="PL", name="Lewisham", parent=force, by=by, at=DAY_ONE)


@pytest.fixture
def hackney(force, by):
    kind = Unit.Kind.BOROUGH_COMMAND
    return services.create_unit(kind=kind, code="GD", name="Hackney", parent=force, by=by, at=DAY_ONE)


@pytest.fixture
def team(lewisham, by):
    kind = Unit.Kind.TEAM
    return services.create_unit(
        kind=kind, code="PL-R1", name="Response 1", parent=lewisham, by=by, at=DAY_ONE
    )


@pytest.fixture
def enrol(by):
    def make(unit, number, **changed):
        facts = {
            "given_name": "Lena",
            "family_name": "Barrow",
            "rank": "PC",
            "warrant_number": f"W{number}",
            "shoulder_number": f"{number}PL",
            "by": by,
            "at": DAY_ONE,
        }
        return services.enrol_officer(unit=unit, **{**facts, **changed})

    return make


@pytest.fixture
def wait_until_blocked():
    """Returns once another transaction has run into the one that is open; fails where it never does."""

    def wait(other):
        for _ in range(1000):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_stat_clear_snapshot()"
                )  # else a transaction keeps seeing its first answer
                cursor.execute(
                    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock')"
                )
                if cursor.fetchone()[0]:
                    return
            assert not other.done(), "the second transaction did not wait for the first"
            time.sleep(0.01)
        raise AssertionError("the second transaction never met the first")

    return wait
