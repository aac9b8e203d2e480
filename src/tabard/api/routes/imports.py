"""What is answered to a file that brings many in? A report; a file at fault, of which nothing came in, is a problem."""

import io
from typing import TextIO

from django.http import HttpResponse
from ninja import UploadedFile

from tabard.api.errors import problem
from tabard.api.schemas.imports import ImportOut, RowFault
from tabard.api.schemas.problems import FieldFault
from tabard.kernel.sheet import ImportReport

MOST_FAULTS = 200


def sent_rows(file: UploadedFile) -> TextIO:
    """The file that was sent, as the imports read it."""
    return io.TextIOWrapper(io.BytesIO(file.read()), encoding="utf-8")


def answer_to(report: ImportReport) -> ImportOut | HttpResponse:
    """The report; where a file at fault was to be imported and nothing was, the problem with its first faults."""
    is_refused = not report.ok and not report.dry_run and not report.imported
    return _faulty(report) if is_refused else _report(report)


def _report(report: ImportReport) -> ImportOut:
    return ImportOut(
        rows=report.rows,
        good=report.good,
        imported=report.imported,
        dry_run=report.dry_run,
        sha256=report.sha256,
        errors=[RowFault(row=fault.row, field=fault.field, words=fault.words) for fault in report.errors],
    )


def _faulty(report: ImportReport) -> HttpResponse:
    faults = [
        FieldFault(field=f"row {fault.row}, {fault.field}", detail=fault.words)
        for fault in report.errors[:MOST_FAULTS]
    ]
    detail = f"Nothing was imported: the file has {len(report.errors)} faults."
    fields = {
        "rows": report.rows,
        "good": report.good,
        "faults": len(report.errors),
        "sha256": report.sha256,
    }
    return problem(422, "import_faulty", detail, fields=fields, errors=faults)
