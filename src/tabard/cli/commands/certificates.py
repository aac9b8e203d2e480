"""`tabard retention certificate`: proof that footage was disposed of, and under which rule."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now


def certificate(
    recording: Annotated[UUID, typer.Argument(help="The recording's id.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; default <recording>.disposal.json.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the certificate of a recording's disposal; that it was taken is logged."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.disclosure import certificates

        data = certificates.issue(recording_id=recording, by=Actor.system("command line"), at=now())
        path = out or Path(f"{recording}{certificates.FILE_SUFFIX}")
    path.write_bytes(data)
    console.print(f"Wrote {path}")
    emit({"certificate": str(path)}, as_json=json)
