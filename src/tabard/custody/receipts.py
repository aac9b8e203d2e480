"""How does the proof of an event leave? As a receipt and a leaf, each in the log as taken before it is given out."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody import selectors, services
from tabard.custody.actors import Actor
from tabard.custody.adapters import whole
from tabard.custody.kinds import EventKind


def take_receipt(*, event_id: UUID, by: Actor, at: datetime) -> bytes:
    """The event's C2SP tlog-proof; that it was taken is in the log when this returns.

    Whoever calls decides first whether the person may have it.

    Raises:
        NotFound: when there is no such event.
        NotYetSequenced: when no checkpoint that may be relied on covers it yet; nothing is logged then.
    """
    with transaction.atomic():
        receipt = selectors.receipt(event_id).encode()
        _record(event_id, "receipt", by, at)
    return receipt


def take_leaf(*, event_id: UUID, by: Actor, at: datetime) -> bytes:
    """The exact bytes that the tree commits to; that they were taken is in the log when this returns.

    Raises:
        NotFound: when there is no such event.
    """
    with transaction.atomic():
        leaf = bytes(selectors.event(event_id).leaf)
        _record(event_id, "leaf", by, at)
    return leaf


def _record(event_id: UUID, taken: str, by: Actor, at: datetime) -> None:
    """The subject is the log, not the item: an item's history must not tell who prepares a proof about it."""
    services.append(
        kind=EventKind.LOG_RECEIPT_TAKEN,
        subject=whole("log"),
        at=at,
        by=by,
        details={"event": str(event_id), "taken": taken},
    )
