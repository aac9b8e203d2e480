"""`tabard vault scrub`: read copies back, mend what is damaged, show how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, errors
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.safekeeping.scrub import Culprit, Run
    from tabard.vault.models import Scrub


def scrub(
    *,
    store: Annotated[str, typer.Option(help="Which store: a, b, or all of them.")] = "all",
    minutes: Annotated[
        float, typer.Option(min=0, help="Stop after this many minutes; the next run goes on. 0: no limit.")
    ] = 0,
    older_than: Annotated[
        float, typer.Option(min=0, help="Only copies that were not read back for this many days.")
    ] = 0,
    threads: Annotated[
        int, typer.Option(min=0, max=64, help="How many copies are read at once. 0: as the machine allows.")
    ] = 0,
    status: Annotated[
        bool, typer.Option("--status", help="Only show how far the newest runs are. Reads nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Read every copy back, decrypt it, compare its hash with the one that was sealed, and repair what is damaged.

    Begins with the copies that were not read for longest, so a run that was stopped is gone on with by the next. A
    damaged copy is repaired from the other store, if the copy there is good. Exit code 1 if anything was damaged.
    """
    with database():
        if status:
            _show_status(as_json=json)
            return
        from tabard.vault.stores import configured_stores

        began = now()
        names = list(configured_stores()) if store == "all" else [store]
        runs = []
        for number, name in enumerate(names):
            left = minutes - (now() - began).total_seconds() / 60
            share = timedelta(minutes=max(left, 0) / (len(names) - number)) if minutes else None
            runs.append(_scrub_one(name, share, timedelta(days=older_than), threads))
        answer = _answer(runs)
    emit(answer, as_json=json, ok=answer["ok"])


def verify(json: Json = False) -> None:
    """Read every copy back, as `scrub` without a time limit does; kept for scripts that call it by this name."""
    with database():
        from tabard.vault.stores import configured_stores

        runs = [_scrub_one(name, None, timedelta(), 0) for name in configured_stores()]
        answer = _answer(runs)
    answer |= {"objects": runs[0].row.copies, "wrong": answer["culprits"]}
    emit(answer, as_json=json, ok=answer["ok"])


def _scrub_one(name: str, share: timedelta | None, unseen_for: timedelta, threads: int) -> "Run":
    from tabard.custody.actors import Actor
    from tabard.safekeeping.scrub import THREADS
    from tabard.safekeeping.scrub import scrub as read_back

    at = now()
    with _bar(name) as show:
        run = read_back(
            store=name,
            by=Actor.system("command line"),
            clock=now,
            stop=lambda: share is not None and now() >= at + share,
            unseen_since=at - unseen_for,
            threads=threads or THREADS,
            progress=show,
        )
    for culprit in run.culprits:
        console.print(_words_of(culprit))
    for culprit in run.unreachable:
        console.print(
            f"[bold yellow]not read[/] {culprit.object.pk} in store {name}: {escape(culprit.words)}"
        )
    rest = "" if run.row.is_complete else " The time was up; the next run goes on."
    console.print(
        f"Store {name}: {run.row.copies:,} copies read back, {run.row.damaged:,} damaged, "
        f"{run.row.repaired:,} of them repaired, {run.awaited:,} not copied there yet.{rest}"
    )
    return run


def _words_of(culprit: "Culprit") -> str:
    from tabard.retention.selectors import recordings_of

    recording = recordings_of([culprit.object.pk]).get(culprit.object.pk)
    of = f" of recording {recording}" if recording else ""
    outcome = "Repaired." if culprit.repaired else f"[bold]Not repaired.[/] {escape(culprit.why_not)}"
    return (
        f"[bold red]{culprit.code}[/] {culprit.object.pk}{of} in store {culprit.store}: "
        f"{escape(culprit.words)} {outcome}"
    )


def _answer(runs: "list[Run]") -> dict[str, Any]:
    from tabard.retention.selectors import recordings_of

    culprits = [culprit for run in runs for culprit in (*run.culprits, *run.unreachable)]
    recordings = recordings_of([culprit.object.pk for culprit in culprits])
    return {
        "ok": all(run.ok for run in runs),
        "complete": all(run.row.is_complete for run in runs),
        "copies": sum(run.row.copies for run in runs),
        "bytes": sum(run.row.size_bytes for run in runs),
        "damaged": sum(run.row.damaged for run in runs),
        "repaired": sum(run.row.repaired for run in runs),
        "not_read": sum(len(run.unreachable) for run in runs),
        "culprits": [
            {
                "object": culprit.object.pk,
                "recording": recordings.get(culprit.object.pk),
                "store": culprit.store,
                "code": culprit.code,
                "words": culprit.words,
                "repaired": culprit.repaired,
                "why_not": culprit.why_not,
            }
            for culprit in culprits
        ],
        "stores": [_row(run.row) for run in runs],
    }


def _show_status(*, as_json: bool) -> None:
    from tabard.safekeeping.scrub import newest_runs

    runs = newest_runs()
    for run in runs:
        end = f"ended {run.ended_at:%Y-%m-%d %H:%M}" if run.ended_at else "is running, or was killed"
        console.print(
            f"Store {run.store}: began {run.started_at:%Y-%m-%d %H:%M}, {end}; {run.copies:,} copies read, "
            f"{run.damaged:,} damaged, {run.repaired:,} repaired"
            + ("." if run.is_complete else "; not all of the store.")
        )
    if not runs:
        console.print("No store was scrubbed yet.")
    emit({"stores": [_row(run) for run in runs]}, as_json=as_json)


def _row(run: "Scrub") -> dict[str, Any]:
    return {
        "store": run.store,
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
        "complete": run.is_complete,
        "copies": run.copies,
        "bytes": run.size_bytes,
        "damaged": run.damaged,
        "repaired": run.repaired,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


@contextmanager
def _bar(name: str) -> Iterator[Any]:
    """What shows how far a run is: bytes, rate and time left, on standard error."""
    columns = (
        TextColumn(f"Store {name}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task("scrub")

        def show(run: "Run") -> None:
            progress.update(task, total=run.size_to_read_bytes, completed=run.row.size_bytes)

        yield show
