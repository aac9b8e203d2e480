"""`tabard vault migrate`: move every object to a new store, and know that all of them arrived."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import database
from tabard.cli.home import Home
from tabard.cli.output import console, emit, errors
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.safekeeping.migrate import MoveReport
    from tabard.vault.models import Move

_SETTING = {"a": ("TABARD_STORE_URL", ""), "b": ("TABARD_STORE_B_URL", "TABARD_STORE_B_")}


def migrate(
    *,
    to: Annotated[str, typer.Option(help="The new store: file:///folder, s3://bucket/prefix, az://, gs://.")],
    store: Annotated[str, typer.Option("--as", help="Which store it is to become: a or b.")] = "a",
    manifest: Annotated[
        Path | None, typer.Option(help="Where to write what became of each file, as CSV.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Copy every readable object to a new store, read each back from there, and compare its hash.

    May be stopped at any time; the same command goes on. The old store is only read. The new one may be switched to
    when as many objects came out as went in, each verified; then this says what to set. Exit code 1 until that is so.
    Credentials of the new store come from variables that begin with TABARD_NEW_STORE_.
    """
    with database() as home:
        from tabard.custody.actors import Actor
        from tabard.safekeeping.migrate import migrate as move_all
        from tabard.safekeeping.migrate import plan_move

        if dry_run:
            report = plan_move(url=to, store=store)
            written = None
        else:
            with _bar() as show:
                report = move_all(
                    url=to, store=store, by=Actor.system("command line"), clock=now, progress=show
                )
            written = _write_manifest(report.move, manifest, home)
        _say(report, written, dry_run=dry_run)
        answer = _answer(report, to, written) | {"dry_run": dry_run}
        if report.is_whole and not dry_run:
            answer["set"] = _settings(to, store)
    emit(answer, as_json=json, ok=dry_run or report.is_whole)


def _say(report: "MoveReport", written: Path | None, *, dry_run: bool) -> None:
    for each in report.not_moved:
        console.print(f"[bold red]{each.code}[/] {each.object_id}: {escape(each.words)}")
    console.print(f"N in {report.objects_in:,}, N out {report.objects_out:,}; {report.size_bytes:,} bytes.")
    if written:
        console.print(f"What became of each file: {written}")
    if dry_run:
        console.print("Nothing was copied.")
    elif report.is_whole:
        console.print("[bold]Every object arrived and was read back.[/] To switch over:")
        console.print(
            "  1. Stop Tabard. 2. Run this command once more: it copies what was sealed since. 3. Set what follows, "
            "and start Tabard. The old store was only read; keep it until `tabard vault reconcile` and "
            "`tabard vault scrub` found nothing wrong with the new one."
        )
    else:
        console.print(
            "[bold red]Not every object arrived: do not switch over.[/] Run this command again to go on."
        )
    if report.is_whole and not dry_run and report.move is not None:
        for name, value in _settings(report.move.url, report.move.store).items():
            console.print(f"  {name}={value}", markup=False)


def _settings(url: str, store: str) -> dict[str, str]:
    """What to set so that the new store is used."""
    variable, prefix = _SETTING[store]
    if url.startswith("file:"):
        return {variable: url}
    return {variable: url, f"{prefix}AWS_... (and the like)": "the values of TABARD_NEW_STORE_AWS_..."}


def _answer(report: "MoveReport", url: str, written: Path | None) -> dict[str, Any]:
    return {
        "ok": report.is_whole,
        "to": url,
        "objects_in": report.objects_in,
        "objects_out": report.objects_out,
        "bytes": report.size_bytes,
        "moved_now": report.moved_now,
        "not_moved": [
            {"object": each.object_id, "code": each.code, "words": each.words} for each in report.not_moved
        ],
        "manifest": None if written is None else str(written),
    }


def _write_manifest(move: "Move | None", chosen: Path | None, home: Home) -> Path | None:
    """One line for each object: its recording, size, SHA-256 and what became of it."""
    from tabard.retention.selectors import recordings_of
    from tabard.safekeeping.migrate import results

    if move is None:
        return None
    path = chosen or home.root / "moves" / f"{move.pk}.csv"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["object", "recording", "size_bytes", "sha256", "result"])
        for obj, result in results(move):
            recording = recordings_of([obj.pk]).get(obj.pk, "")
            writer.writerow([obj.pk, recording, obj.size_bytes, bytes(obj.sha256).hex(), result])
    return path


@contextmanager
def _bar() -> Iterator[Any]:
    """What shows how far a move is: bytes, rate and time left, on standard error."""
    columns = (
        TextColumn("Moving"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task("move")

        def show(report: "MoveReport") -> None:
            progress.update(task, total=report.size_bytes, completed=report.moved_now_bytes)

        yield show
