"""What is done to the retention policy."""

from datetime import timedelta

from tests.integration.api.access_world import DONE_AT
from tests.integration.logged.registry import AT, BY, Call, Stage, act
from tests.policies import stops_kept_for

from tabard.custody.kinds import EventKind as E
from tabard.retention import adoption
from tabard.retention.models import PolicyVersion


def _proposed(stage: Stage) -> PolicyVersion:
    PolicyVersion.objects.filter(state="requested").update(state="withdrawn", closed_at=DONE_AT)
    return adoption.propose(text=stops_kept_for(400), reason="Reviewed", viewer=stage.viewer, at=DONE_AT)


@act("retention.adoption.propose", E.POLICY_PROPOSED)
def propose(stage: Stage) -> Call:
    PolicyVersion.objects.filter(state="requested").update(state="withdrawn", closed_at=DONE_AT)
    viewer = stage.viewer
    return lambda: adoption.propose(text=stops_kept_for(400), reason="Reviewed", viewer=viewer, at=AT).pk


@act("retention.adoption.approve", E.POLICY_ADOPTED)
def approve(stage: Stage) -> Call:
    proposed, second = _proposed(stage), stage.second
    return lambda: adoption.approve(policy_id=proposed.pk, viewer=second, at=AT).pk


@act("retention.adoption.approve#not the last", E.POLICY_APPROVED)
def approve_among_three(stage: Stage) -> Call:
    proposed, second = _proposed(stage), stage.second
    PolicyVersion.objects.filter(pk=proposed.pk).update(quorum=3)
    return lambda: adoption.approve(policy_id=proposed.pk, viewer=second, at=AT).pk


@act("retention.adoption.refuse", E.POLICY_REFUSED)
def refuse(stage: Stage) -> Call:
    proposed, second = _proposed(stage), stage.second
    return lambda: adoption.refuse(policy_id=proposed.pk, reason="No", viewer=second, at=AT).pk


@act("retention.adoption.withdraw", E.POLICY_REFUSED)
def withdraw(stage: Stage) -> Call:
    proposed, viewer = _proposed(stage), stage.viewer
    return lambda: adoption.withdraw(policy_id=proposed.pk, reason="No", viewer=viewer, at=AT).pk


@act("retention.adoption.look_after", E.POLICY_REFUSED)
def look_after(stage: Stage) -> Call:
    proposed = _proposed(stage)
    PolicyVersion.objects.filter(pk=proposed.pk).update(expires_at=AT - timedelta(days=1))
    return lambda: adoption.look_after(by=BY, at=AT) and proposed.pk
