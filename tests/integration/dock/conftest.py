"""A door on loopback and a station beside it."""

import pytest
from tests.dock_door import DockDoor
from tests.docked import DockStation, GoPro


@pytest.fixture
def door():
    with DockDoor() as door:
        yield door
        assert door.violations == []


@pytest.fixture
def station(tmp_path, door):
    return DockStation(tmp_path / "station", door)


@pytest.fixture
def card(station):
    return GoPro(station.media / "camera")
