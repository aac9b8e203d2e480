"""How does the log leave the database as files, and how do leaves that a restored database lacks come back into it?

Outwards: the leaves and the signed note of one size, which never change once signed. Inwards: only leaves that continue
the tree, placed in the caller's transaction, which checks the root that was signed before it commits.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from tabard.custody.errors import LogCorrupt
from tabard.custody.models import Checkpoint, Cosignature, Event
from tabard.custody.sequencer import store_leaves
from tabard.merkle.checkpoint import Checkpoint as TreeHead

_BATCH = 2_000


def leaves_of(size: int) -> Iterator[bytes]:
    """The bytes of the first `size` leaves, in order; memory stays flat."""
    placed = Event.objects.filter(position__lt=size).order_by("position")
    return (bytes(leaf) for leaf in placed.values_list("leaf", flat=True).iterator(_BATCH))


def cosigned_note(size: int) -> str:
    """The checkpoint that was signed at this size, with every cosignature it has."""
    head = Checkpoint.objects.get(size=size)
    lines = Cosignature.objects.filter(checkpoint=head).order_by("id").values_list("line", flat=True)
    return head.note + "".join(f"{line}\n" for line in lines)


def place_leaves(first: int, leaves: Sequence[bytes]) -> list[Event]:
    """The leaves are the events from position `first` on, with their nodes, in the caller's transaction.

    New ones have no particulars: who and details are not in a leaf. Those that are here without a place get theirs, and
    keep all they have.

    Raises:
        LogCorrupt: a leaf is not one of ours, or differs from the one that its event has here.
    """
    rows = [_row(leaf, first + number) for number, leaf in enumerate(leaves)]
    ids = [row.id for row in rows]
    waiting = dict(Event.objects.filter(id__in=ids, position__isnull=True).values_list("id", "leaf"))
    if any(bytes(waiting[row.id]) != row.leaf for row in rows if row.id in waiting):
        raise LogCorrupt("An event here has another leaf in the copy of the log.")
    Event.objects.bulk_create([row for row in rows if row.id not in waiting])
    _give_places([row for row in rows if row.id in waiting])
    store_leaves(first, leaves)
    return rows


def keep_checkpoint(head: TreeHead, note: str) -> None:
    """The checkpoint, whose signature and root the caller has checked, is among those of the log."""
    if not Checkpoint.objects.filter(size=head.size).exists():
        last_at = Event.objects.get(position=head.size - 1).at
        Checkpoint.objects.create(size=head.size, root=head.root, note=note, signed_at=last_at)


def _row(leaf: bytes, position: int) -> Event:
    try:
        said = json.loads(leaf)
        return Event(
            id=UUID(said["id"]),
            kind=said["kind"],
            at=datetime.fromisoformat(said["at"]),
            subject_type=said["subject"]["type"],
            subject_id=UUID(said["subject"]["id"]),
            leaf=leaf,
            position=position,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LogCorrupt("The copy of the log holds a leaf that is not ours.", position=position) from error


def _give_places(rows: Sequence[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE custody_event SET position = placed.position
              FROM unnest(%s::uuid[], %s::bigint[]) AS placed (id, position) WHERE custody_event.id = placed.id
            """,
            [[row.id for row in rows], [row.position for row in rows]],
        )
