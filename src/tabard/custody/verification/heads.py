"""What has been signed? Every checkpoint that can be found, each opened, and what stands beside it compared with it.

Found in our own table, in witnesses' cosignatures, in time-stamp tokens, in the file of what was signed last, and in
whatever others kept and show us. A checkpoint counts only if the log's own signature on it holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from tabard.custody.models import Checkpoint, Cosignature, TimestampToken
from tabard.custody.timestamping.stamping import problem_of
from tabard.custody.timestamping.tokens import TsaChain
from tabard.custody.verification.dating import Signed, Times, is_dated, time_in_id
from tabard.custody.verification.report import LogReport
from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import InvalidNote, SignedNote, VerifierKey, cosigned_at, parse_signatures


class Seen(NamedTuple):
    """A checkpoint that was kept outside the database; `must_be_here` where the log gave it out from its table."""

    where: str
    note: str
    must_be_here: bool = True


class SignedHead(NamedTuple):
    """A tree head that the log signed, and where it was found."""

    size: int
    root: bytes
    where: str
    is_ours: bool


@dataclass(slots=True)
class Heads:
    """Every signed head by size, and the trustworthy times of our own checkpoints, in the order of sizes."""

    found: dict[int, list[SignedHead]] = field(default_factory=dict)
    signed_at: list[Signed] = field(default_factory=list)
    dated_within: timedelta | None = None

    @property
    def sizes(self) -> list[int]:
        """Every size that was signed, ascending."""
        return sorted(self.found)

    def add(self, head: SignedHead) -> None:
        """Keep a head."""
        self.found.setdefault(head.size, []).append(head)

    @property
    def times(self) -> Times:
        """When they were signed, to date events by."""
        return Times(self.signed_at, self.dated_within)


def find_heads(
    verifiers: Sequence[VerifierKey],
    *,
    witnesses: Sequence[VerifierKey],
    seen: Iterable[Seen],
    chain: TsaChain | None,
    now: datetime | None,
    dated_within: timedelta | None,
    report: LogReport,
) -> Heads:
    """Every checkpoint whose signature holds; the others, and what stands beside them wrongly, are defects."""
    heads, rows = (
        Heads(dated_within=dated_within),
        {row.size: row for row in Checkpoint.objects.order_by("size")},
    )
    for row in rows.values():
        _take_row(row, verifiers, heads, report)
    for kept in seen:
        head = _opened(kept.where, kept.note, verifiers, report)
        if head is None:
            continue
        heads.add(SignedHead(head.size, head.root, kept.where, is_ours=False))
        if kept.must_be_here and head.size not in rows:
            report.add("checkpoint_missing", head.size, _GONE.format(head.size, kept.where))
    _check_cosignatures(rows, witnesses, report)
    _check_tokens(rows, chain, report)
    if dated_within is not None:
        _check_times(rows, now, dated_within, heads, report)
    report.checkpoints = len(rows)
    return heads


_GONE = "Checkpoint {} was signed and is kept in {}, but it is not in the database."


def _take_row(
    row: Checkpoint, verifiers: Sequence[VerifierKey], heads: Heads, report: LogReport
) -> TreeHead | None:
    head = _opened(f"checkpoint {row.size}", row.note, verifiers, report, code_where=row.size)
    if head is None:
        return None
    if (head.size, head.root) != (row.size, bytes(row.root)):
        words = f"Checkpoint {row.size} in the database differs from the note of {head.size} events that was signed."
        report.add("checkpoint_row", row.size, words)
    heads.add(SignedHead(head.size, head.root, f"checkpoint {row.size}", is_ours=True))
    return head


def _opened(
    where: str,
    note: str,
    verifiers: Sequence[VerifierKey],
    report: LogReport,
    *,
    code_where: object = None,
) -> TreeHead | None:
    """The checkpoint in a note, or None and a defect where the log's signature does not hold."""
    try:
        return open_checkpoint(note.encode(), verifiers)
    except Integrity as error:
        words = f"{where[0].upper()}{where[1:]} is not what the log signed: {error.message}"
        report.add("checkpoint_signature", where if code_where is None else code_where, words)
        return None


def _check_cosignatures(
    rows: dict[int, Checkpoint], witnesses: Sequence[VerifierKey], report: LogReport
) -> None:
    """Each cosignature stands on a checkpoint that is here, and says what its row says."""
    for kept in Cosignature.objects.order_by("checkpoint_id", "id").iterator():
        report.cosignatures += 1
        size = kept.checkpoint_id
        if size not in rows:
            words = f"{kept.witness} cosigned checkpoint {size}, but that checkpoint is not in the database."
            report.add("checkpoint_missing", size, words)
            continue
        problem = _cosignature_problem(kept, rows[size].note, witnesses)
        if problem:
            words = f"The cosignature of {kept.witness} on checkpoint {size} is not what the witness gave: {problem}"
            report.add("cosignature", size, words)


def _cosignature_problem(kept: Cosignature, note: str, witnesses: Sequence[VerifierKey]) -> str:
    """What is wrong with a cosignature; empty where it holds, or where only its witness's key could tell."""
    try:
        (line,) = parse_signatures(f"{kept.line}\n")
        text = SignedNote.parse(note.encode()).text.encode()
        if line.name != kept.witness:
            return f"the line is of {line.name}."
        if cosigned_at(line) != kept.cosigned_at:
            return "its time is not the one that was signed."
    except (InvalidNote, ValueError) as error:
        return str(error)
    named = [key for key in witnesses if key.name == line.name]
    if not named:
        return ""
    if not any(key.key_id == line.key_id and key.holds(text, line.signature) for key in named):
        return "the signature does not hold."
    return ""


def _check_tokens(rows: dict[int, Checkpoint], chain: TsaChain | None, report: LogReport) -> None:
    """Each time-stamp token is over the checkpoint that it stands beside (only where certificates are known)."""
    for kept in TimestampToken.objects.order_by("checkpoint_id").iterator(500):
        report.timestamps += 1
        size = kept.checkpoint_id
        if size not in rows:
            words = f"{kept.authority} stamped checkpoint {size}, but that checkpoint is not in the database."
            report.add("checkpoint_missing", size, words)
            continue
        try:
            problem = problem_of(kept, chain) if chain is not None else ""
        except Integrity as error:
            problem = error.message
        if problem:
            words = f"The time stamp of {kept.authority} on checkpoint {size} does not hold: {problem}"
            report.add("timestamp", size, words)


def _check_times(
    rows: dict[int, Checkpoint],
    now: datetime | None,
    tolerance: timedelta,
    heads: Heads,
    report: LogReport,
) -> None:
    """Keep the signing times that fit the events before and the checkpoints after; name the others."""
    last_events = _times_of_last_events()
    latest = None if now is None else now + tolerance
    kept: list[Signed] = []
    for size in sorted(rows, reverse=True):
        signed = rows[size].signed_at
        event_at = last_events.get(size)
        if event_at is not None and signed < event_at - tolerance:
            words = f"Checkpoint {size} says it was signed {signed:%Y-%m-%d %H:%M} UTC, before events that it covers."
            report.add("checkpoint_time", size, words)
        elif latest is not None and signed > latest:
            words = f"Checkpoint {size} says it was signed {signed:%Y-%m-%d %H:%M} UTC, after one that came later."
            report.add("checkpoint_time", size, words)
        else:
            kept.append((size, signed))
            latest = signed + tolerance if latest is None else min(latest, signed + tolerance)
    heads.signed_at = kept[::-1]


def _times_of_last_events() -> dict[int, datetime]:
    """For each checkpoint's size, the time in the id of the last event it covers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT signed.size, last.id::text FROM custody_checkpoint AS signed
              JOIN custody_event AS last ON last.position = signed.size - 1
            """
        )
        found: list[tuple[int, str]] = cursor.fetchall()
    return {size: time_in_id(event_id) for size, event_id in found if is_dated(event_id)}
