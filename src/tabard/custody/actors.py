"""Who did it, on what? Plain values that outlive the rows they name."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """What sort of actor an event names."""

    ACCOUNT = "account"
    SYSTEM = "system"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person's account, a part of Tabard itself, or an outside system at a door.

    Personal data: it reaches the log only as a salted commitment.
    """

    kind: ActorKind
    id: str
    name: str

    @classmethod
    def system(cls, part: str) -> "Actor":
        """Tabard itself, naming the part that acts (`worker`, `door`, `command line`)."""
        return cls(ActorKind.SYSTEM, part, f"Tabard {part}")


@dataclass(frozen=True, slots=True)
class Subject:
    """The one thing an event is about: its type as in the glossary, and its id."""

    type: str
    id: UUID
