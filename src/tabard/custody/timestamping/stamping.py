"""When did a checkpoint exist at the latest, by somebody else's clock? RFC 3161 tokens, fetched and kept.

The newest checkpoint is stamped, at most once in TABARD_TSA_EVERY_S seconds; where a policy asks for witnesses, the
newest that they have seen, so that one checkpoint carries both. A checkpoint between two stamped ones is dated by them,
because each later tree contains each earlier one. What an authority answers is verified before it is kept, and a token
that was not kept is asked for again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection

from tabard.custody.errors import TsaUnavailable
from tabard.custody.models import Checkpoint, TimestampToken
from tabard.custody.ports import TimestampAuthority
from tabard.custody.timestamping.authority import HttpAuthority
from tabard.custody.timestamping.tokens import (
    InvalidTimestamp,
    InvalidTsaChain,
    TsaChain,
    open_token,
    request_for,
)
from tabard.custody.witnesses.quorum import newest_witnessed
from tabard.merkle.note import SignedNote

_LOCK = 0x7A62_7473_615F_6173  # "zbtsa_as": one worker of all asks


@dataclass(frozen=True, slots=True)
class TokenFinding:
    """One kept token as it was found; `problem` is empty where it holds."""

    size: int
    authority: str
    stamped_at: datetime
    problem: str


def authority() -> TimestampAuthority | None:
    """The authority that TABARD_TSA_URL names; None where none is asked.

    Raises:
        TsaUnavailable: when it is not an address.
    """
    return HttpAuthority(settings.TABARD_TSA_URL) if settings.TABARD_TSA_URL else None


def chain_bytes() -> bytes | None:
    """The certificates in TABARD_TSA_CHAIN as they are on disk now; None where none are set.

    Raises:
        TsaUnavailable: when the file cannot be read.
    """
    if not settings.TABARD_TSA_CHAIN:
        return None
    path = Path(settings.TABARD_TSA_CHAIN)
    try:
        return path.read_bytes()
    except OSError as error:
        raise TsaUnavailable(f"TABARD_TSA_CHAIN cannot be read: {error.strerror}.", path=str(path)) from error


def trusted_chain() -> TsaChain | None:
    """The certificates in TABARD_TSA_CHAIN; None where none are set.

    Raises:
        TsaUnavailable: when the file cannot be read, or holds no root.
    """
    data = chain_bytes()
    try:
        return None if data is None else _parsed(data)
    except InvalidTsaChain as error:
        raise TsaUnavailable(f"TABARD_TSA_CHAIN: {error.message}") from error


def stamp_if_due(*, by: TimestampAuthority, chain: TsaChain, at: datetime) -> TimestampToken | None:
    """The newest checkpoint's token, if one was due and nobody else is fetching it; else None.

    Not inside a transaction: the authority is asked in here.

    Raises:
        TsaUnavailable: when the authority cannot be asked; try again later.
        InvalidTimestamp: when its answer does not hold.
    """
    with _leading() as leads:
        target = next_to_stamp(by.name) if leads and _is_due(by.name, at) else None
        if target is None:
            return None
        text = note_text(target)
        request = request_for(text)
        token = by.stamp(request.as_bytes())
        stamp = open_token(token, text, chain, nonce=request.nonce)
        kept, _ = TimestampToken.objects.get_or_create(
            checkpoint=target, authority=by.name, defaults={"token": token, "stamped_at": stamp.at}
        )
        return kept


def next_to_stamp(name: str) -> Checkpoint | None:
    """The newest witnessed checkpoint that this authority has not stamped, else the newest; None where it has both."""
    for wanted in (newest_witnessed(), Checkpoint.objects.order_by("-size").first()):
        if wanted is not None and not wanted.timestamps.filter(authority=name).exists():
            return wanted
    return None


def overdue_since(name: str, *, at: datetime) -> datetime | None:
    """When the oldest checkpoint was signed that should have had a token by now, or a later one have; None if none.

    Two turns are allowed: one that a request may wait for its time, one that it may fail.
    """
    stamped = TimestampToken.objects.filter(authority=name).order_by("-checkpoint_id").first()
    waiting = Checkpoint.objects.filter(size__gt=stamped.checkpoint_id if stamped else -1).order_by("size")
    oldest = waiting.values_list("signed_at", flat=True).first()
    return oldest if oldest is not None and oldest + 2 * every() < at else None


def note_text(checkpoint: Checkpoint) -> bytes:
    """The bytes that are stamped: the note's text, which its signatures are over, as UTF-8."""
    return SignedNote.parse(checkpoint.note.encode()).text.encode()


def tokens(chain: TsaChain | None) -> Iterator[TokenFinding]:
    """Every kept token, newest checkpoint first, each checked against the chain; without one, none holds."""
    rows = TimestampToken.objects.select_related("checkpoint").order_by("-checkpoint_id", "authority")
    for row in rows.iterator(500):
        yield TokenFinding(row.checkpoint_id, row.authority, row.stamped_at, problem_of(row, chain))


def problem_of(row: TimestampToken, chain: TsaChain | None) -> str:
    """What is wrong with a kept token; empty where it holds and says what is kept beside it."""
    if chain is None:
        return "There are no certificates to check it with: set TABARD_TSA_CHAIN."
    try:
        stamp = open_token(bytes(row.token), note_text(row.checkpoint), chain)
    except InvalidTimestamp as error:
        return error.message
    return "" if stamp.at == row.stamped_at else "The time kept beside the token is not the token's."


def every() -> timedelta:
    """The least time between two requests."""
    return timedelta(seconds=settings.TABARD_TSA_EVERY_S)


def patience() -> timedelta:
    """How long a pack waits for a date: a turn of the authority, and then some for one that has to be asked twice."""
    return every() + timedelta(minutes=5)


def _is_due(name: str, at: datetime) -> bool:
    """Whether this authority has stamped nothing lately; one whose clock is far ahead is not waited for."""
    recent = {"stamped_at__gt": at - every(), "stamped_at__lte": at + every()}
    return not TimestampToken.objects.filter(authority=name, **recent).exists()


@contextmanager
def _leading() -> Iterator[bool]:
    """Whether this connection may ask now: of all workers one at a time does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (leads,) = cursor.fetchone()
    try:
        yield bool(leads)
    finally:
        if leads:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@lru_cache(maxsize=4)
def _parsed(data: bytes) -> TsaChain:
    return TsaChain.parse(data)
