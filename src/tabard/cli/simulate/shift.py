"""The end of a shift, from an empty installation to what the whole force needs: enrol, send, count, work, reckon."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Final

import numpy as np

from tabard.cli.demo import enrolment
from tabard.cli.demo.steps import StepFailed, Steps, wait_until
from tabard.cli.simulate.counting import Count, count, jobs_waiting
from tabard.cli.simulate.installation import Cost, OwnProcesses
from tabard.dock.keys import DockKey
from tabard.fleet.docks import enrol_key
from tabard.fleet.models import Dock
from tabard.intake.destinations import open_destination
from tabard.kernel.clock import now
from tabard.simulation.axis import Answered, AxisSystem
from tabard.simulation.needs import ASSUMPTIONS, Costs, Needs, Phase, arithmetic, costs, needs
from tabard.simulation.shift import PUBLISHED_RECORDINGS_A_CAMERA, ShiftSpec, homecomings
from tabard.simulation.shift_play import (
    LARGE_FILES,
    Played,
    Sender,
    ShiftPlay,
    force_for,
    large_file_bytes,
)
from tabard.simulation.tus import Station, Stations

STATIONS: Final = 8
"""How many docks cameras are spread over; each may have only so many uploads open."""
_WORK_WITHIN_S: Final = 3600.0
_SETTLE_S: Final = 1.0
_MEGA: Final = 1e6


@dataclass
class Answers:
    """What the doors answered: how long each upload of footage took, and how often a sender was told to wait."""

    upload_s: list[float] = field(default_factory=list)
    busy: int = 0
    _lock: Lock = field(default_factory=Lock)

    def take(self, answered: Answered) -> None:
        """One answer, from any thread."""
        with self._lock:
            self.busy += answered.status == 503
            if answered.path.endswith(".mp4") and answered.status in {201, 204}:
                self.upload_s.append(answered.seconds)

    def percentile_ms(self, share: float) -> float | None:
        """How long an upload took at most, of that share of the quickest."""
        return round(1000 * float(np.quantile(self.upload_s, share)), 1) if self.upload_s else None


@dataclass(frozen=True)
class ShiftRun:
    """One run of the simulation.

    Attributes:
        spec: which force, and at what scale.
        doors: by which doors the cameras are emptied.
        large_bytes: how much is sent in large files first, to tell what a byte costs.
        processes: those that are measured; None where they are not ours.
    """

    spec: ShiftSpec
    doors: Sequence[str]
    large_bytes: int
    door_url: str
    processes: OwnProcesses | None
    steps: Steps

    def run(self, cards: Path) -> dict[str, Any]:
        """Plays, counts and reckons; what comes back is the answer of `--json`.

        Raises:
            StepFailed: something could not even be tried.
        """
        force = force_for(self.spec.played_cameras + LARGE_FILES, seed=self.spec.seed)
        answers = Answers()
        if self.processes:
            with self.steps.step("force", f"{len(force.cameras)} officers and their cameras are enrolled"):
                enrolment.enrol(force, now())
        with self._senders(answers) as senders:
            play = ShiftPlay(self.spec, force, senders, cards, now())
            play.prepare()
            large, bulk = self._send_large(play)
            answers.upload_s.clear()
            played, shift = self._send_shift(play)
        with self.steps.step("count", "Everything is counted") as say:
            counted = count([*large, *played])
            say(
                f"{counted.recordings_sent} recordings were acknowledged, {counted.recordings_sealed} are whole"
            )
        return self._answer(answers, counted, bulk, shift)

    @contextmanager
    def _senders(self, answers: Answers) -> Iterator[dict[str, Sender]]:
        """Whoever sends by each of the doors, signed in."""
        senders: dict[str, Sender] = {}
        with ExitStack() as stack:
            if "axis" in self.doors:
                senders["axis"] = stack.enter_context(self._axis(answers))
            if "dock" in self.doors:
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="tabard-docks-")))
                senders["dock"] = stack.enter_context(self._stations(answers, folder))
            yield senders

    def _axis(self, answers: Answers) -> AxisSystem:
        username = f"shift-{secrets.token_hex(4)}"
        _, key = open_destination(name="Simulated docks", username=username, by=enrolment.BY, at=now())
        return AxisSystem(f"{self.door_url}/auth/v1.0", username, key, observe=answers.take)

    def _stations(self, answers: Answers, folder: Path) -> Stations:
        """Some docks of the force, each with a new key."""
        stations = []
        for dock in Dock.objects.order_by("serial")[:STATIONS]:
            home = folder / dock.serial
            home.mkdir(mode=0o700)
            key = DockKey.make(home)
            enrol_key(dock=dock, public_key=key.public, name="Simulated", by=enrolment.BY, at=now())
            stations.append(Station(self.door_url, key, observe=answers.take))
        return Stations(stations)

    def _send_large(self, play: ShiftPlay) -> tuple[list[Played], Phase]:
        words = f"{LARGE_FILES} large files tell what a byte costs"
        return self._phase(
            "large",
            words,
            lambda tell: play.run_large(large_file_bytes(self.spec, self.large_bytes), tell),
        )

    def _send_shift(self, play: ShiftPlay) -> tuple[list[Played], Phase]:
        words = f"{self.spec.played_cameras} cameras come home within {self.spec.played_s:.0f} seconds"
        arrivals = homecomings(self.spec)
        return self._phase("shift", words, lambda tell: play.run(arrivals, tell))

    def _phase(
        self, name: str, words: str, send: Callable[[Callable[[Played], None]], list[Played]]
    ) -> tuple[list[Played], Phase]:
        """Sends, then waits until the work that follows is done, so that a phase is charged with all it caused."""
        before = self._cost()
        with self.steps.step(name, words) as say:
            began = time.monotonic()
            done = send(lambda _played: None)
            seconds = time.monotonic() - began
            size = sum(each.sent.size_bytes for each in done if each.sent)
            say(f"{words}: {size / _MEGA:,.0f} MB in {seconds:.1f} s, {size / _MEGA / seconds:,.1f} MB/s")
        with self.steps.step(f"{name}_work", "Workers look into what came") as say:
            began = time.monotonic()
            wait_until(
                lambda: jobs_waiting() == 0, within_s=_WORK_WITHIN_S, what="end of the work that followed"
            )
            time.sleep(_SETTLE_S)
            say(f"Workers have looked into what came, {time.monotonic() - began:.0f} s after it had come")
        cost = self._cost() - before
        recordings = sum(each.sent is not None for each in done)
        if not recordings:
            raise StepFailed(f"The door took nothing: {done[0].failure}")
        return done, Phase(recordings, size, seconds, cost.door_s, cost.worker_s, cost.database_s)

    def _cost(self) -> Cost:
        return self.processes.cost() if self.processes else Cost(0.0, 0.0, 0.0)

    def _answer(self, answers: Answers, counted: Count, bulk: Phase, shift: Phase) -> dict[str, Any]:
        answer = {
            "cameras": self.spec.played_cameras,
            "doors": list(self.doors),
            "sent": counted.recordings_sent,
            "sealed": counted.recordings_sealed,
            "files_sent": counted.files_sent,
            "files_sealed": counted.files_sealed,
            "wrong": list(counted.wrong),
            "bytes": shift.bytes,
            "seconds": round(shift.seconds, 2),
            "window_s": round(self.spec.played_s, 2),
            "recordings_per_s": round(shift.recordings / shift.seconds, 2),
            "mb_per_s": round(shift.bytes / _MEGA / shift.seconds, 2),
            "upload_ms": {"p50": answers.percentile_ms(0.5), "p95": answers.percentile_ms(0.95)},
            "refused_503": answers.busy,
            "large": asdict(bulk),
            "shift": asdict(shift),
        }
        if self.processes is None:
            return answer
        return answer | {"peak_mib": self.processes.peaks_mib(), **reckoned(self.spec, costs(bulk, shift))}


def reckoned(spec: ShiftSpec, each: Costs) -> dict[str, Any]:
    """What the whole force needs, and what it would need if its cameras brought home as much as is published.

    Nothing, where too little was sent for that.
    """
    if not each.are_told_apart:
        return {"costs": asdict(each), "needs": None}
    published = replace(spec, recordings_a_camera=PUBLISHED_RECORDINGS_A_CAMERA)
    found, found_published = needs(spec, each), needs(published, each)
    return {
        "costs": asdict(each),
        "needs": _as_json(found),
        "needs_as_published": _as_json(found_published),
        "arithmetic": list(arithmetic(spec, each, found)),
        "arithmetic_as_published": list(arithmetic(published, each, found_published)),
        "assumptions": list(ASSUMPTIONS),
    }


def _as_json(found: Needs) -> dict[str, Any]:
    return {
        "doors": found.door_cores,
        "workers": found.worker_cores,
        "database_cores": found.database_cores,
        "recordings_per_s": round(found.recordings_per_s, 2),
        "store_gb_per_s": round(found.store_gb_per_s, 3),
    }
