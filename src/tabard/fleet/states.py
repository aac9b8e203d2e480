"""What can become of a camera? Its states, and every change from one to another, in one table. Pure.

Whoever wears a camera stands in an assignment, and nowhere else: a camera is issued exactly while one is open. What is
kept of the camera itself is the state that it has while nobody wears it, so the two can never contradict each other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a camera is just now."""

    ORDERED = "ordered"
    RECEIVED = "received"
    READY = "ready"
    POOLED = "pooled"
    ISSUED = "issued"
    FAULTY = "faulty"
    IN_REPAIR = "in_repair"
    LOST = "lost"
    STOLEN = "stolen"
    RETIRED = "retired"

    @property
    def label(self) -> str:
        """The state as screens show it."""
        return self.value.replace("_", " ").capitalize()


class Change(StrEnum):
    """What is done to a camera that changes its state."""

    RECEIVE = "receive"
    PREPARE = "prepare"
    POOL = "pool"
    TAKE_FROM_POOL = "take_from_pool"
    ISSUE = "issue"
    RETURN = "return"
    REPORT_FAULT = "report_fault"
    SEND_FOR_REPAIR = "send_for_repair"
    MEND = "mend"
    LOSE = "lose"
    STEAL = "steal"
    FIND = "find"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Transition:
    """One change: from which states, to which, in which words.

    `targets` has more than one state only where a camera goes back to the one that it was taken from. A change that is
    not `plain` takes more than a reason (an officer, a report number), and has a service of its own.
    """

    change: Change
    sources: frozenset[State]
    targets: tuple[State, ...]
    words: str
    button: str
    plain: bool = True
    needs_reason: bool = False


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_HERE = (State.RECEIVED, State.READY, State.POOLED)
_BROKEN = (State.FAULTY, State.IN_REPAIR)
_GONE = (State.LOST, State.STOLEN)

TRANSITIONS: Mapping[Change, Transition] = {
    each.change: each
    for each in (
        Transition(
            Change.RECEIVE, _from(State.ORDERED), (State.RECEIVED,), "came from its maker", "It has come"
        ),
        Transition(
            Change.PREPARE, _from(State.RECEIVED), (State.READY,), "was set up and charged", "It is set up"
        ),
        Transition(
            Change.POOL,
            _from(State.READY),
            (State.POOLED,),
            "was put into its unit's pool",
            "Put it into the pool",
        ),
        Transition(
            Change.TAKE_FROM_POOL,
            _from(State.POOLED),
            (State.READY,),
            "was taken out of its unit's pool",
            "Take it out of the pool",
        ),
        Transition(
            Change.ISSUE,
            _from(State.READY, State.POOLED),
            (State.ISSUED,),
            "was given to an officer",
            "Give it to an officer",
            plain=False,
        ),
        Transition(
            Change.RETURN,
            _from(State.ISSUED),
            (State.READY, State.POOLED),
            "came back, to where it was taken from",
            "Take it back",
            plain=False,
        ),
        Transition(
            Change.REPORT_FAULT,
            _from(*_HERE, State.ISSUED),
            (State.FAULTY,),
            "was found faulty",
            "It is faulty",
            needs_reason=True,
        ),
        Transition(
            Change.SEND_FOR_REPAIR,
            _from(State.FAULTY),
            (State.IN_REPAIR,),
            "was sent for repair",
            "Send it for repair",
        ),
        Transition(
            Change.MEND, _from(*_BROKEN), (State.READY,), "was mended and tried", "It is mended and tried"
        ),
        Transition(
            Change.LOSE,
            _from(*_HERE, State.ISSUED, *_BROKEN, State.STOLEN),
            (State.LOST,),
            "was reported lost",
            "It is lost",
            plain=False,
            needs_reason=True,
        ),
        Transition(
            Change.STEAL,
            _from(*_HERE, State.ISSUED, *_BROKEN, State.LOST),
            (State.STOLEN,),
            "was reported stolen",
            "It was stolen",
            plain=False,
            needs_reason=True,
        ),
        Transition(
            Change.FIND,
            _from(*_GONE),
            (State.RECEIVED,),
            "was found again, and is looked into before it is used",
            "It was found",
            plain=False,
            needs_reason=True,
        ),
        Transition(
            Change.RETIRE,
            _from(State.ORDERED, *_HERE, *_BROKEN, *_GONE),
            (State.RETIRED,),
            "was retired, for good",
            "Retire it",
            needs_reason=True,
        ),
    )
}

KEPT_STATES = tuple(state for state in State if state is not State.ISSUED)
"""What may be kept of a camera itself."""
IN_STOCK = (*_HERE, *_BROKEN)
"""States in which a camera is the force's to lay hands on, worn by nobody."""


def state_of(kept: str, *, is_worn: bool) -> State:
    """What a camera is, by what is kept of it and whether somebody wears it."""
    return State.ISSUED if is_worn else State(kept)


def open_changes(state: State) -> tuple[Transition, ...]:
    """What can be done to a camera in this state, in the order of the table."""
    return tuple(each for each in TRANSITIONS.values() if state in each.sources)


def refusal(transition: Transition, state: State, serial: str) -> str:
    """Why the change cannot be made from this state, with what can; empty where it can be made."""
    if state in transition.sources:
        return ""
    sources = " or ".join(sorted(each.label.lower() for each in transition.sources))
    possible = "; ".join(each.button for each in open_changes(state)) or "nothing: it is retired for good"
    return (
        f"Camera {serial} is {state.label.lower()}. '{transition.button}' needs one that is {sources}. "
        f"What can be done with it: {possible}."
    )


def diagram() -> str:
    """The table as a Mermaid state diagram, as the documentation shows it."""
    return "\n".join(
        ("stateDiagram-v2", "    [*] --> ordered", "    [*] --> received", "    [*] --> ready", *_edges())
    )


def _edges() -> Iterator[str]:
    for each in TRANSITIONS.values():
        for source in State:
            if source in each.sources:
                yield from (f"    {source} --> {target}: {each.change}" for target in each.targets)
    yield "    retired --> [*]"


def table() -> str:
    """The table in Markdown."""
    head = ("| Change | From | To | The camera | Reason |", "|---|---|---|---|---|")
    rows = (
        f"| `{each.change}` | {_names(*(state for state in State if state in each.sources))} | "
        f"{_names(*each.targets)} | {each.words} | {'must be given' if each.needs_reason else 'may be given'} |"
        for each in TRANSITIONS.values()
    )
    return "\n".join((*head, *rows))


def _names(*states: State) -> str:
    return ", ".join(state.label.lower() for state in states)
