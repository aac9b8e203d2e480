"""`tabard retention run`, `runs`, `approve-run`, `refuse-run`: a disposal run, and one that stopped itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tabard.cli.commands.options import AsOf, Json, instant
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import FOUND_WRONG, console, emit, errors
from tabard.kernel.clock import now
from tabard.kernel.text import counted

if TYPE_CHECKING:
    from tabard.retention.models import DisposalRun

RunId = Annotated[UUID, typer.Argument(help="The run's id, as `runs` shows it.")]
_SHOWN = 28


def run(as_of: AsOf = None, json: Json = False) -> None:
    """Put on the list what is due and not held, and dispose of what has been on it for the days of grace.

    What is disposed of cannot be brought back; `plan` is the rehearsal. A run that would take far more than usual does
    nothing and exits with 1: two people must look at it (`tabard retention approve-run`), then run this again.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.retention import known_time, removal, runs

        at = now()
        with _bar() as bar:
            done = runs.run(
                as_of=instant(as_of, at),
                by=Actor.system("command line"),
                at=at,
                database_at=known_time.database_now(),
                progress=bar.ran,
            )
            removed = removal.remove_waiting(at=now(), progress=bar.removed)
        noticed = done.notices.count()
        answer = {**as_json(done), "notices": noticed, "removed_objects": removed}
    if answer["stopped"]:
        console.print(f"[bold]Stopped:[/] {done.stop_reason}", highlight=False)
        console.print(
            f"Two people have to look: `tabard retention approve-run {done.pk} --as NAME --reason WHY`."
        )
    console.print(
        f"Put on the list: {counted(done.scheduled, 'recording')}. Disposed of: {done.disposed:,}. "
        f"Came off the list: {done.spared:,}. Notices given: {noticed:,}. Objects removed: {removed:,}."
    )
    emit(answer, as_json=json)
    if answer["stopped"]:
        raise typer.Exit(FOUND_WRONG)


def runs(username: As, json: Json = False) -> None:
    """Show the last disposal runs: what each found, did, and was stopped by."""
    with database():
        from tabard.retention import releases

        found = [as_json(run) for run in releases.listed(viewer_as(username))[:_SHOWN]]
    for run in found:
        console.print(
            f"{run['run']}  {run['as_of'][:10]}  {run['state']:<11} {run['scheduled']:>9,} listed "
            f"{run['disposed']:>9,} disposed of  {run['stopped']}",
            highlight=False,
        )
    console.print(counted(len(found), "run") if found else "No run has gone yet.")
    emit({"runs": found}, as_json=json)


def approve_run(
    run: RunId,
    username: As,
    reason: Annotated[str, typer.Option(help="What you looked at; the first of the two must say it.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="You have read what it found; do not ask again.")
    ] = False,
    json: Json = False,
) -> None:
    """Agree that a run that stopped goes on. Once two people did, `tabard retention run` goes on with it."""
    with database():
        from tabard.retention import agreeing, releases

        viewer = viewer_as(username)
        stopped = releases.get(viewer, run)
        console.print(f"Stopped: {stopped.stop_reason}", markup=False)
        for rule, count in stopped.found_by_rule.items():
            console.print(f"{count:>12,}  {rule}")
        console.print(f"{decimal(stopped.size_bytes)}, under the policy {stopped.policy_version}.")
        if not yes:
            typer.confirm("Approve? What it disposes of cannot be brought back", abort=True, err=True)
        release = releases.approve(run_id=run, reason=reason, viewer=viewer, at=now())
        missing = agreeing.still_missing(release)
    console.print("The next run goes on with it." if not missing else f"{missing} more must approve.")
    emit({"run": str(run), "state": release.state, "still_missing": missing}, as_json=json)


def refuse_run(
    run: RunId,
    username: As,
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    json: Json = False,
) -> None:
    """Refuse that a run that stopped goes on: one refusal is enough."""
    with database():
        from tabard.retention import releases

        release = releases.refuse(run_id=run, reason=reason, viewer=viewer_as(username), at=now())
    console.print("Refused; the run does nothing.")
    emit({"run": str(run), "state": release.state}, as_json=json)


def as_json(run: "DisposalRun") -> dict[str, Any]:
    """A run as `--json` says it; `stopped` is the reason, empty where it did not stop."""
    from tabard.retention.under_way import state_of

    return {
        "run": str(run.pk),
        "as_of": run.as_of.isoformat(),
        "state": state_of(run).value,
        "stopped": run.stop_reason if run.state == run.State.STOPPED else "",
        "to_schedule": run.to_schedule,
        "to_dispose": run.to_dispose,
        "scheduled": run.scheduled,
        "disposed": run.disposed,
        "spared": run.spared,
        "by_rule": run.disposed_by_rule,
        "found_by_rule": run.found_by_rule,
    }


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
