"""Which pages does the fleet have? Its own navigation, the same on each of them."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action

_PAGES = (
    ("fleet", "Cameras", Action.FLEET_VIEW),
    ("fleet-units", "Units", Action.FLEET_VIEW),
    ("fleet-docks", "Docks", Action.FLEET_VIEW),
    ("fleet-overdue", "Overdue cameras", Action.FLEET_VIEW),
    ("fleet-losses", "Lost and stolen", Action.FLEET_VIEW),
    ("fleet-stocktakes", "Stocktakes", Action.FLEET_VIEW),
    ("fleet-receive", "Receive cameras", Action.FLEET_MANAGE),
    ("fleet-training", "Training", Action.FLEET_MANAGE),
    ("fleet-rules", "Rules of issue", Action.FLEET_MANAGE),
    ("fleet-import", "Import cameras", Action.FLEET_MANAGE),
    ("officers-import", "Import officers", Action.PEOPLE_MANAGE),
)


def fleet_sections(viewer: Viewer, current: str) -> Mapping[str, Any]:
    """The context of `components/sub_navigation.html`: the pages of the fleet that the viewer may see."""
    return {
        "sections": [
            {"label": label, "url": reverse(route), "current": route == current}
            for route, label, action in _PAGES
            if can(viewer, action)
        ]
    }
