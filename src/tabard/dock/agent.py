"""What does the agent do all day? It looks for cards, empties each in a thread of its own, drains the spool, reports.

It opens connections and never accepts one. It can be killed at any moment: each thread works from what is on cards, in
the spool and in memory, and begins by looking.
"""

import fcntl
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabard.dock.cards import Card, candidates, recognise
from tabard.dock.draining import Draining
from tabard.dock.emptying import Emptying
from tabard.dock.errors import CardGone, DockBusy, DoorAway
from tabard.dock.line import steady_s
from tabard.dock.reading import Stopped
from tabard.dock.reporting import ELSE_S, WHILE_DOCKED_S, report
from tabard.dock.rules import Erase, Stage, WaitsFor
from tabard.dock.station import Station
from tabard.dock.watching import Tally
from tabard.kernel.errors import TabardError

LOOK_S = 2.0
LOCK_FILE = "agent.lock"
SAID = "board"
_ROUND_S = 3.0
_NOT_A_CARD_S = 10.0
_AFTER_FAULT_S = 15.0
_log = logging.getLogger("tabard.dock")

Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What one pass over everything came to; `why` says what kept files from being sealed."""

    cameras: int = 0
    stages: Counter[Stage] = field(default_factory=Counter)
    differing: int = 0
    troubled: int = 0
    in_spool: int = 0
    why: list[str] = field(default_factory=list)

    @property
    def found(self) -> int:
        """Files of footage on all cards."""
        return sum(self.stages.values())

    @property
    def sealed(self) -> int:
        """Files that the server has sealed, and those of them that were erased since."""
        return sum(count for stage, count in self.stages.items() if stage >= Stage.SEALED)

    @property
    def is_wrong(self) -> bool:
        """Whether a person must look at something."""
        return bool(self.differing or self.troubled)

    @property
    def is_outstanding(self) -> bool:
        """Whether anything is not sealed yet."""
        return self.sealed < self.found or self.in_spool > 0

    def as_json(self) -> dict[str, Any]:
        """All of it, as plain values."""
        reached = {
            stage.name.lower(): sum(self.stages[later] for later in Stage if later >= stage)
            for stage in (Stage.SECURED, Stage.PERMITTED, Stage.ERASED)
        }
        return {
            "cameras": self.cameras,
            "found": self.found,
            "sealed": self.sealed,
            **reached,
            "in_spool": self.in_spool,
            "differing": self.differing,
            "troubled": self.troubled,
            "why": self.why,
        }


class Agent:
    """One agent at work. `hold` its folder first.

    Args:
        station: Its parts.
        say: Told in a line what happened.
    """

    def __init__(self, station: Station, say: Say) -> None:
        self._station, self._say = station, say
        self._workers: dict[Path, threading.Thread] = {}
        self._not_cards: dict[Path, float] = {}
        self._lanes = threading.Semaphore(station.configuration.lanes)
        self._draining = Draining(station, say)
        self._fatal: TabardError | None = None
        self._failed = 0

    def run(self) -> None:
        """Work until the agent is asked to stop; then every thread has ended.

        Raises:
            MemoryUnusable: the agent's own folder fails; nothing is lost, somebody must look at it.
        """
        self._draining.reconcile()
        self._station.memory.forget_old(at=self._station.now())
        threads = [self._kept_up(self._drain_on), self._kept_up(self._report_on)]
        while not self._station.stop.is_set():
            for card in self._new_cards():
                self._workers[card.root] = self._thread(self._empty_on, card)
            self.publish()
            self._station.stop.wait(LOOK_S)
        for thread in [*threads, *self._workers.values()]:
            thread.join()
        self.publish()
        if self._fatal is not None:
            raise self._fatal

    def run_once(self, *, patience_s: float) -> Outcome:
        """All that there is to do now is done, as far as that goes within the patience.

        Args:
            patience_s: How long to wait for files to settle, for the line, and where cameras are emptied for permits.
        """
        self._draining.reconcile()
        until_s = steady_s() + patience_s
        outcome, lock = Outcome(), threading.Lock()

        def empty(card: Card) -> None:
            tally = self._empty_until(card, until_s)
            with lock:
                outcome.cameras += 1
                outcome.stages += tally.stages
                outcome.differing += tally.differing
                outcome.troubled += tally.troubled

        self._workers = {card.root: self._thread(empty, card) for card in self._new_cards()}
        for thread in [*self._workers.values(), self._thread(self._drain_until, until_s)]:
            thread.join()
        if self._fatal is not None:
            raise self._fatal
        self._report()
        outcome.troubled += self._failed
        outcome.in_spool = self._station.board.spool_files
        outcome.why = self._why()
        self.publish()
        return outcome

    def publish(self) -> None:
        """Whoever asks for the state gets it as it is now."""
        line = self._station.door.line
        self._station.memory.say(
            SAID,
            {
                **self._station.board.as_json(),
                "at": self._station.now().isoformat(),
                "dock": self._station.door.dock,
                "line": line.words or "",
                "quiet": self._station.is_quiet(),
                "erase": self._station.configuration.erase.value,
            },
        )

    def _why(self) -> list[str]:
        said = [line.waits_for for _, line in self._station.board.cameras()]
        return [
            words for words in (self._station.door.line.words, *said, *self._station.board.faults()) if words
        ]

    def _new_cards(self) -> list[Card]:
        """The cards that nobody works on yet."""
        for root in [root for root, worker in self._workers.items() if not worker.is_alive()]:
            del self._workers[root]
        found: list[Card] = []
        configuration = self._station.configuration
        for root, is_given in candidates(configuration.watch, configuration.folders):
            taken = [*self._workers, *(card.root for card in found)]
            if any(root == each or each in root.parents for each in taken) or self._is_known_not(root):
                continue
            if card := self._recognised(root, is_given=is_given):
                found.append(card)
        return found

    def _recognised(self, root: Path, *, is_given: bool) -> Card | None:
        try:
            card = recognise(
                root, self._station.configuration.layouts, is_given=is_given, at=self._station.now()
            )
        except CardGone:
            card = None
        if card is None:
            self._not_cards[root] = steady_s()
            return None
        self._say(f"{card.name}: docked at {card.root} ({card.layout.name})")
        return card

    def _is_known_not(self, root: Path) -> bool:
        """Whether that folder was no card a moment ago: large disks need not be walked through all the time."""
        return steady_s() - self._not_cards.get(root, float("-inf")) < _NOT_A_CARD_S

    def _empty_on(self, card: Card) -> None:
        """Empty the card until it is gone."""
        emptying = Emptying(self._station, card, lambda words: self._say(f"{card.name}: {words}"))
        try:
            while not self._station.stop.is_set():
                with self._lanes:
                    emptying.round()
                self._station.stop.wait(_ROUND_S)
        except CardGone as error:
            self._say(f"{card.name}: {error.message}")
            if card.root.exists():  # not pulled, but not to be read either: no need to try that all the time
                self._not_cards[card.root] = steady_s()
        finally:
            self._station.board.undock(card)

    def _empty_until(self, card: Card, until_s: float) -> Tally:
        """Empty the card until nothing is worth waiting for."""
        emptying, tally = (
            Emptying(self._station, card, lambda words: self._say(f"{card.name}: {words}")),
            Tally(),
        )
        worth_it = {WaitsFor.SETTLING, WaitsFor.LINE, WaitsFor.SPOOL}
        if self._station.configuration.erase is Erase.WITH_PERMIT:
            worth_it |= {WaitsFor.SERVER, WaitsFor.RECORDING}
        try:
            while not self._station.stop.is_set():
                with self._lanes:
                    tally = emptying.round()
                if not worth_it & set(tally.waits) or steady_s() >= until_s:
                    break
                self._station.stop.wait(0.5)
        except CardGone as error:
            tally.troubled += 1
            self._say(f"{card.name}: {error.message}")
        return tally

    def _drain_on(self) -> None:
        while not self._station.stop.is_set():
            self._draining.round()
            self._station.stop.wait(_ROUND_S)

    def _drain_until(self, until_s: float) -> None:
        """Drain the spool until it is empty, also of what the cards' threads put there meanwhile."""
        while not self._station.stop.is_set():
            left = self._draining.round()
            busy = any(worker.is_alive() for worker in self._workers.values())
            if steady_s() >= until_s or (not left and not busy):
                return
            self._station.stop.wait(0.5)

    def _report_on(self) -> None:
        while not self._station.stop.is_set():
            worked = self._report()
            wait_s = WHILE_DOCKED_S if self._station.board.cameras() else ELSE_S
            self._station.stop.wait(wait_s if worked else _AFTER_FAULT_S)

    def _report(self) -> bool:
        if not self._station.door.line.is_up():
            return False
        try:
            report(self._station)
        except DoorAway as error:
            self._say(error.message)
            return False
        except TabardError as error:
            self._station.board.fault("report", error.message)
            self._say(error.message)
            return False
        self._station.board.fault("report", "")
        return True

    def _thread(self, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        """A thread that ends when asked to; what only a person can mend ends the agent, a fault of ours is logged."""

        def guarded() -> None:
            try:
                work(*arguments)
            except Stopped:
                return
            except TabardError as error:
                self._fatal = error
                self._station.stop.set()
            except Exception:  # noqa: BLE001 - whatever it is, other cameras go on
                _log.exception("A thread of the agent failed; whatever it did is taken up again.")
                self._failed += 1
                self._station.board.fault(work.__name__, "The agent has a fault; see its log.")

        thread = threading.Thread(target=guarded, name=work.__name__)
        thread.start()
        return thread

    def _kept_up(self, work: Callable[[], None]) -> threading.Thread:
        """A thread of that work, which is begun again after a fault."""

        def again() -> None:
            while not self._station.stop.is_set():
                self._thread(work).join()
                self._station.stop.wait(_AFTER_FAULT_S)

        return self._thread(again)


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """This process alone works with the agent's folder while the block runs.

    Raises:
        DockBusy: another does.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DockBusy(f"Another agent works in {folder}.", field="folder") from error
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether an agent works with the folder now."""
    if not (folder / LOCK_FILE).exists():
        return False
    try:
        with hold(folder):
            return False
    except DockBusy:
        return True
