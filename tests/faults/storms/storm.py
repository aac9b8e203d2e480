"""One run: everybody docks, everything breaks, the weather passes, everybody docks again, and the judge asks."""

import os
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.docked import GoPro
from tests.faults.storms.control import FAILING, FULL, LATE
from tests.faults.storms.population import File, Population, Sender, populate
from tests.faults.storms.proxy import Proxy, went_back
from tests.faults.storms.roles import CHUNK_BYTES
from tests.faults.storms.site import Site, seeded

from tabard.dock.keys import DockKey

MOST_FAULTS = 8
MOST_PIECES = 16
QUIET_S = 0.8
PACE_S = 0.006
ROUGH = {"cut": 0.08, "stall": 0.3, "flip": 0.2, "lose_answer": 0.25}
CALM_S = 40.0
SETTLES_WITHIN_S = 15.0
# How often each thing is done to a run; PostgreSQL rarely, as it takes a second to come back.
FAULTS = {
    "kill_sender": 6,
    "kill_door": 5,
    "kill_worker": 2,
    "kill_postgres": 1,
    "fill_disk": 3,
    "fail_disk": 2,
    "slow_disk": 2,
    "limit_files": 2,
    "cut_all": 3,
    "rough_weather": 5,
    "pull_card": 3,
    "dock_twice": 2,
}


@dataclass
class Docked:
    """One sender at work: its card, its account with the door, its process, and the network between."""

    sender: Sender
    folder: Path
    proxy: Proxy
    asked: dict[str, Any]
    id: str
    pids: list[int] = field(default_factory=list)
    is_pulled: bool = False

    @property
    def card(self) -> Path:
        return self.folder / "media" / "card"

    @property
    def journal(self) -> Path:
        return self.folder / "journal"


class Storm:
    """One run over a site, made of its seed."""

    def __init__(self, site: Site, seed: int, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.seed = seed
        self.rng: Random = seeded(seed)
        self.population: Population = populate(seed)
        self.done: Counter[str] = Counter()

    def run(self) -> list[str]:
        """Everything that does not hold afterwards."""
        self.folder.mkdir()
        docked = [self._dock(sender) for sender in self.population.senders]
        try:
            for each in docked:
                self._start(each, patience_s=CALM_S)
            self._break_things(docked)
            self._calm(docked)
            return self._violations(docked)
        finally:
            for each in docked:
                self._stop(each)
                each.proxy.close()
            self.site.clear()

    def _dock(self, sender: Sender) -> Docked:
        folder = self.folder / sender.serial
        proxy = Proxy(self.site.port, self.seed)
        self._turn_rough(proxy)
        (folder / "media").mkdir(parents=True)
        makers = {"axis": self._axis_camera, "dock": self._station, "folder": self._mounted}
        asked, identity = makers[sender.kind](sender, folder, proxy)
        return Docked(sender, folder, proxy, asked, identity)

    def _axis_camera(self, sender: Sender, folder: Path, proxy: Proxy) -> tuple[dict[str, Any], str]:
        account = self.site.call("enrol", name=sender.serial)
        card = folder / "media" / "card"
        card.mkdir()
        recordings = []
        for number, recording in enumerate(sender.recordings):
            files = [_on_card(card / f"{number}-{each}", file) for each, file in enumerate(recording.files)]
            if recording.edited is not None:
                files.append(_on_card(card / f"{number}-edited", recording.edited))
            recordings.append({"name": recording.name, "files": files})
        asked = {
            "port": proxy.port,
            "user": sender.serial,
            "key": account["key"],
            "journal": str(folder / "journal"),
            "recordings": recordings,
        }
        return asked, account["id"]

    def _station(self, sender: Sender, folder: Path, proxy: Proxy) -> tuple[dict[str, Any], str]:
        home = folder / "home"
        home.mkdir()
        account = self.site.call("enrol", name=sender.serial, public_key=DockKey.make(home).public)
        camera = GoPro(folder / "media" / "card", serial=f"C{self.seed:06}{sender.serial[-1]}")
        filmed_s = time.time() + sender.clock_off.total_seconds() - 3600
        for file in sender.files:
            os.utime(camera.film(file.name, file.content), (filmed_s, filmed_s))
        (home / "dock.toml").write_text(
            f'[server]\nurl = "http://127.0.0.1:{proxy.port}"\npermit_keys = ["{account["vkey"]}"]\n'
            f'[cards]\nwatch = ["{folder / "media"}/*"]\nerase = "with_permit"\nsettle_s = 0\nlanes = 4\n'
            "[sending]\nmost_kib_per_s = 0\nquiet_hours = []\n"
            f"[spool]\non = {'true' if self.rng.random() < 0.5 else 'false'}\nmost_mib = 100\nleave_free_mib = 1\n"
        )
        asked = {"configuration": str(home / "dock.toml"), "clock_off_days": sender.clock_off.days}
        return asked, account["id"]

    def _mounted(self, sender: Sender, folder: Path, _: Proxy) -> tuple[dict[str, Any], str]:
        card = folder / "media" / "card" / "DCIM" / "100GOPRO"
        card.mkdir(parents=True)
        for file in sender.files:
            (card / file.name).write_bytes(file.content)
        asked = {
            "path": str(folder / "media" / "card"),
            "collection": sender.serial,
            "files": len(sender.files),
        }
        return asked, sender.serial

    def _start(self, each: Docked, *, patience_s: float) -> None:
        role = {"axis": "camera", "dock": "agent", "folder": "taker"}[each.sender.kind]
        log = each.folder / f"{role}.log"
        each.pids.append(self.site.spawn(role, log, patience_s=patience_s, **each.asked))

    def _stop(self, each: Docked) -> None:
        """None of its processes lives, nor holds a lock, when this returns."""
        while each.pids:
            pid = each.pids.pop()
            if self.site.exit_code(pid) is None:
                os.kill(pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
            while self.site.exit_code(pid) is None:
                time.sleep(0.002)

    def _is_busy(self, each: Docked) -> bool:
        return any(self.site.exit_code(pid) is None for pid in each.pids)

    def _break_things(self, docked: list[Docked]) -> None:
        """One fault after another, each in the middle of something: so many pieces have gone through since the last."""
        names, weights = list(FAULTS), list(FAULTS.values())
        for _ in range(self.rng.randint(2, MOST_FAULTS)):
            self._wait_for_traffic(docked, self.rng.randint(1, MOST_PIECES))
            name = self.rng.choices(names, weights)[0]
            if name == "kill_postgres" and self.done[name]:
                continue
            self.done[name] += 1
            getattr(self, f"_{name}")(self.rng.choice(docked))
            self.site.start_missing()
            if not any(map(self._is_busy, docked)):
                return

    def _wait_for_traffic(self, docked: list[Docked], pieces: int) -> None:
        """As many pieces were sent by anybody, or nobody sends."""
        wanted = sum(each.proxy.account.pieces for each in docked) + pieces
        until = time.monotonic() + QUIET_S
        while sum(each.proxy.account.pieces for each in docked) < wanted and time.monotonic() < until:
            time.sleep(0.002)

    def _calm(self, docked: list[Docked]) -> None:
        """Nothing breaks any more, and everybody sends what is left."""
        self.site.clear()
        for each in docked:
            each.proxy.weather.clear()
            if each.is_pulled:
                self._put_back(each)
            self._stop(each)
        self.site.keep_up()
        for each in docked:
            self._start(each, patience_s=CALM_S)
        deadline = time.monotonic() + CALM_S + 5
        while any(map(self._is_busy, docked)) and time.monotonic() < deadline:
            self.site.start_missing()
            time.sleep(0.02)
        self.site.look_at_memory()

    def _violations(self, docked: list[Docked]) -> list[str]:
        found = [words for each in docked for words in self._ended_badly(each)]
        for each in docked:
            if each.sender.kind == "dock":
                found += went_back(each.proxy.account.passed, CHUNK_BYTES)
                found += _lost(each)
        settle_until = time.monotonic() + SETTLES_WITHIN_S
        while (judged := self._judged(docked)) and time.monotonic() < settle_until:
            time.sleep(0.1)
            self.site.call("rescue")
        return found + judged

    def _ended_badly(self, each: Docked) -> list[str]:
        codes = [self.site.exit_code(pid) for pid in each.pids]
        return [f"{each.sender.serial} ended with {code} in fair weather" for code in codes if code != 0]

    def _judged(self, docked: list[Docked]) -> list[str]:
        found = []
        for each in docked:
            asked = self._asked_of_judge(each)
            answer = self.site.call(each.sender.kind, id=each.id, **asked)
            found += answer if isinstance(answer, list) else [str(answer)]
        return found

    def _asked_of_judge(self, each: Docked) -> dict[str, Any]:
        if each.sender.kind == "axis":
            return {"recordings": each.asked["recordings"]}
        left = _left(each)
        files = [{"name": file.name, "sha256": file.sha256} for file in each.sender.files]
        return {"files": files, "erased": [file["name"] for file in files if file["name"] not in left]}

    # What breaks.

    def _kill_sender(self, each: Docked) -> None:
        self._stop(each)
        self._start(each, patience_s=CALM_S)

    def _kill_door(self, _: Docked) -> None:
        self.site.kill("door")

    def _kill_worker(self, _: Docked) -> None:
        self.site.kill("worker")

    def _kill_postgres(self, _: Docked) -> None:
        self.site.kill("postgres")
        time.sleep(self.rng.uniform(0, 0.2))
        self.site.ensure_database()

    def _fill_disk(self, _: Docked) -> None:
        self._strike_disk(FULL)

    def _fail_disk(self, _: Docked) -> None:
        self._strike_disk(FAILING)

    def _slow_disk(self, _: Docked) -> None:
        self._strike_disk(LATE)

    def _strike_disk(self, mode: int) -> None:
        self.site.control.set(mode, self.rng.choice([1, 2, 5]))
        time.sleep(self.rng.uniform(0.02, 0.2))
        self.site.control.set(0)

    def _limit_files(self, _: Docked) -> None:
        self.site.limit_files(self.rng.choice([0, 4096, 200_000]))
        time.sleep(self.rng.uniform(0.02, 0.15))
        self.site.clear()

    def _cut_all(self, each: Docked) -> None:
        each.proxy.cut_all()

    def _rough_weather(self, each: Docked) -> None:
        self._turn_rough(each.proxy)

    def _turn_rough(self, proxy: Proxy) -> None:
        """So slow that something can happen in the middle of a body, and rough in one way."""
        proxy.weather.clear()
        proxy.weather.pace_s = PACE_S
        kind = self.rng.choice(list(ROUGH))
        setattr(proxy.weather, kind, ROUGH[kind])

    def _pull_card(self, each: Docked) -> None:
        """Or put it back, where it was pulled before."""
        if each.is_pulled:
            self._put_back(each)
        else:
            each.is_pulled = True
            each.card.rename(each.folder / "pulled")

    def _put_back(self, each: Docked) -> None:
        each.is_pulled = False
        (each.folder / "pulled").rename(each.card)
        self._start(each, patience_s=CALM_S)

    def _dock_twice(self, each: Docked) -> None:
        self._start(each, patience_s=CALM_S)


def _on_card(path: Path, file: File) -> dict[str, Any]:
    path.write_bytes(file.content)
    return {"name": file.name, "path": str(path), "sha256": file.sha256}


def _left(each: Docked) -> set[str]:
    """The names of the files that are still on the card."""
    videos = each.card / "DCIM" / "100GOPRO"
    return {path.name for path in videos.iterdir()} if videos.exists() else set()


def _lost(each: Docked) -> list[str]:
    """What is on the card and is not what was filmed."""
    videos = each.card / "DCIM" / "100GOPRO"
    return [
        f"{file.name} on the card is not what was filmed"
        for file in each.sender.files
        if (path := videos / file.name).exists() and path.read_bytes() != file.content
    ]


def tidy(folder: Path) -> None:
    """The cards and stations of a run that went well are of no interest."""
    shutil.rmtree(folder, ignore_errors=True)
