"""How is each service called, and which events must it leave? Declared once; `test_services` walks what is declared.

To declare a new service, write in one of the modules `acts_*.py`:

    @act("incidents.services.link", E.INCIDENT_LINKED)
    def link(stage):
        incident, recording = stage.own.unlinked_incident, stage.own.recording
        return lambda: incidents.link(...) and incident.id

The function prepares what the service needs and returns the call itself, which returns the id of what the event must
be about. A service that only ever works inside another's transaction, or that changes nothing a person could ask
about, goes into `exempt.py` with its reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.integration.api.access_world import DONE_AT, Place, World

from tabard.custody.actors import Actor
from tabard.custody.kinds import EventKind
from tabard.people.authorisation import Viewer
from tabard.people.rules import Role
from tabard.people.selectors import viewer_of

AT = DONE_AT + timedelta(days=1, minutes=7)
BY = Actor.system("the one who acts")

Call = Callable[[], UUID]
Prepare = Callable[["Stage"], Call]


@dataclass(frozen=True)
class Stage:
    """The force, and one person who may do everything."""

    world: World

    @property
    def own(self) -> Place:
        return self.world.own

    @property
    def viewer(self) -> Viewer:
        return viewer_of(self.world.become(*Role), AT)

    @property
    def second(self) -> Viewer:
        """Another one who may do everything."""
        found = viewer_of(self.world.clerk, AT)
        return Viewer(found.account_id, found.name, frozenset(Role), None, None, found.unit_ids)


@dataclass(frozen=True)
class Act:
    """One service: the events that it must leave, and how it is called.

    `alone`: it must not be called inside a transaction. `keeps`: tables that may differ after it failed, and why.
    """

    name: str
    kinds: tuple[EventKind, ...]
    prepare: Prepare
    alone: bool
    keeps: Mapping[str, str]


ACTS: dict[str, Act] = {}


def act(
    name: str, *kinds: EventKind, alone: bool = False, keeps: Mapping[str, str] | None = None
) -> Callable[[Prepare], Prepare]:
    """Declares the service of that name; `name#more` declares another case of it."""

    def declare(prepare: Prepare) -> Prepare:
        assert name not in ACTS, f"{name} is declared twice"
        ACTS[name] = Act(name, kinds, prepare, alone, keeps or {})
        return prepare

    return declare


def declared() -> dict[str, Any]:
    """Every declared act; reading the modules is what declares them."""
    from tests.integration.logged import (  # noqa: F401
        acts_of_axis,
        acts_of_cameras,
        acts_of_docks,
        acts_of_insight,
        acts_of_notices,
        acts_of_people,
        acts_of_policies,
        acts_of_reviews,
        acts_of_the_vault,
        acts_on_arrivals,
        acts_on_recordings,
        acts_on_what_came_in,
    )

    return ACTS
