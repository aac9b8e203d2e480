"""`tabard retention`: what is due, the list of what will go, and its disposal."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tabard.cli.commands import (
    certificates,
    disposal_runs,
    early_disposals,
    holds,
    notices,
    retention_policy,
    reviews,
)
from tabard.cli.commands.options import Json, instant
from tabard.cli.database import database
from tabard.cli.output import console, emit, errors
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.retention.models import DisposalRun
    from tabard.retention.rules import Policy

app = typer.Typer(help="How long footage is kept: see what is due, dispose of it.", no_args_is_help=True)
early_disposals.mount(app)
app.add_typer(holds.app, name="hold")
app.add_typer(reviews.app, name="review")
disposal_runs.mount(app)
notices.mount(app)
certificates.mount(app)
app.add_typer(retention_policy.app, name="policy")
AsOf = Annotated[str | None, typer.Option("--as-of", help="What is due at this instant; default now.")]
SHOWN = 20
FOUND_WRONG = 1


@app.command()
def plan(
    as_of: AsOf = None,
    to: Annotated[
        Path | None, typer.Option("--csv", help="Write every recording that is due into this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what would be disposed of, how much, and under which rules. Changes nothing."""
    with database():
        from tabard.retention import policies, standing

        at = instant(as_of, now())
        policy = policies.current(at)
        found = standing.totals(policy, at)
        if to is not None:
            _write_csv(to, policy, at)
        else:
            _show_first(policy, at)
        for rule, count in found.by_rule.items():
            console.print(f"{count:>12,}  {rule}")
        console.print(
            f"{found.due:,} recordings are due, {found.size_bytes:,} bytes; {found.held:,} are held."
        )
    answer = {
        "as_of": at.isoformat(),
        "policy": policy.version,
        "due": found.due,
        "held": found.held,
        "bytes": found.size_bytes,
        "by_rule": found.by_rule,
    }
    emit(answer, as_json=json)


@app.command()
def run(as_of: AsOf = None, json: Json = False) -> None:
    """Put on the list what is due and not held, and dispose of what has been on it for the days of grace.

    What is disposed of cannot be brought back; `plan` is the rehearsal. A run that would take far more than usual does
    nothing and exits with 1: two people must look at it (`tabard retention approve-run`), then run this again.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.retention import removal, runs

        at = now()
        with _bar() as bar:
            done = runs.run(
                as_of=instant(as_of, at),
                by=Actor.system("command line"),
                at=at,
                database_at=runs.database_now(),
                progress=bar.ran,
            )
            removed = removal.remove_waiting(at=now(), progress=bar.removed)
        noticed = done.notices.count()
        answer = {**disposal_runs.as_json(done), "notices": noticed, "removed_objects": removed}
    if answer["stopped"]:
        console.print(f"[bold]Stopped:[/] {done.stop_reason}", highlight=False)
        console.print(
            f"Two people have to look: `tabard retention approve-run {done.pk} --as NAME --reason WHY`."
        )
    console.print(
        f"{done.scheduled:,} recordings were put on the list; {done.disposed:,} disposed of; "
        f"{done.spared:,} came off it. {noticed:,} notices were given. {removed:,} objects are removed."
    )
    emit(answer, as_json=json)
    if answer["stopped"]:
        raise typer.Exit(FOUND_WRONG)


class _Bar:
    """One line that says how far the run is; a run has no more than three steps."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._task = progress, progress.add_task("Looking", total=None)

    def ran(self, run: "DisposalRun") -> None:
        """The run has gone on so far."""
        is_listing = not (run.disposed or run.spared)
        done, total = (run.scheduled, run.to_schedule) if is_listing else (run.disposed + run.spared, None)
        words = "Putting on the list" if is_listing else "Disposing"
        self._progress.update(self._task, description=words, completed=done, total=total)

    def removed(self, count: int) -> None:
        """So many objects are gone from every store."""
        self._progress.update(self._task, description="Removing objects", completed=count, total=None)


@contextmanager
def _bar() -> Iterator[_Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        yield _Bar(progress)


def _write_csv(to: Path, policy: "Policy", at: datetime) -> None:
    """Every recording that is due, a batch at a time; the file stands under its name only when it is whole."""
    from tabard.retention import standing

    partial = to.with_name(f"{to.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("recording", "due_at", "rule", "size_bytes"))
        for batch in standing.due(policy, at):
            rows.writerows(
                (each.recording_id, each.due_at.isoformat(), each.rule, each.size_bytes) for each in batch
            )
    partial.replace(to)
    console.print(f"The recordings are in {to}.")


def _show_first(policy: "Policy", at: datetime) -> None:
    """The first that fall due, so that a person sees what kind they are."""
    from tabard.retention import standing

    first: list[Any] = next(iter(standing.due(policy, at, SHOWN)), [])
    for item in first:
        console.print(f"{item.due_at:%Y-%m-%d}  {item.rule:<24} {item.recording_id}")
