"""What a command says of a file that brought many in: each fault, then the sum."""

from pathlib import Path
from typing import Annotated, TextIO

import typer

from tabard.cli.output import console, emit, fail
from tabard.kernel.sheet import ImportReport
from tabard.kernel.text import counted

GoodOnly = Annotated[
    bool, typer.Option("--good-only", help="Where rows are at fault, import the others instead of none.")
]


def opened(file: Path) -> TextIO:
    """The file, to be read as a sheet; leaves with 2 where there is none."""
    if not file.is_file():
        fail(f"There is no file {file}.")
    return file.open(encoding="utf-8-sig", newline="")


def tell(report: ImportReport, *, as_json: bool) -> None:
    """Says every fault and what was imported; leaves with 1 where the file has a fault."""
    for error in report.errors:
        console.print(f"Row {error.row}, {error.field}: {error.words}", markup=False)
    done = "would be imported" if report.dry_run else "imported"
    words = (counted(report.rows, "row"), f"{report.imported:,} {done}", counted(len(report.errors), "error"))
    console.print(f"{', '.join(words)}.")
    if report.good and not report.ok and not report.imported:
        console.print(f"--good-only imports the {report.good} rows without a fault.")
    answer = {
        "rows": report.rows,
        "good": report.good,
        "imported": report.imported,
        "dry_run": report.dry_run,
        "sha256": report.sha256,
        "errors": [{"row": each.row, "field": each.field, "words": each.words} for each in report.errors],
    }
    emit(answer, as_json=as_json, ok=report.ok)
