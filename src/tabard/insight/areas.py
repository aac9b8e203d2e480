"""For which of London's boroughs does a unit's figure stand on the map?

A borough command stands for the borough of its name. A command of several boroughs (`areas.toml`) stands for each of
them that has no unit of its own: one figure, shown as often, and said to be one.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tabard.insight.rollout import Standing


@dataclass(frozen=True, slots=True)
class Shown:
    """A unit on the map: `boroughs` are those that it stands for, more than one where they share its figure."""

    standing: Standing
    boroughs: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether one figure stands for several boroughs."""
        return len(self.boroughs) > 1


def shown(standings: Iterable[Standing]) -> list[Shown]:
    """The borough commands among the units, each with its boroughs, in the order in which they came."""
    found = [each for each in standings if each.unit.kind == each.unit.Kind.BOROUGH_COMMAND]
    own = {each.unit.name for each in found}
    return [Shown(each, _stands_for(each.unit.name, own)) for each in found]


def _stands_for(name: str, own: Iterable[str]) -> tuple[str, ...]:
    together = _commands().get(name.casefold())
    return (name,) if together is None else tuple(each for each in together if each not in own)


@cache
def _commands() -> Mapping[str, Sequence[str]]:
    """The boroughs of each command that has several, by its name."""
    known = tomllib.loads(files("tabard.insight").joinpath("areas.toml").read_text("utf-8"))
    return {command["name"].casefold(): command["boroughs"] for command in known["commands"]}
