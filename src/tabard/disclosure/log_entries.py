"""How does an event stand in a document? In words, with what its item was called then and the checkpoint over it."""

from collections.abc import Iterable

from tabard.custody.covering import CoveredEvent
from tabard.custody.kinds import CLASS_OF
from tabard.disclosure.event_words import said, words_of
from tabard.disclosure.history_document import Entry
from tabard.disclosure.item_names import ItemName, item_names


def entries(events: Iterable[CoveredEvent]) -> tuple[Entry, ...]:
    """The events in the order given."""
    found = list(events)
    names = item_names([event.line for event in found])
    return tuple(_entry(event, names[event.line.id]) for event in found)


def _entry(event: CoveredEvent, item: ItemName) -> Entry:
    line = event.line
    return Entry(
        position=line.position,
        event_id=str(line.id),
        at=line.at,
        kind=line.kind.value,
        what=words_of(line.kind),
        section=CLASS_OF[line.kind].value,
        item=item.in_words,
        subject_type=line.subject_type,
        subject_id=str(line.subject_id),
        said=said(line.details),
        by=line.actor_name or "(erased)",
        leaf_hash=event.leaf_hash.hex(),
        covered_size=event.covering.size if event.covering else None,
        covered_at=event.covering.signed_at if event.covering else None,
    )
