"""How is a run's reconciliation written down? As CSV, one row a file, and as JSON; both say the same."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tabard.intake.models import FolderItem, FolderRun
from tabard.kernel.cells import BYTE_ORDER_MARK, inert

COLUMNS = ("path", "state", "remark", "words", "size_bytes", "sha256", "object", "recording")
_BATCH = 2000


def csv_pieces(run: FolderRun) -> Iterator[bytes]:
    """The items of a run by path, as CSV."""
    return csv_of(map(as_json, _items(run)))


def csv_of(items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """RFC 4180 CSV in UTF-8 with a byte order mark, piece by piece; no cell can run as a spreadsheet's formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    text.write(BYTE_ORDER_MARK)
    writer.writerow(COLUMNS)
    for item in items:
        writer.writerow([inert(_plain(item[column])) for column in COLUMNS])
        if text.tell() > 64 * 1024:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_sha256(run: FolderRun) -> bytes:
    """The SHA-256 of the run's CSV."""
    digest = hashlib.sha256()
    for piece in csv_pieces(run):
        digest.update(piece)
    return digest.digest()


def as_json(item: FolderItem) -> dict[str, Any]:
    """One item in plain values, in the order of the columns."""
    return {
        "path": item.path,
        "state": item.state,
        "remark": item.remark,
        "words": item.words,
        "size_bytes": item.size_bytes,
        "sha256": bytes(item.sha256).hex() if item.sha256 is not None else None,
        "object": str(item.object_id) if item.object_id else None,
        "recording": str(item.recording_id) if item.recording_id else None,
    }


def run_as_json(run: FolderRun) -> dict[str, Any]:
    """The whole run in plain values."""
    return {
        "run": str(run.pk),
        "collection": run.collection,
        "path": run.path,
        "manifest": run.manifest or None,
        "manifest_sha256": bytes(run.manifest_sha256).hex() if run.manifest_sha256 else None,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "counts": run.counts,
        "items": [as_json(item) for item in _items(run)],
    }


def _items(run: FolderRun) -> Iterator[FolderItem]:
    return run.items.order_by("path", "pk").iterator(_BATCH)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
