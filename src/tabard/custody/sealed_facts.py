"""Which sealed objects does the log speak of? Each fact is an object, a SHA-256 and the kind of event that says so.

An event about an object names it as its subject, and the leaf holds the hash. An event about something else (a
recording, a clip, a pack) names its objects in its details: beside an `object` stands its `sha256`, or else the leaf's
is meant. Details are believed here; that they are what the leaf committed to is for `verify` to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DataError
from django.db.models import BinaryField, Func

from tabard.custody.errors import LogCorrupt
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event

_BATCH = 2_000
# What these say of their objects stands in their details; the subject is what the objects belong to.
_SPEAK_OF_OBJECTS = (
    EventKind.DESTINATION_REGISTERED,
    EventKind.RECORDING_SEALED,
    EventKind.SEGMENT_PACKETS_INDEXED,
    EventKind.DERIVATIVE_MADE,
    EventKind.CLIP_CUT,
    EventKind.PACK_BUILT,
)
# Every object comes into being with one of these; what else speaks of it, speaks of it later.
SEALING_KINDS = frozenset(
    kind.value
    for kind in (
        EventKind.OBJECT_SEALED,
        EventKind.OBJECT_CONFLICTED,
        EventKind.OBJECT_DECRYPTED,
        *_SPEAK_OF_OBJECTS,
    )
)
# Their leaf's SHA-256 is over something other than one object's bytes.
_OF_SOMETHING_ELSE = {EventKind.RECORDING_SEALED.value, EventKind.SEGMENT_PACKETS_INDEXED.value}
_DESTROYS_KEYS = (EventKind.RECORDING_DISPOSED, EventKind.KEY_DESTROYED)


class _LeafHash(Func):
    """The SHA-256 that a leaf holds, read where the leaves are: of a million, that is most of the work."""

    template = "decode(convert_from(%(expressions)s, 'UTF8')::json ->> 'sha256', 'hex')"
    output_field = BinaryField()


class SealedFact(NamedTuple):
    """The log says, by an event of this kind, that the object's plain bytes hash to this (None: only that it is)."""

    object_id: UUID
    sha256: bytes | None
    kind: str


def sealed_facts() -> Iterator[SealedFact]:
    """Every fact of the log about a sealed object, in no order; memory stays flat.

    Details that were lawfully erased say nothing any more, so an object of a disposed recording may go unmentioned.

    Raises:
        LogCorrupt: a leaf is no JSON, or what it gives as the hash is none; `verify` names it.
    """
    with _readable_leaves():
        yield from _by_subject()
        yield from _by_details()


def destroyed_subjects() -> Iterator[UUID]:
    """The subjects of every event that says that keys were destroyed: recordings and objects."""
    kinds = [kind.value for kind in _DESTROYS_KEYS]
    found = Event.objects.filter(kind__in=kinds).values_list("subject_id", flat=True)
    return found.iterator(_BATCH)


def _by_subject() -> Iterator[SealedFact]:
    events = Event.objects.filter(subject_type="object").values_list("subject_id", "kind", _LeafHash("leaf"))
    for object_id, kind, sha256 in events.iterator(_BATCH):
        if sha256 is not None:
            yield SealedFact(object_id, bytes(sha256), kind)


def _by_details() -> Iterator[SealedFact]:
    kinds = [kind.value for kind in _SPEAK_OF_OBJECTS]
    events = Event.objects.filter(kind__in=kinds, particulars__details__isnull=False)
    spoken = events.values_list("kind", _LeafHash("leaf"), "particulars__details")
    for kind, leaf_hash, details in spoken.iterator(_BATCH):
        own = None if kind in _OF_SOMETHING_ELSE or leaf_hash is None else bytes(leaf_hash)
        for object_id, sha256 in _named_in(details):
            yield SealedFact(object_id, sha256 or own, kind)


def _named_in(value: Any) -> Iterator[tuple[UUID, bytes | None]]:
    """Every object that the details name, however deep, with the hash that stands beside it."""
    if isinstance(value, Mapping):
        named = _pair(value)
        if named is not None:
            yield named
    inner: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
    for each in inner:
        if isinstance(each, Mapping | list):
            yield from _named_in(each)


def _pair(value: Mapping[str, Any]) -> tuple[UUID, bytes | None] | None:
    try:
        sha256 = value.get("sha256")
        return UUID(value["object"]), None if sha256 is None else bytes.fromhex(sha256)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


@contextmanager
def _readable_leaves() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise LogCorrupt("A leaf cannot be read; run `tabard log verify`.") from error
