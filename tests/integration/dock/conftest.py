"""A door on loopback and a station beside it."""

import pytest
from tests.dock_door import DockDoor
from tests.docked import DockStation, GoPro


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    """A line that failed is tried again soon; how long it really waits has a test of its own."""
    monkeypatch.setattr("tabard.dock.line._FIRST_WAIT_S", 0.05)


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
