"""How does a recording's history look on paper? A PDF/A-2b, the same bytes for the same document and time."""

from datetime import datetime
from typing import Any

from tabard.disclosure.history_document import (
    NOT_COVERED,
    Entry,
    HistoryDocument,
    in_london,
    in_utc,
)
from tabard.disclosure.schedule_pdf import typeset


def history_pdf(document: HistoryDocument, *, at: datetime) -> bytes:
    """The history, typeset.

    Args:
        document: What it says.
        at: What the file names as its time; part of its bytes.

    Raises:
        ScheduleFailed: it could not be typeset.
    """
    return typeset("history.typ", _data(document), at=at, what="history")


def _data(document: HistoryDocument) -> dict[str, Any]:
    head, title = document.head, str(document.recording[0][1])
    return {
        "force": document.force,
        "made": [
            ("Made by", document.made_by),
            ("Made at", _both(document.made_at)),
            ("Reason", document.reason or "none was given"),
            ("Entries", _entries(document)),
        ],
        "left_out": document.left_out,
        "recording": [
            (key, _both(value) if isinstance(value, datetime) else value) for key, value in document.recording
        ],
        "title": title,
        "files": [
            {"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256}
            for file in document.files
        ],
        "entries": [_entry(entry, title) for entry in document.entries],
        "head": [
            ("Log", head.origin),
            ("Newest checkpoint", f"{head.size} entries, signed {_both(head.signed_at)}"),
            ("Cosigned by", ", ".join(head.witnesses) or "no witness"),
        ]
        if head
        else [],
        "root": head.root if head else "",
        "vkey": document.vkey,
        "fingerprint": document.fingerprint,
    }


def _entries(document: HistoryDocument) -> str:
    count, waiting = len(document.entries), document.uncovered
    if not waiting:
        return f"{count}, each covered by a signed checkpoint"
    return f"{count}, of which {waiting} not yet covered by a signed checkpoint"


def _entry(entry: Entry, title: str) -> dict[str, str]:
    """One row; the item is named only where it is not the recording itself."""
    return {
        "position": "waiting" if entry.position is None else str(entry.position),
        "london": in_london(entry.at),
        "utc": in_utc(entry.at),
        "what": entry.what,
        "item": "" if entry.item == title else entry.item,
        "said": entry.said,
        "section": entry.section,
        "by": entry.by,
        "covered": NOT_COVERED if entry.covered_size is None else f"checkpoint of {entry.covered_size}",
        "covered_at": "" if entry.covered_at is None else in_utc(entry.covered_at),
        "id": entry.event_id,
        "leaf": entry.leaf_hash,
    }


def _both(at: datetime) -> str:
    return f"{in_london(at)} ({in_utc(at)})"
