"""What every page shows around its content: the sections this person may use, who they are, and which log it is."""

from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from tabard.custody.adapters import log_signer
from tabard.people.models import Account
from tabard.people.rules import Action, reach
from tabard.web.pages import current_viewer


class Section(NamedTuple):
    """One entry of the service navigation, and the action it takes to see it (None: anyone signed in)."""

    label: str
    route: str
    action: Action | None


SECTIONS = (
    Section("Home", "home", None),
    Section("Recordings", "recordings", Action.RECORDING_VIEW),
    Section("Incidents", "incidents", Action.INCIDENT_VIEW),
    Section("Exhibits", "exhibits", Action.EXHIBIT_VIEW),
    Section("Fleet", "fleet", Action.FLEET_VIEW),
    Section("Rollout", "rollout", Action.ROLLOUT_VIEW),
    Section("Kiosk", "kiosk", Action.KIOSK_USE),
    Section("Intake", "intake", Action.FLEET_MANAGE),
    Section("Systems", "destinations", Action.FLEET_MANAGE),
    Section("Work items", "work-item-list", Action.WORK_ITEM_VIEW),
    Section("Retention", "retention", Action.RETENTION_VIEW),
    Section("Holds", "hold-list", Action.HOLD_VIEW),
    Section("Policy", "policy", Action.POLICY_VIEW),
    Section("Disposal runs", "disposal-run-list", Action.EARLY_DISPOSAL_VIEW),
    Section("Reviews", "review-list", Action.REVIEW_VIEW),
    Section("Early disposals", "early-disposals", Action.EARLY_DISPOSAL_VIEW),
    Section("Custody log", "log", Action.LOG_VIEW),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """The context of `base.html`."""
    common = {
        "organisation": settings.TABARD_FORCE,
        "version": settings.TABARD_VERSION,
        "log_origin": log_signer().origin,
        "home_url": reverse("home"),
        "sign_out_url": reverse("sign-out"),
    }
    account = getattr(request, "user", None)
    if not isinstance(account, Account):
        return common
    viewer = current_viewer(request)
    roles = ", ".join(role.label for role in sorted(viewer.roles)) or "No role"
    return {
        **common,
        "account": {"name": viewer.name, "detail": roles},
        "viewer": viewer,
        "navigation": [
            {"label": section.label, "url": url, "current": _is_current(request.path, url)}
            for section in SECTIONS
            if section.action is None or reach(viewer.roles, section.action)
            for url in [reverse(section.route)]
        ],
    }


def _is_current(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
