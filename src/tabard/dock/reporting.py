"""What does the server learn of this dock? What is docked, how much of it is outstanding, and what is wrong.

Only what is known: a field that is not is left out (dock protocol, "Reporting in"). A camera's clock is reported only
where its card held a time that it wrote at docking.
"""

import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from tabard.dock.answers import instant
from tabard.dock.board import CameraLine
from tabard.dock.cards import Card
from tabard.dock.erasures import tell_erasures
from tabard.dock.station import Station

WHILE_DOCKED_S = 60.0
ELSE_S = 300.0
_MOST_FAULTS, _LONGEST_FAULT = 50, 200
_MOST_CAMERAS = 500


def report(station: Station) -> None:
    """The server knows how this dock stands, and we know its time and how long it wants quiet.

    Raises:
        DoorAway, DoorRefuses: as ever.
    """
    said = station.door.report(contents(station))
    if said.get("quiet_until"):
        rest = instant(said["quiet_until"]) - station.door.clock.best()
        station.door.line.be_quiet_for(rest.total_seconds())
    tell_erasures(station)


def contents(station: Station) -> Mapping[str, Any]:
    """The report, as it is sent."""
    board, clock = station.board, station.door.clock
    faults = board.faults()
    if off := clock.own_is_off_by():
        faults.append(f"The clock of this station is off by {off}.")
    cameras = board.cameras()
    unnamed = sum(1 for card, _ in cameras if not card.serial)
    if unnamed:
        faults.append(f"{unnamed} cards do not say which camera they are of.")
    values = {
        "agent": version("tabard"),
        "dock_time": _rfc3339(station.now()),
        "free_bytes": shutil.disk_usage(station.configuration.folder).free,
        "spool_files": board.spool_files,
        "spool_bytes": board.spool_bytes,
        "faults": _bounded(faults),
        "cameras": [_camera(card, line) for card, line in cameras if card.serial][:_MOST_CAMERAS],
    }
    round_trip_s = clock.round_trip_s()
    return values if round_trip_s is None else {**values, "round_trip_s": round(round_trip_s, 3)}


def _camera(card: Card, line: CameraLine) -> dict[str, Any]:
    values: dict[str, Any] = {
        "serial": card.serial,
        "files": line.files - line.erased,
        "bytes": line.left_bytes,
        "free_bytes": card.free_bytes,
        "faults": _bounded(line.faults),
    }
    values |= {
        key: value
        for key, value in (("make", card.make), ("model", card.model), ("firmware", card.firmware))
        if value
    }
    if card.clock is not None:
        values["clock"] = {
            "camera_at": _rfc3339(card.clock.camera_at),
            "dock_at": _rfc3339(card.clock.dock_at),
            "uncertainty_s": card.clock.uncertainty_s,
        }
    return values


def _bounded(faults: Iterable[str]) -> list[str]:
    return [words[:_LONGEST_FAULT] for words in faults][:_MOST_FAULTS]


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
