"""`tabard log checkpoint`, `receipt` and `consistency`: what proves what the log says."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now


def checkpoint(json: Json = False) -> None:
    """Show the newest signed checkpoint and the key that checks it."""
    with database():
        from tabard.custody.adapters import log_signer
        from tabard.custody.selectors import latest_checkpoint

        head, vkey = latest_checkpoint(), log_signer().vkey
    if head is None:
        console.print("No checkpoint is signed yet: nothing has happened, or no worker has run.")
    else:
        typer.echo(head.note)
    console.print(f"Verifier key: {vkey}")
    emit({"vkey": vkey, "size": head.size if head else 0, "note": head.note if head else None}, as_json=json)


def receipt(
    event: Annotated[UUID, typer.Argument(help="The event's id.")],
    out: Annotated[
        Path, typer.Option(help="Where to write <event>.tlog-proof and <event>.leaf.json.")
    ] = Path(),
    json: Json = False,
) -> None:
    """Write the proof that an event is in the log, and the exact bytes it proves; that they were taken is logged."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.custody.receipts import take_leaf, take_receipt

        by = Actor.system("command line")
        proof = take_receipt(event_id=event, by=by, at=now())
        leaf = take_leaf(event_id=event, by=by, at=now())
    out.mkdir(parents=True, exist_ok=True)
    paths = {"proof": out / f"{event}.tlog-proof", "leaf": out / f"{event}.leaf.json"}
    paths["proof"].write_bytes(proof)
    paths["leaf"].write_bytes(leaf)
    console.print(f"Wrote {paths['proof']} and {paths['leaf']}")
    emit({name: str(path) for name, path in paths.items()}, as_json=json)


def consistency(
    old: Annotated[int, typer.Argument(help="The older checkpoint's number of events.")],
    new: Annotated[int, typer.Argument(help="The newer checkpoint's number of events.")],
    json: Json = False,
) -> None:
    """Print the proof that the log only grew between two signed checkpoints.

    The text is what a C2SP witness takes: the old size, one hash to a line, an empty line, the newer checkpoint.
    """
    with database():
        from tabard.custody.consistency import consistency as between
        from tabard.merkle.note import encode_base64

        found = between(old, new)
        text, old_note, new_note = found.encode(), found.old.note, found.new_note
    typer.echo(text, nl=False)
    answer = {
        "old_size": found.old.size,
        "old_note": old_note,
        "new_size": found.new.size,
        "new_note": new_note,
        "proof": [encode_base64(value) for value in found.path],
    }
    emit(answer, as_json=json)
