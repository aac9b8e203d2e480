"""What the forked processes do: door, worker, a camera behind an Axis system, a dock's agent, who takes in a folder."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HURRY = 20
"""How many times as fast an agent's patience runs out, so that a run is over in seconds."""
CHUNK_BYTES = 128 * 1024
BEAT_S, SILENT_S = 0.3, 4.0
"""How often a worker says that it lives, and after how long a silence its jobs are another's; a tenth of the usual."""
Role = Callable[[dict[str, Any]], None]


def door(asked: dict[str, Any]) -> None:
    """The door, as `tabard door` runs it."""
    import uvicorn

    from tabard.config.asgi import door as application
    from tabard.intake.axis.direct import DoorProtocol

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=asked["port"],
        http=DoorProtocol,
        loop="uvloop",
        access_log=False,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )


def worker(asked: dict[str, Any]) -> None:
    """A worker with its sequencer; footage here is noise, so the decoder jail has nothing to say about it."""
    from procrastinate.worker import Worker

    from tabard.jobs import tasks
    from tabard.jobs import worker as jobs

    # In every other life so seldom that files are in every store before a checkpoint covers them.
    jobs.SEQUENCE_EVERY_S, jobs.CHECKPOINT_EVERY_S = 0.1, 2.5 if os.getpid() % 2 else 0.2
    tasks.media.probe_recording = lambda **_: None
    _read_noise()
    honest = Worker.__init__

    def beating(self: Worker, *arguments: Any, **options: Any) -> None:
        honest(self, *arguments, **options, update_heartbeat_interval=BEAT_S, stalled_worker_timeout=SILENT_S)

    Worker.__init__ = beating
    jobs.run(concurrency=1, on_ready=lambda: Path(asked["ready"]).touch())


class Camera:
    """A camera behind an Axis system: it forgets an object once it was acknowledged, and sends the rest again."""

    def __init__(self, asked: dict[str, Any]) -> None:
        from tabard.simulation.axis import AxisSystem

        self._asked = asked
        self._journal = os.open(asked["journal"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._acknowledged = acknowledged(Path(asked["journal"]))
        self._axis = AxisSystem(
            f"http://127.0.0.1:{asked['port']}/auth/v1.0",
            asked["user"],
            asked["key"],
            pause=lambda seconds: time.sleep(seconds / 10),
            checksums=True,
        )

    def run(self) -> None:
        from tabard.kernel.errors import Integrity, Unavailable

        deadline = time.monotonic() + self._asked["patience_s"]
        for recording in self._asked["recordings"]:
            while recording["name"] not in self._acknowledged:
                try:
                    self._send(recording)
                except (Unavailable, Integrity):  # busy, away, or the bytes were spoilt on the way
                    if time.monotonic() > deadline:
                        sys.exit(4)
                    time.sleep(0.03)
                except FileNotFoundError:  # the card was pulled
                    sys.exit(3)

    def _send(self, recording: dict[str, Any]) -> None:
        from tabard.simulation.axis import _meta, _path

        name = recording["name"]
        self._axis._send("PUT", _path(name), _meta("Container", {"Status": "Transferring"}), {201, 202})
        for file in recording["files"]:
            place = f"{name}/{file['name']}/{file['path']}"
            if place not in self._acknowledged:
                said = _meta("Object", {"StartTime": "1"})
                self._axis._send("PUT", _path(name, file["name"]), said, {201}, Path(file["path"]))
                self._note(place)
        self._axis._send("POST", _path(name), _meta("Container", {"Status": "Complete"}), {204})
        self._note(name)

    def _note(self, place: str) -> None:
        self._acknowledged.add(place)
        os.write(self._journal, json.dumps(place).encode() + b"\n")


def acknowledged(journal: Path) -> set[str]:
    """What the door acknowledged to a camera, over all its lives."""
    return {json.loads(line) for line in journal.read_text().splitlines()} if journal.exists() else set()


def camera(asked: dict[str, Any]) -> None:
    Camera(asked).run()


def agent(asked: dict[str, Any]) -> None:
    """The dock's own agent over everything in its station, once; its clock may be years off, and runs fast."""
    from tabard.dock import sending
    from tabard.dock.agent import Agent, hold
    from tabard.dock.configuration import Configuration
    from tabard.dock.errors import DockBusy
    from tabard.dock.station import open_station

    _move_clocks(timedelta(days=asked["clock_off_days"]))
    sending.MOST_CHUNK_BYTES = CHUNK_BYTES
    configuration = Configuration.load(Path(asked["configuration"]))
    try:
        with hold(configuration.folder):
            station = open_station(configuration, threading.Event())
            outcome = Agent(station, lambda words: print(words, flush=True)).run_once(
                patience_s=asked["patience_s"] * HURRY
            )
            print(json.dumps(outcome.as_json()), flush=True)
            station.close()
    except DockBusy:  # another agent of this dock is at work
        sys.exit(5)
    sys.exit(0 if not outcome.is_outstanding else 4)


def taker(asked: dict[str, Any]) -> None:
    """`tabard intake folder` over a mounted card."""
    from tabard.cli.commands import intake_folder
    from tabard.intake.folder.run import look

    _read_noise()
    answer = intake_folder._take(look(Path(asked["path"]), None), asked["collection"], None, None, 2)
    print(json.dumps(answer), flush=True)
    is_whole = answer["ok"] and answer["sealed"] + answer["already"] == answer["found"] == asked["files"]
    sys.exit(0 if is_whole else 4)


def _read_noise() -> None:
    from tabard.jobs import arrivals
    from tabard.recordings.facts import FootageFacts

    arrivals.readers.read = lambda *, obj: FootageFacts(reason="noise")


def _move_clocks(by: timedelta) -> None:
    """The agent's wall clock is off, and the clock that it waits by hurries."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + by

    for name, module in list(sys.modules.items()):
        if not name.startswith("tabard.dock"):
            continue
        if getattr(module, "datetime", None) is datetime:
            module.datetime = Moved
        if hasattr(module, "steady_s"):
            module.steady_s = lambda: HURRY * time.clock_gettime(time.CLOCK_BOOTTIME)


def enrol(asked: dict[str, Any]) -> dict[str, Any]:
    """Who may send in this run: an Axis destination, or a dock with its key."""
    from tabard.custody.actors import Actor
    from tabard.fleet.docks import enrol_key
    from tabard.fleet.services import install_dock
    from tabard.intake.destinations import open_destination
    from tabard.intake.docks import permit_key
    from tabard.people.models import Unit

    by, at = Actor.system("storm"), datetime.now(UTC)
    if "public_key" not in asked:
        destination, key = open_destination(name="Storm", username=asked["name"], by=by, at=at)
        return {"id": str(destination.pk), "key": key}
    unit = Unit.objects.get()
    dock = install_dock(serial=asked["name"], site="Storm", unit=unit, bays=8, by=by, at=at)
    enrol_key(dock=dock, public_key=asked["public_key"], name="agent", by=by, at=at)
    return {"id": str(dock.pk), "vkey": permit_key.verifier_keys()[0].encode()}


def prepare(_: dict[str, Any]) -> dict[str, Any]:
    """A force with one unit, so that docks can belong somewhere."""
    from tabard.custody.actors import Actor
    from tabard.people.models import Unit
    from tabard.people.services import create_unit

    by, at = Actor.system("storm"), datetime.now(UTC)
    create_unit(kind=Unit.Kind.FORCE, code="STM", name="Storm", parent=None, by=by, at=at)
    return {}


ROLES: dict[str, Role] = {"door": door, "worker": worker, "camera": camera, "agent": agent, "taker": taker}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
