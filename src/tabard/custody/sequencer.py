"""Which place does a committed event get? The next one: the sequencer extends the tree and signs checkpoints.

Events are inserted without a position, so writers never wait for one another; one sequencer at a time (an advisory
lock decides) gives positions in batches. A batch is one transaction: positions, nodes, or nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from tabard.custody.errors import LogCorrupt
from tabard.custody.models import Checkpoint, Event, Node
from tabard.custody.nodes import read_nodes
from tabard.custody.ports import CheckpointSigner
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.note import SignedNote
from tabard.merkle.tree import NodeId, extend, leaf_hash, root

BATCH_EVENTS = 5_000
_LOCK = 0x7461_6261_7264  # "tabard": the advisory lock that only the acting sequencer holds


def sequence(*, limit: int = BATCH_EVENTS) -> int:
    """Gives up to `limit` waiting events their positions; returns how many. Zero when another sequencer acts."""
    with transaction.atomic():
        if not _acting():
            return 0
        size = tree_size()
        waiting = list(
            Event.objects.filter(position__isnull=True).order_by("id").values_list("id", "leaf")[:limit]
        )
        if not waiting:
            return 0
        hashes = [leaf_hash(bytes(leaf)) for _, leaf in waiting]
        _place([event_id for event_id, _ in waiting], size)
        _store_nodes(extend(size, hashes, read_nodes))
    return len(waiting)


def sign_checkpoint(*, at: datetime, signer: CheckpointSigner) -> Checkpoint | None:
    """A checkpoint over every sequenced event, or None when the newest one already covers them.

    Raises:
        LogCorrupt: when the events do not continue the history that was signed last; nothing is signed then.
    """
    with transaction.atomic():
        if not _acting():
            return None
        size = tree_size()
        if Checkpoint.objects.filter(size=size).exists():
            return None
        _check_continues(signer.last_signed(), size)
        tree_root = root(size, read_nodes)
        note = signer.sign(TreeHead(signer.origin, size, tree_root).to_text())
        return Checkpoint.objects.create(size=size, root=tree_root, note=note, signed_at=at)


def _check_continues(last_note: str | None, size: int) -> None:
    """Return only if the tree of `size` events begins with the tree that was signed last."""
    if last_note is None:
        return
    last = TreeHead.parse(SignedNote.parse(last_note.encode()).text)
    if last.size > size or root(last.size, read_nodes) != last.root:
        raise LogCorrupt("The log no longer continues what was signed last.", signed=last.size, events=size)


def tree_size() -> int:
    """How many events the tree holds."""
    last = Event.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def _acting() -> bool:
    """Whether this transaction now holds the sequencer's lock; released when it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        (held,) = cursor.fetchone()
    return bool(held)


def _place(event_ids: list[object], first: int) -> None:
    """Write consecutive positions from `first`, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE custody_event SET position = placed.position
              FROM (SELECT id, %s + ordinality - 1 AS position
                      FROM unnest(%s::uuid[]) WITH ORDINALITY AS listed (id, ordinality)) AS placed
             WHERE custody_event.id = placed.id
            """,
            [first, event_ids],
        )


def _store_nodes(nodes: Sequence[tuple[NodeId, bytes]]) -> None:
    """Write complete nodes; they never change once written."""
    Node.objects.bulk_create(
        [Node(level=node.level, index=node.index, hash=value) for node, value in nodes], batch_size=5_000
    )
