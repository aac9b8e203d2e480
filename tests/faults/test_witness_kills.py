"""Kill -9 a witness at any moment: it never cosigns two trees of one size, nor a smaller tree, whoever asks for it."""

import random
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from tests.small_log import SmallLog
from tests.witness_process import WitnessProcess, dies_at

from tabard.merkle.note import SignedNote, open_note

# A log whose key was stolen: two histories that part after the fifth event, each consistent in itself.
LOG = SmallLog(history="honest", forks_at=5, size=600)
FORK = SmallLog(history="forged", forks_at=5, size=600)

MOMENTS = [
    ("open", 1, False),
    ("open", 1, True),
    ("fsync", 1, False),
    ("fsync", 1, True),
    ("replace", 1, False),
    ("replace", 1, True),
    ("fsync", 2, False),
    ("fsync", 2, True),
]


@pytest.mark.parametrize(("call", "number", "after"), MOMENTS)
def test_killed_at_each_step_of_persisting(tmp_path, call, number, after):
    armed = tmp_path / "armed"
    home = tmp_path / "home"
    with WitnessProcess(home, [LOG.vkey], before=dies_at(call, number, after=after, armed=armed)) as witness:
        assert witness.add(LOG.request(0, 5)).status_code == 200
        armed.touch()
        with pytest.raises(httpx.TransportError):
            witness.add(LOG.request(5, 12))
        assert witness.ended() == -9
    armed.unlink()

    has_persisted = (call == "replace" and after) or (call, number) == ("fsync", 2)
    with WitnessProcess(home, [LOG.vkey]) as witness:
        assert not list((home / "cosigned").glob("*.staged"))
        kept = SignedNote.parse(witness.latest("log.example").content).text
        assert kept == LOG.head(12 if has_persisted else 5).to_text()
        # Nobody was given the cosignature of 12, so before it persisted the other history may still be the first.
        assert witness.add(FORK.request(5, 12)).status_code == (409 if has_persisted else 200)
        assert witness.add(LOG.request(5, 5)).status_code == 409
        assert witness.add(LOG.request(12, 12)).status_code == (200 if has_persisted else 409)


@dataclass
class Hammer:
    """A client that grows one history as fast as it is let, and keeps every cosignature it is given."""

    log: SmallLog
    witness: WitnessProcess
    stop: threading.Event
    given: list[tuple[int, bytes, bytes]] = field(default_factory=list)

    def run(self) -> None:
        old = 0
        while not self.stop.is_set():
            new = min(old + random.randint(0, 3), 599)  # noqa: S311 - any will do
            try:
                answer = self.witness.add(self.log.request(old, new))
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            if answer.status_code == 200:
                self.given.append((new, self.log.head(new).root, self.log.note(new) + answer.content))
                old = new
            elif answer.status_code == 409:
                seen = int(answer.content)
                old = seen if seen != old else 0
            else:
                assert answer.status_code in {400, 422}
                old = 0


def competing_histories(home: Path, *, before: str = "") -> tuple[WitnessProcess, list[Hammer]]:
    """What two clients were given by a witness that was killed a dozen times while they competed."""
    witness = WitnessProcess(home, [LOG.vkey], before=before)
    witness.start()
    stop = threading.Event()
    hammers = [Hammer(log, witness, stop) for log in (LOG, FORK)]
    threads = [threading.Thread(target=hammer.run) for hammer in hammers]
    for thread in threads:
        thread.start()
    try:
        for _ in range(12):
            time.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - any will do
            witness.kill()
            witness.start()
        time.sleep(0.3)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        witness.stop()
    return witness, hammers


def violations(witness: WitnessProcess, hammers: list[Hammer]) -> list[str]:
    """Whatever was given out that a witness must never give."""
    found = []
    roots: dict[int, bytes] = {}
    for hammer in hammers:
        for size, root, note in hammer.given:
            if open_note(note, [witness.key]).verified_by != (witness.key,):
                found.append(f"{size}: not its cosignature")
            if roots.setdefault(size, root) != root:
                found.append(f"{size}: two trees")
        sizes = [size for size, _, _ in hammer.given]
        found += [f"{after} after {before}" for before, after in pairwise(sizes) if after < before]
    largest = max(roots)
    history = next(log for log in (LOG, FORK) if log.head(largest).root == roots[largest])
    found += [
        f"{size}: not of one history" for size, root in roots.items() if history.head(size).root != root
    ]
    return found


@pytest.mark.slow
def test_killed_at_random_while_two_histories_compete(tmp_path):
    witness, hammers = competing_histories(tmp_path / "home")
    assert sum(len(hammer.given) for hammer in hammers) > 12
    assert violations(witness, hammers) == []


PLANTED = {
    "it keeps nothing": "memory._write = lambda path, data: None",
    "it answers before it persists": """
import threading
real = memory._write
memory._write = lambda *a: threading.Timer(0.3, real, a).start()
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_the_same_test_finds_a_planted_bug(tmp_path, plant):
    found = violations(
        *competing_histories(tmp_path / "home", before=f"from tabard.witness import memory\n{plant}")
    )
    assert found
