"""Which place does a committed event get? The next one: the sequencer extends the tree and signs checkpoints.

Events are inserted without a position, so writers never wait for one another; one sequencer at a time (an advisory
lock decides) gives positions in batches. A batch is one transaction: positions, nodes, or nothing. A bulk act that
finds the lock free is its own sequencer.
"""

from collections.abc import Sequence
from datetime import datetime
from struct import Struct

from django.db import connection, transaction
from django.db.models import Max

from tabard.custody.copying import copy_binary
from tabard.custody.errors import LogCorrupt
from tabard.custody.models import Checkpoint, Event
from tabard.custody.nodes import read_nodes
from tabard.custody.ports import CheckpointSigner
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.note import SignedNote
from tabard.merkle.tree import HASH_SIZE, NodeRun, grow, leaf_hash, root

BATCH_EVENTS = 5_000
_NODE = Struct(f">hihiqi{HASH_SIZE}s")  # a row of binary COPY: three fields, each after its length
_LOCK = 0x7461_6261_7264  # "tabard": the advisory lock that only the acting sequencer holds


def sequence(*, limit: int = BATCH_EVENTS) -> int:
    """Gives up to `limit` waiting events their positions; returns how many. Zero when another sequencer acts."""
    with transaction.atomic():
        if not _acting():
            return 0
        size = tree_size()
        leaves = _place(size, limit)
        if leaves:
            store_leaves(size, leaves)
    return len(leaves)


def place_at_once() -> int | None:
    """The first of the positions that a bulk act may give its own events; None where another sequencer acts.

    The caller's transaction holds the sequencer's lock from here to its end, and owes `store_leaves` for every event.
    """
    return tree_size() if _acting() else None


def store_leaves(size: int, leaves: Sequence[bytes]) -> None:
    """The nodes of a tree of `size` events that these leaves complete; the caller holds the sequencer's lock."""
    store_hashes(size, list(map(leaf_hash, leaves)))


def store_hashes(size: int, leaf_hashes: Sequence[bytes]) -> None:
    """`store_leaves` for leaves that are hashed already."""
    _store_nodes(grow(size, leaf_hashes, read_nodes))


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


def _place(first: int, limit: int) -> list[bytes]:
    """Give waiting events consecutive positions from `first`, in the order of their ids; their leaves, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE custody_event SET position = placed.position
              FROM (SELECT id, %s + row_number() OVER (ORDER BY id) - 1 AS position
                      FROM (SELECT id FROM custody_event WHERE position IS NULL ORDER BY id LIMIT %s) AS waiting
                   ) AS placed
             WHERE custody_event.id = placed.id
            RETURNING custody_event.position, custody_event.leaf
            """,
            [first, limit],
        )
        return [bytes(leaf) for _, leaf in sorted(cursor.fetchall())]


def _store_nodes(runs: Sequence[NodeRun]) -> None:
    """Write complete nodes; they never change once written."""
    pieces = (
        b"".join(
            [
                _NODE.pack(3, 2, run.level, 8, index, HASH_SIZE, value)
                for index, value in enumerate(run.hashes, run.first)
            ]
        )
        for run in runs
    )
    copy_binary("custody_node", ("level", "index", "hash"), pieces)
