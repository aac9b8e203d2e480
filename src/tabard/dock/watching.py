"""What is a file on a docked card waiting for, and how far have all of them come?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from tabard.dock.cards import Found
from tabard.dock.errors import (
    CannotRead,
    DoorAway,
    DoorBusy,
    DoorRefuses,
    FileChanged,
    FileDiffers,
    NotErased,
    NotSafeYet,
    SpoolFull,
)
from tabard.dock.line import steady_s
from tabard.dock.memory import Known
from tabard.dock.rules import Do, ServerState, Stage, Step, WaitsFor
from tabard.kernel.errors import TabardError

ASK_AGAIN_S = 10.0
_LONGEST_ASK_S = 300.0
_AFTER_REFUSAL_S = 600.0

# How long a file is left alone after an error, and whom it then waits for. Whatever is not here waits for a person.
_HOLDS: Mapping[type[TabardError], tuple[float, WaitsFor]] = {
    NotSafeYet: (ASK_AGAIN_S, WaitsFor.SERVER),
    DoorAway: (0.0, WaitsFor.LINE),  # the line itself says when to try again
    SpoolFull: (15.0, WaitsFor.SPOOL),
    FileChanged: (ASK_AGAIN_S, WaitsFor.SETTLING),
    FileDiffers: (0.0, WaitsFor.PERSON),
    CannotRead: (60.0, WaitsFor.PERSON),
    NotErased: (60.0, WaitsFor.PERSON),
}


@dataclass(frozen=True, slots=True)
class Hold:
    """For how long a file is left alone, whom it waits for, and why."""

    seconds: float
    waits_for: WaitsFor
    words: str


def hold_for(error: TabardError) -> Hold:
    """What follows for a file from an error about it."""
    if isinstance(error, DoorBusy):
        return Hold(error.retry_after_s or 1.0, WaitsFor.LINE, error.message)
    if isinstance(error, DoorRefuses) and error.fields.get("status") == HTTPStatus.UNAUTHORIZED:
        return Hold(
            0.0, WaitsFor.LINE, error.message
        )  # as if the server were away: the spool still takes the file
    seconds, waits_for = _HOLDS.get(type(error), (_AFTER_REFUSAL_S, WaitsFor.PERSON))
    words = error.message
    if isinstance(error, NotSafeYet) and error.waits_for:
        words = f"No permit yet; the server waits for {', '.join(error.waits_for)}."
    return Hold(seconds, waits_for, words)


# Of all that the files of a card wait for, what is told first.
_FIRST = (
    WaitsFor.PERSON,
    WaitsFor.SPOOL,
    WaitsFor.LINE,
    WaitsFor.QUIET,
    WaitsFor.SETTLING,
    WaitsFor.SERVER,
    WaitsFor.RECORDING,
    WaitsFor.NOBODY,
)

_NOT_LOOKED_AT = Step(Do.WAIT)

ON_THE_SERVER = {
    ServerState.SEALED: Stage.SEALED,
    ServerState.SECURED: Stage.SECURED,
    ServerState.PERMITTED: Stage.PERMITTED,
    ServerState.ERASED: Stage.SECURED,
}


@dataclass(slots=True)
class Watched:
    """One file of the card since it was docked; another size or time is another file."""

    found: Found
    since_s: float
    known: Known | None = None
    is_erased: bool = False
    held_until_s: float = 0.0
    held: Step | None = None
    step: Step = _NOT_LOOKED_AT
    asked: int = 0

    def hold(self, hold: "Hold") -> None:
        """Nothing is done with it for a while, for that reason."""
        self.held_until_s = steady_s() + hold.seconds
        self.held = Step(Do.WAIT, hold.waits_for, hold.words)

    def next_ask_s(self) -> float:
        """In how many seconds to ask about it again: a little longer each time."""
        self.asked += 1
        return min(ASK_AGAIN_S * 2.0 ** min(self.asked - 1, 10), _LONGEST_ASK_S)

    def holding(self) -> Step | None:
        """What it is held for now."""
        return self.held if steady_s() < self.held_until_s else None


@dataclass(slots=True)
class Tally:
    """What a round left: how far the files came, and what they wait for."""

    stages: Counter[Stage] = field(default_factory=Counter)
    waits: Counter[WaitsFor] = field(default_factory=Counter)
    differing: int = 0
    troubled: int = 0

    @property
    def unsealed(self) -> int:
        """Files that the server has not sealed."""
        return self.stages[Stage.FOUND] + self.stages[Stage.SPOOLED]


def stage_of(file: Watched) -> Stage:
    """How far the file has come."""
    if file.is_erased:
        return Stage.ERASED
    if file.known is None:
        return Stage.FOUND
    if file.known.state in ON_THE_SERVER:
        return ON_THE_SERVER[file.known.state]
    return Stage.SPOOLED if file.known.spooled else Stage.FOUND


def most_telling(files: Iterable[Watched]) -> str:
    """Why the files of a card are where they are, in the words of the one that matters most."""
    waiting = [file.step for file in files if file.step.words and not file.is_erased]
    return min(waiting, key=lambda step: _FIRST.index(step.waits_for)).words if waiting else ""
