"""What did a verification of the log find? Findings: a stable code, a place, and words that name the event."""

from collections import Counter
from dataclasses import dataclass, field

from tabard.merkle.tree import EMPTY_ROOT

MOST_OF_A_CODE = 100


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: the rule it breaks, where, and the sentence to show."""

    code: str
    where: str
    words: str


@dataclass(slots=True)
class LogReport:
    """What a verification found; `ok` only if nothing at all disagrees. A warning alone leaves it so.

    Of one code at most a hundred defects are listed; `counted` has how many there were of each.
    """

    events: int = 0
    unsequenced: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    timestamps: int = 0
    tiles: int = 0
    erased: int = 0
    root: bytes = EMPTY_ROOT
    defects: list[Defect] = field(default_factory=list)
    warnings: list[Defect] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    gaps: tuple[range, ...] | None = None  # positions that a restore filled from leaves alone, once asked for

    @property
    def ok(self) -> bool:
        """Whether no defect was found."""
        return not self.defects

    def take(self, other: "LogReport") -> None:
        """All that another report of a part of the log found is in this one too."""
        for defect in other.defects:
            if self.counted[defect.code] < MOST_OF_A_CODE:
                self.defects.append(defect)
            self.counted[defect.code] += 1
            other.counted[defect.code] -= 1
        self.counted.update(other.counted)  # those that it did not list
        self.warnings += other.warnings
        self.tiles += other.tiles
        self.erased += other.erased

    def add(self, code: str, where: object, words: str) -> None:
        """Record a defect."""
        self.counted[code] += 1
        if self.counted[code] <= MOST_OF_A_CODE:
            self.defects.append(Defect(code, str(where), words))

    def warn(self, code: str, where: object, words: str) -> None:
        """Record what a person should look at, and which is not proof of anything."""
        self.warnings.append(Defect(code, str(where), words))
