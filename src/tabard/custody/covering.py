"""From which signed checkpoint on is an event proven? The earliest that covers it, and how its leaf is known there."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection

from tabard.custody.models import Event, TimestampToken
from tabard.custody.selectors import EventLine, lines
from tabard.custody.timestamping.tokens import InvalidTsaChain, TsaChain
from tabard.merkle.tree import leaf_hash

_EARLIEST = """
    SELECT placed.position, earliest.size, earliest.signed_at
      FROM unnest(%s::bigint[]) AS placed (position)
     CROSS JOIN LATERAL (
           SELECT size, signed_at FROM custody_checkpoint WHERE size > placed.position ORDER BY size LIMIT 1
     ) AS earliest
"""


@dataclass(frozen=True, slots=True)
class Covering:
    """The earliest checkpoint that covers an event: of how many events, and when it was signed."""

    size: int
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class CoveredEvent:
    """An event with its leaf's hash and the earliest checkpoint over it, None while it waits for one."""

    line: EventLine
    leaf_hash: bytes
    covering: Covering | None


def coverings(positions: Collection[int]) -> dict[int, Covering]:
    """The earliest checkpoint over each position; a position that none covers is not in it."""
    with connection.cursor() as cursor:
        cursor.execute(_EARLIEST, [list(positions)])
        return {position: Covering(size, signed_at) for position, size, signed_at in cursor.fetchall()}


def covered(events: Iterable[Event]) -> Iterator[CoveredEvent]:
    """The events, in the order given, each with what a stranger needs to find it in the published log."""
    found = list(events)
    earliest = coverings([event.position for event in found if event.position is not None])
    for event, line in zip(found, lines(found), strict=True):
        over = None if event.position is None else earliest.get(event.position)
        yield CoveredEvent(line, leaf_hash(bytes(event.leaf)), over)


def covered_events(event_ids: Collection[UUID]) -> Iterator[CoveredEvent]:
    """These events, newest first."""
    found = Event.objects.filter(id__in=list(event_ids)).select_related("particulars")
    return covered(found.order_by("-id"))


def stamp_over(size: int) -> tuple[bytes, TsaChain] | None:
    """The first timestamp over the checkpoint of this size, with the chain to check it by; None where there is none.

    A chain that is not set or cannot be used leaves nothing to check a timestamp with.
    """
    token = TimestampToken.objects.filter(checkpoint_id=size).order_by("stamped_at").first()
    if token is None or not settings.TABARD_TSA_CHAIN:
        return None
    try:
        return bytes(token.token), TsaChain.parse(Path(settings.TABARD_TSA_CHAIN).read_bytes())
    except (OSError, InvalidTsaChain):
        return None
