"""What does a plan look like when one wave of it is changed, and what is different then? Pure.

A wave is all lines of one phase and wave, whichever units they name. It is changed as a whole: from then on it has the
lines that it is given, where it stood before, or after all others if it is new; with none it is dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tabard.insight.plan_file import Line, cells_of


@dataclass(frozen=True, slots=True)
class WaveName:
    """What a wave is called; neither capitals nor spaces tell two apart."""

    phase: str
    wave: str

    @property
    def key(self) -> tuple[str, str]:
        """What two names of the same wave share."""
        return " ".join(self.phase.lower().split()), " ".join(self.wave.lower().split())

    @classmethod
    def of(cls, line: Line) -> "WaveName":
        """The wave that the line is part of."""
        return cls(line.phase, line.wave)


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of one line: `before` is None for a new one, `after` for one that is dropped."""

    before: Line | None
    after: Line | None

    @property
    def unit_code(self) -> str:
        """Whose line it is."""
        line = self.after or self.before
        return line.unit_code if line else ""

    @property
    def kept(self) -> dict[str, Any]:
        """The same as it is kept in the log."""
        return {
            "unit": self.unit_code,
            "before": cells_of(self.before) if self.before else None,
            "after": cells_of(self.after) if self.after else None,
        }


def lines_in(lines: Iterable[Line], name: WaveName) -> list[Line]:
    """The lines of one wave."""
    return [line for line in lines if WaveName.of(line).key == name.key]


def with_wave(lines: Sequence[Line], name: WaveName, wave: Sequence[Line]) -> list[Line]:
    """The plan with these lines in the place of the wave."""
    places = [place for place, line in enumerate(lines) if WaveName.of(line).key == name.key]
    first = places[0] if places else len(lines)
    others = [line for line in lines if WaveName.of(line).key != name.key]
    return [*others[:first], *wave, *others[first:]]


def differences(before: Iterable[Line], after: Iterable[Line]) -> list[Difference]:
    """Every line that is new, dropped or not what it was, those that stay first in the order of `after`."""
    old, new = {line.key: line for line in before}, {line.key: line for line in after}
    found = [Difference(old.get(key), line) for key, line in new.items()]
    found += [Difference(line, None) for key, line in old.items() if key not in new]
    return [each for each in found if _cells(each.before) != _cells(each.after)]


def _cells(line: Line | None) -> dict[str, Any] | None:
    return cells_of(line) if line else None
