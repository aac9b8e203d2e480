"""Kill the dock agent, pull the card, drop the line, fill the spool: no byte is lost, and nothing wrongly erased.

The door is in this process and survives; the agent is a process that is killed by its id. Many runs:
TABARD_DOCK_RUNS=1000 pytest tests/faults/test_dock_kills.py; TABARD_DOCK_SEED is the first of their seeds.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from tests.dock_door import DockDoor
from tests.docked import DockStation, GoPro, seeded, wrong_erases

RUNS = int(os.environ.get("TABARD_DOCK_RUNS", "3"))
FIRST_SEED = int(os.environ.get("TABARD_DOCK_SEED", "0"))
RUN = "from tabard.cli.main import run; run()"


def agent(station, *, before="", patience_s=20.0):
    """A pass of the agent in a process of its own."""
    arguments = ["dock", "run", "--once", "--patience-s", str(patience_s), "--config", str(station.path)]
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{RUN}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process):
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


DYING = """
import os, signal
import {module} as module
owner = module{owner}
real = owner.{call}
def dying(*a, **k):
    if {before}: os.kill(os.getpid(), signal.SIGKILL)
    result = real(*a, **k)
    os.kill(os.getpid(), signal.SIGKILL)
owner.{call} = dying
"""

STEPS = {
    "before an upload is noted": ("tabard.dock.delivery", "", "_with_upload", True),
    "after an upload was made, before it is noted": ("tabard.dock.sending", ".Sender", "create", False),
    "after a chunk went": ("tabard.dock.sending", ".Sender", "_patch", False),
    "after the file was sealed, before that is noted": ("tabard.dock.sending", ".Sender", "send", False),
    "after the permit, before the intent": ("tabard.dock.erasures", "", "open_permit", False),
    "after the intent": ("tabard.dock.memory", ".Memory", "intend", False),
    "before it is unlinked": ("tabard.dock.erasing", "", "_unlink", True),
    "after it was unlinked": ("tabard.dock.erasing", "", "_unlink", False),
    "after the outcome is noted": ("tabard.dock.memory", ".Memory", "conclude", False),
    "after the server was told": ("tabard.dock.memory", ".Memory", "told", True),
}


@pytest.mark.parametrize(("module", "owner", "call", "before"), STEPS.values(), ids=STEPS)
def test_killed_at_each_step_on_the_way_to_an_erased_card(tmp_path, module, owner, call, before):
    with DockDoor() as door:
        station = DockStation(tmp_path / "station", door)
        card = GoPro(station.media / "camera")
        contents = card.film_many(2, seeded(1))
        code = DYING.format(module=module, owner=owner, call=call, before=before)
        assert ended(agent(station, before=code))[0] == -signal.SIGKILL
        assert wrong_erases(door, contents) == []
        outcome = station.once()
        assert (outcome.is_outstanding, outcome.is_wrong, card.remaining()) == (False, False, [])
        assert wrong_erases(door, contents) == []
        assert sorted(bytes(upload.data) for upload in door.sealed()) == sorted(contents.values())
        assert sum(each["outcome"] == "erased" for each in door.erasures.values()) == 2
        assert door.violations == []


SPOOLING = {
    "before the object has its name": ("tabard.dock.durable", "", "publish", True),
    "after the object, before its entry": ("tabard.dock.durable", "", "publish", False),
    "after the entry, before it is noted": ("tabard.dock.spool", ".Spool", "put", False),
}


@pytest.mark.parametrize(("module", "owner", "call", "before"), SPOOLING.values(), ids=SPOOLING)
def test_killed_at_each_step_into_the_spool(tmp_path, module, owner, call, before):
    with DockDoor() as door:
        station = DockStation(tmp_path / "station", door)
        card = GoPro(station.media / "camera")
        contents = card.film_many(2, seeded(1))
        door.stop()
        code = DYING.format(module=module, owner=owner, call=call, before=before)
        assert ended(agent(station, before=code))[0] == -signal.SIGKILL
        assert all(path.exists() for path in contents)
        door.start()
        outcome = station.once()
        assert (outcome.is_outstanding, outcome.is_wrong, card.remaining()) == (False, False, [])
        assert sorted(bytes(upload.data) for upload in door.sealed()) == sorted(contents.values())
        assert list((station.home / "spool").iterdir()) == []


def test_killed_between_the_servers_answer_and_the_spools_end(tmp_path):
    with DockDoor() as door:
        station = DockStation(tmp_path / "station", door)
        contents = GoPro(station.media / "camera").film_many(2, seeded(1))
        door.stop()
        station.once(patience_s=0.2)
        shutil.rmtree(station.media / "camera")
        door.start()
        code = DYING.format(module="tabard.dock.spool", owner=".Spool", call="remove", before=True)
        assert ended(agent(station, before=code))[0] == -signal.SIGKILL
        assert not station.once().is_outstanding
        assert sorted(bytes(upload.data) for upload in door.sealed()) == sorted(contents.values())
        assert door.created == 2


@dataclass
class Evening:
    """One seeded run: cameras dock, everything goes wrong at random, and then nothing does."""

    folder: Path
    door: DockDoor
    chance: random.Random
    contents: dict[Path, bytes] = field(default_factory=dict)
    before: str = ""
    wrong: list[str] = field(default_factory=list)

    def play(self) -> None:
        self.station = DockStation(self.folder, self.door, spool_mib=1)
        self.cards = [GoPro(self.station.media / f"c{number}", serial=f"S{number}") for number in range(2)]
        for card in self.cards:
            self.contents |= card.film_many(self.chance.randint(1, 4), self.chance, most_bytes=400_000)
        for _ in range(3):
            self.trouble()
            self.check()
        self.mend()
        outcome = self.station.once(patience_s=60)
        self.check()
        assert not outcome.is_outstanding, (outcome.as_json(), self.station.said[-20:])
        assert not outcome.is_wrong, (outcome.as_json(), self.station.said[-20:])

    def trouble(self) -> None:
        """An agent at work among faults, and then it is killed."""
        act = self.chance.choice(
            [self.nothing, self.pull, self.forget, self.restart_door, self.clock, self.swap_permit]
        )
        self.door.trouble = self.unreliable
        process = agent(self.station, before=self.before)
        time.sleep(self.chance.uniform(0.3, 2.0))
        act()
        time.sleep(self.chance.uniform(0.0, 0.7))
        process.send_signal(signal.SIGKILL)
        ended(process)
        for away in self.folder.glob("away*"):
            shutil.move(away, self.station.media / away.name.removeprefix("away-"))

    def unreliable(self, method: str, path: str) -> str | int | None:
        faults = ["drop", "drop after", 503, 500, 429, *(["cut"] if method == "PATCH" else [])]
        return self.chance.choice(faults) if self.chance.random() < 0.15 else None

    def mend(self) -> None:
        self.door.trouble = lambda method, path: None
        self.door.permit_text = lambda lines: lines
        self.door.ahead = timedelta(0)

    def nothing(self) -> None:
        """Only what is unreliable anyway."""

    def pull(self) -> None:
        card = self.chance.choice(self.cards)
        shutil.move(card.root, self.folder / f"away-{card.root.name}")

    def forget(self) -> None:
        self.station.forget()

    def restart_door(self) -> None:
        self.door.stop()
        time.sleep(self.chance.uniform(0.0, 0.5))
        self.door.forget_tokens()
        self.door.start()

    def clock(self) -> None:
        self.door.ahead = timedelta(days=self.chance.choice([-7300, 7300]))

    def swap_permit(self) -> None:
        first: list[list[str]] = []
        self.door.permit_text = lambda lines: first.append(lines) or first[0]

    def check(self) -> None:
        self.wrong += wrong_erases(self.door, self.contents)


@pytest.mark.slow
def test_evenings_on_which_everything_goes_wrong(tmp_path):
    wrong, files = [], 0
    for seed in range(FIRST_SEED, FIRST_SEED + RUNS):
        with DockDoor() as door:
            evening = Evening(tmp_path / str(seed), door, seeded(seed))
            evening.play()
            wrong += evening.wrong
            files += len(evening.contents)
            sealed = sorted(bytes(upload.data) for upload in door.sealed())
            assert sealed == sorted(evening.contents.values()), f"seed {seed}: lost or twice"
            assert [path for path in evening.contents if path.exists()] == []
            assert door.violations == []
        shutil.rmtree(tmp_path / str(seed))
    print(f"{RUNS} evenings, {files} files, {len(wrong)} wrong erases")
    assert wrong == []


PLANTED = {
    "it erases what it has sent": """
from tabard.dock import erasures
def at_once(self, known, found):
    (self.card.root / found.path).unlink()
    return known
erasures.Erasures.erase = at_once
""",
    "it erases what it has read": """
from tabard.dock import emptying
real = emptying.hash_file
def and_gone(card, found, stop):
    sha256 = real(card, found, stop)
    (card.root / found.path).unlink()
    return sha256
emptying.hash_file = and_gone
""",
    "it obeys any permit": """
from tabard.dock import erasing, erasures
erasing.check_permit = erasures.check_permit = lambda *arguments, **settings: None
""",
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_the_same_judgement_finds_a_planted_bug(tmp_path, plant):
    with DockDoor() as door:
        evening = Evening(tmp_path / "evening", door, seeded(1), before=plant)
        evening.station = DockStation(evening.folder, door)
        card = GoPro(evening.station.media / "camera")
        evening.contents = card.film_many(3, seeded(1))
        evening.swap_permit()
        ended(agent(evening.station, before=plant, patience_s=0.0))
        evening.check()
        assert evening.wrong
