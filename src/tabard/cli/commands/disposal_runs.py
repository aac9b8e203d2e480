"""`tabard retention runs`, `approve-run`, `refuse-run`: what runs did, and a run that stopped itself."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.retention.models import DisposalRun

RunId = Annotated[UUID, typer.Argument(help="The run's id, as `runs` shows it.")]
_SHOWN = 28


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
    console.print(f"{len(found)} runs.")
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
        console.print(f"{stopped.size_bytes:,} bytes, under the policy {stopped.policy_version}.")
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


def mount(app: typer.Typer) -> None:
    """Add the commands to `tabard retention`."""
    for command in (runs, approve_run, refuse_run):
        app.command(command.__name__.replace("_", "-"))(command)


def as_json(run: "DisposalRun") -> dict[str, Any]:
    """A run as `--json` says it; `stopped` is the reason, empty where it did not stop."""
    return {
        "run": str(run.pk),
        "as_of": run.as_of.isoformat(),
        "state": str(run.state),
        "stopped": run.stop_reason if run.state == run.State.STOPPED else "",
        "to_schedule": run.to_schedule,
        "to_dispose": run.to_dispose,
        "scheduled": run.scheduled,
        "disposed": run.disposed,
        "spared": run.spared,
        "by_rule": run.disposed_by_rule,
        "found_by_rule": run.found_by_rule,
    }
