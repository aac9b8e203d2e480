# ruff: noqa: S608 - statements are what the attacks are made of
"""The log that is attacked, and what an attacker who owns the database, or stole the log's key, can do to all of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from tests.tampering import tampering
from tests.time_stamping import Tsa

from tabard.custody import sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Cosignature, Event, Node, TimestampToken
from tabard.custody.timestamping.stamping import note_text
from tabard.custody.timestamping.tokens import TsaChain, open_token, request_for
from tabard.custody.verify import LogReport, Seen, verify_log
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.note import CosignatureSigner
from tabard.merkle.tree import extend, leaf_hash, root

BY = Actor.system("worker")
SIZES = (4, 11, 20)
PLACED = 22
WAITING = 2
WITNESSES = tuple(
    CosignatureSigner(f"witness.example/{name}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))
    for number, name in enumerate(("north", "south"), 1)
)


def append(count: int, *, at=None) -> list[Event]:
    """Events of an honest application."""
    with transaction.atomic():
        ids = [
            services.append(
                kind=EventKind.RECORDING_VIEWED,
                subject=Subject("recording", new_id()),
                at=at or now(),
                by=BY,
                sha256=bytes(32),
                details={"number": number},
            )
            for number in range(count)
        ]
    return list(Event.objects.filter(id__in=ids).order_by("id"))


@dataclass
class LogUnderAttack:
    """22 events in their places, 20 of them under three cosigned checkpoints; two more wait."""

    events: list[Event] = field(default_factory=list)
    waiting: list[Event] = field(default_factory=list)
    kept: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        for size in SIZES:
            append(size - sequencer.tree_size())
            sequencer.sequence()
            sequencer.sign_checkpoint(at=now(), signer=log_signer())
        append(PLACED - SIZES[-1])
        sequencer.sequence()
        self.waiting = append(WAITING)
        self.events = list(Event.objects.filter(position__isnull=False).order_by("position"))
        for head in Checkpoint.objects.exclude(size=SIZES[0]):
            for witness in WITNESSES:
                at = now().replace(microsecond=0)
                line = witness.sign(head.note.rpartition("\n\n")[0] + "\n", at=at).encode().rstrip("\n")
                Cosignature.objects.create(checkpoint=head, witness=witness.name, line=line, cosigned_at=at)
        self.kept = [
            Seen(f"a pack of {head.size}", head.note) for head in Checkpoint.objects.order_by("size")
        ]

    def stamp(self, tsa: Tsa) -> None:
        """Checkpoints 11 and 20 carry a time stamp."""
        chain = TsaChain.parse(tsa.chain.read_bytes())
        for head in Checkpoint.objects.exclude(size=SIZES[0]):
            token = tsa.reply(request_for(note_text(head)).as_bytes())
            stamped_at = open_token(token, note_text(head), chain).at
            TimestampToken.objects.create(
                checkpoint=head, authority="tsa.example", token=token, stamped_at=stamped_at
            )

    def verify(self, *, seen: Iterable[Seen] = (), tsa: Tsa | None = None) -> LogReport:
        """What the force's own verification finds, with what others show it."""
        signer = log_signer()
        last = signer.last_signed()
        return verify_log(
            signer.vkey,
            also_signed=[last] if last else [],
            seen=seen,
            witnesses=[witness.vkey for witness in WITNESSES],
            chain=None if tsa is None else TsaChain.parse(tsa.chain.read_bytes()),
            now=now(),
        )


Deed = Callable[[LogUnderAttack], None]


def sql(*statements: str) -> Deed:
    """Statements by the owner of the tables; `{e3}` is the id of the event at position 3, `{w0}` of one that waits."""

    def deed(log: LogUnderAttack) -> None:
        names = {f"e{event.position}": event.id for event in log.events}
        names |= {f"w{number}": event.id for number, event in enumerate(log.waiting)}
        with tampering() as cursor:
            for statement in statements:
                for name, value in names.items():
                    statement = statement.replace(f"{{{name}}}", str(value))  # noqa: PLW2901
                cursor.execute(statement)

    return deed


def rebuild(log: LogUnderAttack) -> None:
    """Positions close up and the tree fits them, as far as whoever owns the database can make it."""
    with tampering() as cursor:
        cursor.execute("UPDATE custody_event SET position = position + 1000000 WHERE position IS NOT NULL")
        cursor.execute(
            """
            UPDATE custody_event AS event SET position = placed.place FROM (
                SELECT id, row_number() OVER (ORDER BY position) - 1 AS place
                  FROM custody_event WHERE position IS NOT NULL) AS placed
             WHERE placed.id = event.id
            """
        )
        Node.objects.all().delete()
        leaves = (
            Event.objects.filter(position__isnull=False).order_by("position").values_list("leaf", flat=True)
        )
        nodes = extend(0, [leaf_hash(bytes(leaf)) for leaf in leaves], lambda _: {})
        Node.objects.bulk_create(
            Node(level=node.level, index=node.index, hash=value) for node, value in nodes
        )


def sign_again(log: LogUnderAttack) -> None:
    """With the log's key stolen, every checkpoint is signed anew over the rebuilt tree; cosignatures cannot be."""
    leaves = [
        leaf_hash(bytes(leaf))
        for leaf in Event.objects.filter(position__isnull=False)
        .order_by("position")
        .values_list("leaf", flat=True)
    ]
    nodes = dict(extend(0, leaves, lambda _: {}))
    signer = log_signer()
    with tampering() as cursor:
        cursor.execute("DELETE FROM custody_cosignature")
        cursor.execute("DELETE FROM custody_checkpoint")
        for size in [*(size for size in SIZES if size < len(leaves)), len(leaves)]:
            value = root(size, lambda wanted: {node: nodes[node] for node in wanted})
            note = signer.sign(TreeHead(signer.origin, size, value).to_text())
            Checkpoint.objects.create(size=size, root=value, note=note, signed_at=now())


def forge_leaf(position: int, old: str, new: str) -> Deed:
    """Column, leaf and tree say something else, all consistently."""

    def deed(log: LogUnderAttack) -> None:
        event = log.events[position]
        leaf = bytes(event.leaf).replace(old.encode(), new.encode())
        assert leaf != bytes(event.leaf)
        with tampering() as cursor:
            cursor.execute(
                "UPDATE custody_event SET leaf = %s, kind = %s WHERE id = %s", [leaf, new, event.id]
            )

    return deed


def put_in(position: int, *, days: int = 0) -> Deed:
    """A well-made event takes a position; those from there on move up."""

    def deed(log: LogUnderAttack) -> None:
        (made,) = append(1, at=now() - timedelta(days=days))
        with tampering() as cursor:
            cursor.execute(
                "UPDATE custody_event SET position = position + 1000000 WHERE position >= %s", [position]
            )
            cursor.execute("UPDATE custody_event SET position = position - 999999 WHERE position >= 1000000")
            cursor.execute("UPDATE custody_event SET position = %s WHERE id = %s", [position, made.id])
        log.events.append(made)

    return deed


def take_out(*positions: int) -> Deed:
    """Events and their particulars are gone."""
    listed = ", ".join(map(str, positions))
    which = f"SELECT id FROM custody_event WHERE position IN ({listed})"
    return sql(
        f"DELETE FROM custody_eventparticulars WHERE event_id IN ({which})",
        f"DELETE FROM custody_event WHERE position IN ({listed})",
    )


def both(*deeds: Deed) -> Deed:
    """One after the other."""

    def deed(log: LogUnderAttack) -> None:
        for each in deeds:
            each(log)

    return deed


def without_foreign_keys(deed: Deed) -> Deed:
    """With the reference from cosignatures to checkpoints dropped first, as the tables' owner can."""

    def done(log: LogUnderAttack) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "SELECT conrelid::regclass, conname FROM pg_constraint"
                " WHERE confrelid = 'custody_checkpoint'::regclass AND contype = 'f'"
            )
            for table, name in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        deed(log)

    return done
