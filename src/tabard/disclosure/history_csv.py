"""How does a recording's history look in a spreadsheet? One row for each event, in the order of the log. Pure."""

import csv
import io

from tabard.disclosure.history_document import NOT_COVERED, Entry, HistoryDocument, in_london, in_utc
from tabard.kernel.cells import BYTE_ORDER_MARK, inert

COLUMNS = (
    "position",
    "event_id",
    "time_london",
    "time_utc",
    "kind",
    "what",
    "s62_class",
    "item",
    "subject_type",
    "subject_id",
    "details",
    "who",
    "leaf_sha256",
    "covered_by_checkpoint_of",
    "checkpoint_signed_utc",
)


def history_csv(document: HistoryDocument) -> bytes:
    """RFC 4180 CSV in UTF-8 with a byte order mark; no cell can run as a spreadsheet's formula."""
    return entries_csv(document.entries)


def entries_csv(entries: tuple[Entry, ...]) -> bytes:
    """The entries alone, as the log's own screen gives them out."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(inert, _row(entry)) for entry in entries)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        "" if entry.position is None else str(entry.position),
        entry.event_id,
        in_london(entry.at),
        in_utc(entry.at),
        entry.kind,
        entry.what,
        entry.section,
        entry.item,
        entry.subject_type,
        entry.subject_id,
        entry.said,
        entry.by,
        entry.leaf_hash,
        NOT_COVERED if entry.covered_size is None else str(entry.covered_size),
        "" if entry.covered_at is None else in_utc(entry.covered_at),
    )
