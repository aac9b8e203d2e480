"""`tabard intake`: the doors footage comes in by."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now

app = typer.Typer(help="The doors that footage comes in by.", no_args_is_help=True)


@app.callback()
def intake() -> None:
    """Keep `axis-connection-file` a subcommand though it is the only one yet."""


@app.command("axis-connection-file")
def axis_connection_file(
    out: Annotated[Path, typer.Option(help="Where to write the file. It holds a key: keep it closed.")],
    name: Annotated[str, typer.Option(help="What the system is called on screens.")] = "Axis body worn",
    username: Annotated[
        str, typer.Option(help="The user name it logs in with; one for each system.")
    ] = "axis",
    door_url: Annotated[str, typer.Option(help="Where the system reaches the door.")] = "",
    json: Json = False,
) -> None:
    """Let an Axis body-worn system in: writes the file that its administrator uploads to the system controller."""
    if out.exists():
        fail(f"{out} is there already.", "Name another file; a connection file is written once.")
    with database():
        from django.conf import settings

        from tabard.custody.actors import Actor
        from tabard.intake.connection import connection_file
        from tabard.intake.destinations import open_destination

        by = Actor.system("command line")
        destination, key = open_destination(name=name, username=username, by=by, at=now())
        content = connection_file(
            destination=destination,
            key=key,
            door_urls=[door_url or settings.TABARD_DOOR_URL],
            application_version=settings.TABARD_VERSION,
        )
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    console.print(f"Wrote {out}. Upload it to the system controller under Content destination.")
    emit({"destination": str(destination.id), "username": username, "file": str(out)}, as_json=json)
