"""A key-encryption key that nothing needs, but a live copy of the keys still holds: several people retire it.

A key that an object needs cannot be destroyed at all, by however many people: footage is made unreadable one recording
at a time, with a reason in law for each (docs/adr/0019).
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Conflict, NotFound
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.retention import agreeing
from tabard.retention.models import KeyDestruction
from tabard.retention.quorum import Act, State
from tabard.safekeeping import keys


def request(*, key_id: str, reason: str, viewer: Viewer, at: datetime) -> KeyDestruction:
    """Others can approve that the key be retired, for the next 14 days.

    Raises:
        Denied: when the viewer may not ask for it.
        NotFound, KeyInUse, KeyStillNeeded: the key is unknown, current, or an object needs it.
        Conflict: when it is asked for already.
    """
    check_can(viewer, Action.KEY_DESTRUCTION_REQUEST)
    why = required(reason, "reason", 500, "Say why the key must go before its copies do.")
    keys.check_unused(key_id)
    with transaction.atomic():
        if KeyDestruction.objects.filter(key_id=key_id, state__in=agreeing.OPEN).exists():
            raise Conflict("The destruction of this key is asked for already.", key_id=key_id)
        fields = agreeing.opening(reason=why, account_id=viewer.account_id, at=at)
        asked = KeyDestruction.objects.create(key_id=key_id, **fields)
        _log(EventKind.KEY_DESTRUCTION_REQUESTED, asked, viewer, at, {"reason": why})
    return asked


def approve(*, request_id: UUID, viewer: Viewer, at: datetime) -> KeyDestruction:
    """The viewer has approved; once the quorum is complete the key can be retired.

    Raises:
        NotFound, Denied, NotAllowedNow.
    """
    check_can(viewer, Action.KEY_DESTRUCTION_APPROVE)
    with transaction.atomic():
        asked = _locked(request_id)
        agreeing.approve(asked, account_id=viewer.account_id, at=at)
        details = {"still_missing": agreeing.still_missing(asked)}
        _log(EventKind.KEY_DESTRUCTION_APPROVED, asked, viewer, at, details)
    return asked


def carry_out(*, request_id: UUID, viewer: Viewer, at: datetime) -> KeyDestruction:
    """The key is gone from the ring. Killed between ring and row, the next call marks the row.

    Raises:
        NotFound, Denied.
        NotAllowedNow: not enough people have approved, or the request is over.
        KeyInUse, KeyStillNeeded: the key is needed again.
    """
    check_can(viewer, Action.KEY_DESTRUCTION_APPROVE)
    asked = get(request_id)
    agreeing.check(asked, Act.EXECUTE, None, at)
    names = tuple(each.approved_by.display_name for each in asked.approvals.select_related("approved_by"))
    if any(use.key_id == asked.key_id and use.is_held for use in keys.key_uses()):
        keys.retire(
            key_id=asked.key_id, by=viewer.actor, at=at, agreed_by=(asked.requested_by.display_name, *names)
        )
    with transaction.atomic():
        asked = _locked(request_id)
        if asked.state != State.EXECUTED:
            agreeing.close(asked, Act.EXECUTE, account_id=None, at=at)
            _log(EventKind.KEY_DESTROYED, asked, viewer, at, {})
    return asked


def get(request_id: UUID) -> KeyDestruction:
    """The request.

    Raises:
        NotFound.
    """
    found = KeyDestruction.objects.select_related("requested_by").filter(id=request_id).first()
    if found is None:
        raise NotFound("There is no such request.", request=str(request_id))
    return found


def _locked(request_id: UUID) -> KeyDestruction:
    get(request_id)
    return KeyDestruction.objects.select_for_update().get(id=request_id)


def _log(
    kind: EventKind, asked: KeyDestruction, viewer: Viewer, at: datetime, details: Mapping[str, object]
) -> None:
    custody.append(
        kind=kind,
        subject=keys.subject_of(asked.key_id),
        at=at,
        by=viewer.actor,
        details={"request": str(asked.id), "key": asked.key_id, **details},
    )
