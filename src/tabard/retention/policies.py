"""Which policy is in force, and which versions were there? What was adopted last and is effective, else what ships.

The text of a version is read again whenever it is used, strictly, and only if it is what was adopted. One that cannot
be used stops whatever asks for it, so that nothing is disposed of under a policy that nobody can read.
"""

import hashlib
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db.models import QuerySet

from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.retention.models import PolicyVersion
from tabard.retention.policy import PolicyUnusable, default_policy, default_text, parse_policy
from tabard.retention.quorum import State
from tabard.retention.rules import Policy


def current(at: datetime) -> Policy:
    """The policy in force at the instant.

    Raises:
        PolicyUnusable: when it cannot be read any more; then nothing may be disposed of.
    """
    version = in_force(at)
    return default_policy() if version is None else read(version)


def current_text(at: datetime) -> str:
    """The text of the policy in force at the instant."""
    version = in_force(at)
    return default_text() if version is None else version.text


def in_force(at: datetime) -> PolicyVersion | None:
    """The adopted version in force at the instant; None while it is the policy that ships with Tabard."""
    return _adopted().filter(effective_at__lte=at).first()


def has_own() -> bool:
    """Whether a policy was ever adopted here."""
    return _adopted().exists()


def newest() -> Policy:
    """What was adopted last, in force already or not yet; a change is judged against it.

    Raises:
        PolicyUnusable.
    """
    version = _adopted().first()
    return default_policy() if version is None else read(version)


def rule_names() -> dict[str, str]:
    """What each rule that was ever in force is called, by its code, as the newest policy that has it names it.

    A policy that cannot be read any more names none.
    """
    found = {rule.code: rule.name for rule in default_policy().rules}
    for version in _adopted().reverse():
        with suppress(PolicyUnusable):
            found |= {rule.code: rule.name for rule in read(version).rules}
    return found


def read(version: PolicyVersion) -> Policy:
    """The policy that a version's text says.

    Raises:
        PolicyUnusable: when the text is not the one that was proposed, or cannot be read by this version of Tabard.
    """
    name = f"The policy {version.name}, version {version.version}, cannot be used"
    if hashlib.sha256(version.text.encode()).digest() != bytes(version.sha256):
        raise PolicyUnusable(f"{name}: its text was altered in the database.", field="policy", line=1)
    try:
        return _parsed(version.text)
    except PolicyUnusable as error:
        raise PolicyUnusable(f"{name}. {error.message}", **error.fields) from error


def listed(viewer: Viewer) -> list[PolicyVersion]:
    """Every version that was ever proposed: the one that waits first, then the newest.

    Raises:
        Denied.
    """
    check_can(viewer, Action.POLICY_VIEW)
    rows = _with_names().order_by("-requested_at")
    return sorted(rows, key=lambda version: not version.is_open)


def get(viewer: Viewer, version_id: UUID) -> PolicyVersion:
    """The version.

    Raises:
        NotFound, Denied.
    """
    check_can(viewer, Action.POLICY_VIEW)
    found = _with_names().filter(pk=version_id).first()
    if found is None:
        raise NotFound("There is no such version of the policy.", policy=str(version_id))
    return found


@lru_cache(maxsize=8)
def _parsed(text: str) -> Policy:
    return parse_policy(text)


def _adopted() -> QuerySet[PolicyVersion]:
    adopted = PolicyVersion.objects.filter(state=State.EXECUTED.value)
    return adopted.order_by("-effective_at", "-closed_at")


def _with_names() -> QuerySet[PolicyVersion]:
    rows = PolicyVersion.objects.select_related("requested_by", "closed_by")
    return rows.prefetch_related("approvals__approved_by")
