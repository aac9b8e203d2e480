"""How does another policy come into force? One person proposes it, others read what it changes and approve.

The rules of who may have a say are those of everything that several people agree to (`quorum`). With the last approval
it is adopted, in the same transaction. It is in force from then on, or from the day that was asked for; where it lets
anything go sooner, no sooner than the days of grace after its adoption, so that there is time to say that it is wrong.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.keeping import keep_many
from tabard.recordings.models import Category, Recording
from tabard.retention import agreeing, policies
from tabard.retention.models import PolicyVersion
from tabard.retention.policy import default_policy, parse_policy
from tabard.retention.policy_changes import shortens
from tabard.retention.quorum import Act, State
from tabard.retention.rules import Policy
from tabard.retention.services import adopt_policy

_LONGEST_REASON = 500
_CLOSED_BY = {Act.REFUSE: Action.POLICY_APPROVE, Act.WITHDRAW: Action.POLICY_PROPOSE}


def check(text: str) -> Policy:
    """The policy in the text, which could be proposed now. Changes nothing.

    Raises:
        PolicyUnusable: naming the line, the field at fault and what to do.
        Invalid: when its version was there before, or recordings have a category that it does not have.
    """
    policy = parse_policy(text)
    required(policy.name, "name", 200)
    required(policy.version, "version", 64)
    adopted = PolicyVersion.objects.filter(state=State.EXECUTED.value, version=policy.version)
    if policy.version == default_policy().version or adopted.exists():
        words = f"There was a version {policy.version} already; give this one a version of its own."
        raise Invalid(words, field="version")
    _check_categories(policy)
    return policy


def propose(
    *, text: str, reason: str, viewer: Viewer, at: datetime, not_before: datetime | None = None
) -> PolicyVersion:
    """Others can approve the policy for the next 14 days; until they do, nothing changes.

    Args:
        text: The policy file.
        reason: Why it is to change.
        viewer: Who proposes it.
        at: Now.
        not_before: When it is to come into force, where that is not as soon as may be.

    Raises:
        Denied: when the viewer may not propose one.
        Invalid: as `check`, or when no reason is given.
        Conflict: when another waits for a decision.
    """
    check_can(viewer, Action.POLICY_PROPOSE)
    why = required(reason, "reason", _LONGEST_REASON, "Say why the policy is to change.")
    policy = check(text)
    with transaction.atomic():
        fields = agreeing.opening(reason=why, account_id=viewer.account_id, at=at)
        fields |= {"text": text, "name": policy.name, "version": policy.version, "sha256": policy.sha256}
        proposed = _created({**fields, "effective_at": not_before})
        _log(EventKind.POLICY_PROPOSED, proposed, viewer.actor, at, {"reason": why})
    return proposed


def approve(*, policy_id: UUID, viewer: Viewer, at: datetime) -> PolicyVersion:
    """The viewer has approved; with the last who must, the policy is adopted, and no run that is under way misses it.

    Raises:
        NotFound, Denied: there is no such policy, or the viewer may not approve it.
        NotAllowedNow: they proposed it, approved it before, or it is over.
        Invalid: when it could not be proposed now, because its version or a category has come since.
    """
    check_can(viewer, Action.POLICY_APPROVE)
    with transaction.atomic():
        keep_many()
        proposed = _locked(policy_id)
        policies.read(proposed)
        policy = check(proposed.text) if proposed.is_open else None
        state = agreeing.approve(proposed, account_id=viewer.account_id, at=at)
        if state == State.APPROVED and policy is not None:
            _adopt(proposed, policy, viewer, at)
        else:
            details = {"still_missing": agreeing.still_missing(proposed)}
            _log(EventKind.POLICY_APPROVED, proposed, viewer.actor, at, details)
    return proposed


def refuse(*, policy_id: UUID, reason: str, viewer: Viewer, at: datetime) -> PolicyVersion:
    """One refusal is enough: it is not adopted.

    Raises:
        NotFound, Denied, NotAllowedNow.
        Invalid: when no reason is given.
    """
    return _closed(policy_id, Act.REFUSE, reason, viewer, at)


def withdraw(*, policy_id: UUID, reason: str, viewer: Viewer, at: datetime) -> PolicyVersion:
    """Who proposed it no longer does.

    Raises:
        NotFound, Denied, NotAllowedNow.
        Invalid: when no reason is given.
    """
    return _closed(policy_id, Act.WITHDRAW, reason, viewer, at)


def look_after(*, by: Actor, at: datetime) -> int:
    """What was proposed and has run out is closed; returns how many that were."""
    over = PolicyVersion.objects.filter(state__in=agreeing.OPEN, expires_at__lte=at)
    return sum(_expired(policy_id, by, at) for policy_id in over.values_list("pk", flat=True))


def effective_at(policy: Policy, *, at: datetime, not_before: datetime | None = None) -> datetime:
    """From when the policy would be in force, were it adopted at the instant.

    Never before what was adopted last, or that would replace it again; a policy that lets anything go sooner waits for
    the longer of both policies' days of grace.
    """
    last = policies.newest()
    grace = timedelta(days=max(policy.grace_days, last.grace_days) if shortens(last, policy) else 0)
    waits = PolicyVersion.objects.filter(state=State.EXECUTED.value).order_by("-effective_at").first()
    return max(at + grace, not_before or at, waits.effective_at if waits and waits.effective_at else at)


def _created(fields: Mapping[str, object]) -> PolicyVersion:
    try:
        with transaction.atomic():
            return PolicyVersion.objects.create(**fields)
    except IntegrityError as error:
        if "retention_one_open_policy" not in str(error):
            raise
        words = "Another policy waits for a decision; it must be adopted, refused or withdrawn first."
        raise Conflict(words, field="policy") from error


def _adopt(proposed: PolicyVersion, policy: Policy, viewer: Viewer, at: datetime) -> None:
    """In the caller's transaction, once enough people have approved."""
    proposed.effective_at = effective_at(policy, at=at, not_before=proposed.effective_at)
    proposed.save(update_fields=["effective_at"])
    agreeing.close(proposed, Act.EXECUTE, account_id=viewer.account_id, at=at)
    adopt_policy(policy)
    details = {"effective_at": proposed.effective_at.isoformat()}
    _log(EventKind.POLICY_ADOPTED, proposed, viewer.actor, at, details)


def _check_categories(policy: Policy) -> None:
    """Return only if every category that footage has is the policy's; what it did not know it would keep for ever."""
    has_footage = Recording.objects.filter(category=OuterRef("pk"), disposed_at__isnull=True)
    others = Category.objects.exclude(code__in=list(policy.categories)).filter(Exists(has_footage))
    if missing := sorted(others.values_list("code", flat=True)):
        words = f"Recordings have categories that the policy has not: {', '.join(missing)}. Add them, with a rule."
        raise Invalid(words, field="categories", categories=missing)


def _closed(policy_id: UUID, act: Act, reason: str, viewer: Viewer, at: datetime) -> PolicyVersion:
    check_can(viewer, _CLOSED_BY[act])
    why = required(reason, "reason", 300, "Say why.")
    with transaction.atomic():
        proposed = _locked(policy_id)
        agreeing.close(proposed, act, account_id=viewer.account_id, at=at, reason=why)
        details = {"outcome": agreeing.CLOSINGS[act], "reason": why}
        _log(EventKind.POLICY_REFUSED, proposed, viewer.actor, at, details)
    return proposed


def _expired(policy_id: UUID, by: Actor, at: datetime) -> bool:
    with transaction.atomic():
        proposed = _locked(policy_id)
        if not proposed.is_open:
            return False
        agreeing.close(proposed, Act.EXPIRE, account_id=None, at=at)
        _log(
            EventKind.POLICY_REFUSED,
            proposed,
            by,
            at,
            {"outcome": agreeing.CLOSINGS[Act.EXPIRE], "reason": ""},
        )
    return True


def _locked(policy_id: UUID) -> PolicyVersion:
    found = PolicyVersion.objects.select_for_update().filter(pk=policy_id).first()
    if found is None:
        raise NotFound("There is no such version of the policy.", policy=str(policy_id))
    return found


def _log(
    kind: EventKind, proposed: PolicyVersion, by: Actor, at: datetime, details: Mapping[str, object]
) -> None:
    custody.append(
        kind=kind,
        subject=Subject("policy", proposed.pk),
        at=at,
        by=by,
        details={
            "name": proposed.name,
            "version": proposed.version,
            "sha256": bytes(proposed.sha256).hex(),
            **details,
        },
    )
