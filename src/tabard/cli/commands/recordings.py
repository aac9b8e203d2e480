"""`tabard recordings`: what is known of a recording, to take away."""

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError

app = typer.Typer(help="Recordings: their history as a document.", no_args_is_help=True)


@app.callback()
def recordings() -> None:
    """Keep `history` a subcommand though it is the only one yet."""


@app.command()
def history(
    recording: Annotated[
        UUID, typer.Argument(help="The recording's id, as the address of its page shows it.")
    ],
    *,
    pdf: Annotated[Path | None, typer.Option(help="Write a PDF/A document for a court to this file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write one row for each event to this file.")] = None,
    reason: Annotated[
        str, typer.Option(help="Why it is taken out; stands in the log. Needed where reasons are required.")
    ] = "",
    json: Json = False,
) -> None:
    """Write a recording's whole custody history as PDF, as CSV, or both; each is in the log with its SHA-256."""
    wanted = {form: out for form, out in (("pdf", pdf), ("csv", csv)) if out is not None}
    if not wanted:
        fail("Say where to write it.", "Give --pdf FILE, --csv FILE, or both.")
    for out in wanted.values():
        if out.exists():
            fail(f"{out} is there already.", "Name another file.")
    with database():
        from tabard.custody.actors import Actor
        from tabard.disclosure.history import HistoryForm, export_whole_history
        from tabard.people.access_reasons import stated
        from tabard.recordings.models import Recording

        found = Recording.objects.select_related("camera", "officer", "unit").filter(id=recording).first()
        if found is None:
            fail(f"There is no recording {recording}.")
        by, why = Actor.system("command line"), stated(reason) if reason else None
        for form, out in wanted.items():
            # The file comes first, so that nothing is logged as taken out where it cannot be written.
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                try:
                    made = export_whole_history(
                        recording=found, form=HistoryForm(form), by=by, at=now(), reason=why
                    )
                except TabardError:
                    out.unlink()
                    raise
                file.write(made.content)
            console.print(f"Wrote {out}: {made.events} events.", markup=False)
    answer = {"recording": str(recording), "events": made.events}
    emit({**answer, **{form: str(out) for form, out in wanted.items()}}, as_json=json)
