"""`tabard disclosure`: packs, as they leave."""

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now

app = typer.Typer(help="Evidence packs.", no_args_is_help=True)


@app.callback()
def disclosure() -> None:
    """Keep `export` a subcommand though it is the only one yet."""


@app.command()
def export(
    pack: Annotated[UUID, typer.Argument(help="The pack's id, as its exhibit's page shows it.")],
    out: Annotated[Path, typer.Option(help="Where to write the .zip file.")],
    reason: Annotated[
        str, typer.Option(help="Why it is taken out; stands in the log. Needed where reasons are required.")
    ] = "",
    json: Json = False,
) -> None:
    """Write a built pack to a file; that it left is in the log."""
    if out.exists():
        fail(f"{out} is there already.", "Name another file.")
    with database():
        from tabard.custody.actors import Actor
        from tabard.disclosure import packs
        from tabard.disclosure.models import Pack
        from tabard.people.access_reasons import stated

        found = Pack.objects.filter(id=pack).first()
        if found is None:
            fail(f"There is no pack {pack}.")
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            packs.export(
                pack=found,
                out=file,
                by=Actor.system("command line"),
                at=now(),
                reason=stated(reason) if reason else None,
            )
    console.print(f"Wrote {out}")
    emit({"pack": str(pack), "file": str(out)}, as_json=json)
