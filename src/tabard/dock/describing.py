"""What is said of a file when it is sent? Only what the card says: nothing is guessed, and times come as they are."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tabard.dock.cards import Card, Found

Together = tuple[str, str]


def recording_of(card: Card, found: Found) -> Together:
    """What the files of one recording on this card share: their folder, and their number or name."""
    folder, _, name = found.path.rpartition("/")
    return folder, card.layout.group(name)[0]


def describe(card: Card, found: Found, together: Sequence[Found]) -> Mapping[str, str]:
    """The `Upload-Metadata` of a file (dock protocol, "Sending a file"), without its hash.

    Args:
        card: Where it is.
        found: The file.
        together: Every file of its recording, itself among them.
    """
    said = {
        "filename": found.name,
        "path": found.shown,
        "camera": card.serial,
        "make": card.make,
        "model": card.model,
        "firmware": card.firmware,
        "modified_at": _instant(found.modified_ns),
        "started_at": _started_at(card, found),
        "sequence": card.layout.group(found.path.rpartition("/")[2])[1],
    }
    if len(together) > 1:
        said |= {"recording": _name(card, together), "files": str(len(together))}
    return {key: value for key, value in said.items() if value}


def _name(card: Card, together: Sequence[Found]) -> str:
    """One name for all of them: cameras count anew after a while, so the oldest file's time is part of it."""
    first = min(together, key=lambda each: (each.modified_ns, each.path))
    folder, group = recording_of(card, first)
    return f"{card.key}/{folder}/{group}/{_instant(first.modified_ns)}"


def _started_at(card: Card, found: Found) -> str:
    rule = card.layout.started
    started_at = rule.read(found.path.rpartition("/")[2]) if rule else None
    return started_at.isoformat() if started_at else ""


def _instant(modified_ns: int) -> str:
    return datetime.fromtimestamp(modified_ns / 1e9, UTC).isoformat().replace("+00:00", "Z")
