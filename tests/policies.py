"""Policies to try things with: the one that ships, with a line or two that say otherwise."""

import hashlib
from datetime import datetime, timedelta

from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.models import Account
from tabard.retention import adoption
from tabard.retention.models import PolicyVersion
from tabard.retention.policy import default_text

VERSION = 'version = "2026-11-28"'
STOPS = 'category = ["stop-and-search"]\ndays = 365'


def policy_text(version: str = "ours-1", *changes: tuple[str, str]) -> str:
    """The policy that ships as another version, with each of the changes made once."""
    text = default_text()
    for old, new in ((VERSION, f'version = "{version}"'), *changes):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def stops_kept_for(days: int, version: str = "ours-1") -> str:
    """The policy that ships, but that stop-and-search footage is kept for so many days."""
    return policy_text(version, (STOPS, STOPS.replace("365", str(days))))


def adopted(text: str, proposer: Viewer, approver: Viewer, at: datetime) -> PolicyVersion:
    """The policy once both agreed to it."""
    proposed = adoption.propose(text=text, reason="Reviewed", viewer=proposer, at=at)
    return adoption.approve(policy_id=proposed.pk, viewer=approver, at=at)


def waiting_policy(username: str) -> PolicyVersion:
    """The version that waits for a decision, proposed by this person if there is none."""
    text = stops_kept_for(365, "waiting")
    return PolicyVersion.objects.filter(state="requested").first() or PolicyVersion.objects.create(
        text=text,
        name="England and Wales",
        version="waiting",
        sha256=hashlib.sha256(text.encode()).digest(),
        reason="Reviewed",
        quorum=2,
        requested_at=now(),
        requested_by=Account.objects.get(username=username),
        expires_at=now() + timedelta(days=14),
    )
