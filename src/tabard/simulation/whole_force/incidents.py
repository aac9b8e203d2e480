"""Which incidents does the footage show? Each recording that is evidence shows one, colleagues' often the same."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tabard.incidents.models import Incident
from tabard.simulation.whole_force.footage import CATEGORIES, Footage
from tabard.simulation.whole_force.instants import HOUR, Ids, Instants, seeded_ids

_TOGETHER: Final = 0.6
_NEAR: Final = 3 * HOUR

_KIND_OF: Final = {
    "stop-and-search": Incident.Kind.STOP,
    "use-of-force": Incident.Kind.USE_OF_FORCE,
    "complaint": Incident.Kind.CALL,
    "death-or-serious-injury": Incident.Kind.CALL,
}
KINDS: Final = tuple(Incident.Kind.values)
TITLES: Final = {
    Incident.Kind.CRIME_REPORT: "Simulated crime report",
    Incident.Kind.CALL: "Simulated call",
    Incident.Kind.STOP: "Simulated stop and search",
    Incident.Kind.USE_OF_FORCE: "Simulated use of force",
}


@dataclass(frozen=True)
class Incidents:
    """All incidents, and which recordings (`shown_by`) show which (`shows`), in one order."""

    ids: Ids
    began: Instants
    kind: NDArray[np.int64]
    command: NDArray[np.int64]
    shown_by: NDArray[np.int64]
    shows: NDArray[np.int64]
    link_ids: Ids

    def __len__(self) -> int:
        return len(self.ids)


def make_incidents(footage: Footage, command: NDArray[np.int64], rng: Generator) -> Incidents:
    """The incidents; `command` is that of each recording. Recordings of one command within hours may share one."""
    shown_by = np.flatnonzero(footage.is_evidential)
    shown_by = shown_by[np.lexsort((footage.began[shown_by], command[shown_by]))]
    began, place = footage.began[shown_by], command[shown_by]
    joins = np.zeros(len(shown_by), np.bool_)
    near = (place[1:] == place[:-1]) & (began[1:] - began[:-1] < _NEAR)
    joins[1:] = near & (rng.random(max(len(shown_by) - 1, 0)) < _TOGETHER)
    first = ~joins
    kinds = np.array(
        [KINDS.index(_KIND_OF.get(code or "", Incident.Kind.CRIME_REPORT)) for code in CATEGORIES]
    )
    return Incidents(
        ids=seeded_ids(footage.received[shown_by][first], rng),
        began=began[first],
        kind=kinds[footage.category[shown_by][first]],
        command=place[first],
        shown_by=shown_by,
        shows=np.cumsum(first) - 1,
        link_ids=seeded_ids(footage.received[shown_by], rng),
    )
