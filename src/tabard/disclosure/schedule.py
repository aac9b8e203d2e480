"""What does the schedule of exhibits list? Pure.

One row for every file, from the facts alone, so that the two cannot part.
"""

import csv
import io
from collections.abc import Iterable

from tabard.disclosure.facts import Facts
from tabard.kernel.cells import BYTE_ORDER_MARK, inert

COLUMNS = (
    "reference",
    "description",
    "producer",
    "produced_at",
    "incident",
    "recorded_from",
    "recorded_until",
    "kind",
    "file",
    "original_name",
    "size_bytes",
    "sha256",
)


def schedule_csv(exhibits: Iterable[Facts]) -> bytes:
    """The schedule as RFC 4180 CSV in UTF-8 with a byte order mark; no cell can run as a spreadsheet's formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for facts in exhibits:
        for row in rows(facts):
            writer.writerow(map(inert, row))
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def rows(facts: Facts) -> list[tuple[str, ...]]:
    """One row, as `COLUMNS`, for each file of the exhibit."""
    exhibit, recording = facts.exhibit, facts.recording
    producer = f"{exhibit.producer.rank} {exhibit.producer.name} ({exhibit.producer.shoulder_number})"
    shared = (
        exhibit.reference,
        exhibit.description,
        producer,
        exhibit.produced_at,
        facts.incident.reference if facts.incident else "",
        recording.started_at,
        recording.stopped_at,
    )
    return [
        (*shared, file.kind, file.file, file.name, str(file.size_bytes), file.sha256) for file in facts.files
    ]
