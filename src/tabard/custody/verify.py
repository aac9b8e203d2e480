"""Is the log what it was? Recomputes everything from rows and published tiles, and names whatever disagrees.

Each event's columns and commitments are compared with its leaf, each leaf with the stored tree and with the published
tiles, the tree with every checkpoint that was ever signed and can be found, and each time with the times around it.
The parts, in `verification`: `heads` (what was signed), `rows` (one event), `tree` (all of them), `places` (which of
them), `tiles` (what outsiders get), `dating` (when).
"""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

from django.db import connection

from tabard.custody.timestamping.tokens import TsaChain
from tabard.custody.verification.dating import DATING_TOLERANCE, time_in_id
from tabard.custody.verification.heads import Seen, find_heads
from tabard.custody.verification.moment import one_moment
from tabard.custody.verification.report import Defect, LogReport
from tabard.custody.verification.rows import check_row, waiting
from tabard.custody.verification.tree import Progress, TreeWalk
from tabard.merkle.note import VerifierKey

__all__ = ["Defect", "LogReport", "Seen", "fingerprint", "verify_log"]

SEQUENCED_WITHIN = timedelta(minutes=1)


def verify_log(
    *vkeys: str,
    also_signed: Iterable[str] = (),
    seen: Iterable[Seen] = (),
    witnesses: Sequence[VerifierKey] = (),
    chain: TsaChain | None = None,
    now: datetime | None = None,
    worker_runs: bool = False,
    dated_within: timedelta | None = DATING_TOLERANCE,
    progress: Progress = lambda _done, _total: None,
    processes: int = 1,
) -> LogReport:
    """The whole log recomputed from rows and tiles, and compared with everything that was signed, as of one moment.

    Args:
        vkeys: The log's verifier keys, those of before a rotation too, from somewhere that the database's
            administrator cannot change.
        also_signed: What the signer remembers to have signed, as signed notes; it may be a moment ahead of our table.
        seen: Checkpoints that others kept, each with where.
        witnesses: Keys of witnesses, to check cosignatures with.
        chain: Certificates to check time-stamp tokens with; without them tokens are only counted.
        now: The present, to know a signing time in the future by, and an event that waits too long.
        worker_runs: Whether a worker runs, so that no event should wait longer than a minute.
        dated_within: How far an event's time may be from the times around it; None where times were invented, as in
            tests that play a year.
        progress: Told how many of how many positions are done.
        processes: How many may look at blocks of a long log at once.

    Raises:
        VerificationStopped: one of these processes was ended.
    """
    report = LogReport()
    verifiers = [VerifierKey.parse(vkey) for vkey in vkeys]
    kept = [Seen("the file of what was signed last", note, must_be_here=False) for note in also_signed]
    is_apart = not connection.in_atomic_block  # else no other process could see what is here
    with one_moment() if is_apart else nullcontext():
        heads = find_heads(
            verifiers,
            witnesses=witnesses,
            seen=[*kept, *seen],
            chain=chain,
            now=now,
            report=report,
            dated_within=dated_within,
        )
        times = heads.times
        for row in waiting():
            report.unsequenced += 1
            check_row(row, times, report)
            if worker_runs and now is not None and time_in_id(row.id) < now - SEQUENCED_WITHIN:
                report.warn("unsequenced", row.id, f"{row.named} has waited for its place for over a minute.")
        TreeWalk(heads, report).run(progress, processes if is_apart else 1)
        _check_particulars(report)
    return report


def _check_particulars(report: LogReport) -> None:
    """No particulars of an event that is not there."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT held.event_id FROM custody_eventparticulars AS held
              LEFT JOIN custody_event AS event ON event.id = held.event_id
             WHERE event.id IS NULL ORDER BY held.event_id
            """
        )
        for (event_id,) in cursor.fetchall():
            words = f"Event {event_id} is missing: who did it, and its details, are still here."
            report.add("particulars_unexpected", event_id, words)


def fingerprint(vkey: str) -> str:
    """A short form of a verifier key for people to compare by voice: SHA-256, first 16 hex digits in fours."""
    digest = hashlib.sha256(vkey.encode()).hexdigest()[:16]
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))
