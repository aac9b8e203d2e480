"""Which pages does the rollout have? Its own navigation, the same on each of them."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action

_PAGES = (
    ("rollout", "Progress", Action.ROLLOUT_VIEW),
    ("rollout-map", "Map", Action.ROLLOUT_VIEW),
    ("rollout-plan", "Plan", Action.ROLLOUT_VIEW),
    ("rollout-figures", "Public figures", Action.ROLLOUT_VIEW),
)


def rollout_sections(viewer: Viewer, current: str) -> Mapping[str, Any]:
    """The context of `components/sub_navigation.html`: the pages of the rollout that the viewer may see."""
    return {
        "sections": [
            {"label": label, "url": reverse(route), "current": route == current}
            for route, label, action in _PAGES
            if can(viewer, action)
        ]
    }
