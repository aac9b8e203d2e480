"""`tabard retention`: what is due, and its disposal."""

from typing import Annotated

import typer

from tabard.cli.commands import early_disposals
from tabard.cli.commands.options import Json, instant
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now

app = typer.Typer(help="How long footage is kept: see what is due, dispose of it.", no_args_is_help=True)
early_disposals.mount(app)
AsOf = Annotated[str | None, typer.Option("--as-of", help="What is due at this instant; default now.")]


@app.command()
def plan(as_of: AsOf = None, json: Json = False) -> None:
    """Say what would be disposed of, and under which rule. Changes nothing."""
    with database():
        from tabard.retention import services

        found = services.plan(as_of=instant(as_of, now()))
        for recording, decision in found.due:
            console.print(f"{decision.due_at:%Y-%m-%d}  {decision.rule:<20} {recording.source_name}")
        console.print(f"{len(found.due)} recordings are due, {found.size_bytes:,} bytes.")
        answer = {
            "as_of": found.as_of.isoformat(),
            "due": len(found.due),
            "bytes": found.size_bytes,
            "by_rule": found.by_rule,
        }
    emit(answer, as_json=json)


@app.command()
def run(as_of: AsOf = None, json: Json = False) -> None:
    """Dispose of everything that is due and not held. Cannot be undone; `plan` is the rehearsal."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.retention import services

        at = now()
        by = Actor.system("command line")
        with console.status("Disposing") as status:
            report = services.run(
                as_of=instant(as_of, at),
                by=by,
                at=at,
                progress=lambda done: status.update(f"{done} disposed of"),
            )
        for recording_id in report.disposed:
            services.remove_objects(recording_id=recording_id, at=at)
    console.print(f"Disposed of {len(report.disposed)} recordings; {len(report.spared)} were held meanwhile.")
    emit(
        {"as_of": report.as_of.isoformat(), "disposed": len(report.disposed), "spared": len(report.spared)},
        as_json=json,
    )
