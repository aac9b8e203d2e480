"""What does the dock do just now? Each thread writes its part; view, report and `tabard dock status` read it."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tabard.dock.cards import Card
from tabard.dock.line import steady_s
from tabard.dock.rules import Stage

_METERED_S = 5.0
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class CameraLine:
    """One docked camera.

    Attributes:
        files: The footage that was found on it since it was docked.
        size_bytes: Of all that.
        left_bytes: Of what is on it now.
        sent_bytes: Of what has left for the server.
        spooled, sealed, secured, permitted, erased: How many files came at least so far.
        differing: How many are not what was sealed under their name before.
        troubled: How many a person must look at.
        doing: What is done with it now.
        waits_for: What keeps it from going on, in words.
        faults: What is wrong with the camera or its card.
    """

    name: str
    root: str
    files: int = 0
    size_bytes: int = 0
    left_bytes: int = 0
    sent_bytes: int = 0
    spooled: int = 0
    sealed: int = 0
    secured: int = 0
    permitted: int = 0
    erased: int = 0
    differing: int = 0
    troubled: int = 0
    doing: str = ""
    waits_for: str = ""
    bytes_per_s: float = 0.0
    faults: tuple[str, ...] = ()

    def counting(self, stages: Counter[Stage]) -> "CameraLine":
        """The same line with the numbers of files that came at least so far."""
        reached = {stage: sum(stages[later] for later in Stage if later >= stage) for stage in Stage}
        in_spool = stages[Stage.SPOOLED]
        return replace(
            self,
            spooled=in_spool,
            sealed=reached[Stage.SEALED],
            secured=reached[Stage.SECURED],
            permitted=reached[Stage.PERMITTED],
            erased=reached[Stage.ERASED],
        )


class Meter:
    """How many bytes a second, over the last seconds; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moved: deque[tuple[float, int]] = deque()

    def add(self, size_bytes: int) -> None:
        """So many more were moved."""
        with self._lock:
            self._moved.append((steady_s(), size_bytes))

    def following(self) -> Callable[[int], None]:
        """What counts along as a number of bytes grows; what was there at first was moved before."""
        seen: int | None = None

        def follow(size_bytes: int) -> None:
            nonlocal seen
            self.add(max(0, size_bytes - (size_bytes if seen is None else seen)))
            seen = size_bytes

        return follow

    def rate(self) -> float:
        """Bytes a second."""
        with self._lock:
            since_s = steady_s() - _METERED_S
            while self._moved and self._moved[0][0] < since_s:
                self._moved.popleft()
            return sum(size for _, size in self._moved) / _METERED_S


@dataclass(slots=True)
class _Docked:
    card: Card
    line: CameraLine
    meter: Meter = field(default_factory=Meter)


class Board:
    """What is known of all that happens; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._docked: dict[str, _Docked] = {}
        self._faults: dict[str, str] = {}
        self.spool_files, self.spool_bytes = 0, 0
        self.spool_meter = Meter()

    def dock(self, card: Card) -> Meter:
        """A card is there; its meter counts what is sent from it."""
        with self._lock:
            docked = _Docked(card, CameraLine(card.name, str(card.root)))
            self._docked[str(card.root)] = docked
            return docked.meter

    def undock(self, card: Card) -> None:
        """The card is there no more."""
        with self._lock:
            self._docked.pop(str(card.root), None)

    def show(self, card: Card, **values: Any) -> None:
        """Those attributes of the camera's line have those values."""
        with self._lock:
            if docked := self._docked.get(str(card.root)):
                docked.line = replace(docked.line, **values)

    def count(self, card: Card, stages: Counter[Stage]) -> None:
        """So many files of the card came so far."""
        with self._lock:
            if docked := self._docked.get(str(card.root)):
                docked.line = docked.line.counting(stages)

    def fault(self, where: str, words: str) -> None:
        """Something at this dock is wrong; with no words, that it is right again."""
        with self._lock:
            self._faults.pop(where, None)
            if words:
                self._faults[where] = words

    def faults(self) -> list[str]:
        """What is wrong with the dock, the newest last."""
        with self._lock:
            return list(self._faults.values())[-_MOST_FAULTS:]

    def cameras(self) -> list[tuple[Card, CameraLine]]:
        """Each docked card with its line, in the order of names."""
        with self._lock:
            lines = [
                (each.card, replace(each.line, bytes_per_s=each.meter.rate()))
                for each in self._docked.values()
            ]
        return sorted(lines, key=lambda pair: pair[1].name)

    def as_json(self) -> Mapping[str, Any]:
        """All of it, as plain values."""
        return {
            "cameras": [asdict(line) for _, line in self.cameras()],
            "faults": self.faults(),
            "spool_files": self.spool_files,
            "spool_bytes": self.spool_bytes,
        }
