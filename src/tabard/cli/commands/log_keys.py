"""`tabard log rotate-key`, `retire-key` and `keys`: the keys that sign the custody log."""

from typing import TYPE_CHECKING, Annotated

import typer

from tabard.cli.check import Finding
from tabard.cli.commands.options import Json
from tabard.cli.database import database, load_django
from tabard.cli.home import Home
from tabard.cli.output import console, emit, fail
from tabard.cli.postgres import Server
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.custody.signing.changes import KeyChange

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before what cannot be undone.")]


def rotate_key(dry_run: DryRun = False, json: Json = False) -> None:
    """Give the log a new signing key.

    From then on every checkpoint is signed by the new key and by the old one, until `tabard log retire-key`.
    Nothing needs a restart. If it is interrupted, run it again: it finishes what it began.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.custody.adapters import log_signer
        from tabard.custody.signing.changes import rotate_key as rotate
        from tabard.custody.signing.changes import unlogged_change

        signer = log_signer()
        if dry_run:
            begun = unlogged_change(signer.keys())
            console.print(
                "An interrupted change of the key would be finished."
                if begun
                else f"A new key would sign beside {signer.vkey}"
            )
            emit({"done": False, "current": signer.vkey}, as_json=json)
            return
        change = rotate(signer=signer, by=Actor.system("command line"), at=now())
    _tell(change, json=json)


def retire_key(dry_run: DryRun = False, yes: Yes = False, json: Json = False) -> None:
    """Destroy the log's oldest signing key, so that only the newer ones sign. Cannot be undone.

    Refused until a checkpoint that both keys signed covers the rotation. Publish the new key first: whoever knows
    only the old one can check what it signed, and nothing newer.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.custody.adapters import log_signer
        from tabard.custody.signing.changes import check_may_retire, unlogged_change
        from tabard.custody.signing.changes import retire_key as retire

        signer = log_signer()
        keys = signer.keys()
        if unlogged_change(keys) is None:
            check_may_retire(keys)
            oldest = keys.signers[-1].vkey.encode()
            console.print(f"This key would sign no more: {oldest}" if dry_run else f"The old key: {oldest}")
            if dry_run:
                emit({"done": False, "would_retire": oldest}, as_json=json)
                return
            if not yes and not typer.confirm("Destroy it? Nobody can bring it back", err=True):
                fail("Nothing was changed.")
        elif dry_run:
            console.print("An interrupted change of the key would be finished, and no key retired.")
            emit({"done": False, "would_retire": None}, as_json=json)
            return
        change = retire(signer=signer, by=Actor.system("command line"), at=now())
    _tell(change, json=json)


def keys(json: Json = False) -> None:
    """List every key that the log ever had, with the sizes of the first and the last checkpoint that it signed."""
    with database():
        from tabard.custody.adapters import log_signer
        from tabard.custody.signing.history import key_history

        spans = key_history(log_signer().keys())
    for span in spans:
        typer.echo(span.encode(), nl=False)
    listed = [
        {"vkey": span.key.encode(), "state": span.state, "first": span.first, "last": span.last}
        for span in spans
    ]
    emit({"keys": listed}, as_json=json)


def finding(home: Home) -> Finding:
    """Whether every change of the log's keys is in the log."""
    with Server(home):
        load_django()
        from django.db import connection

        from tabard.custody.adapters import log_signer
        from tabard.custody.signing.changes import unlogged_change

        try:
            keys = log_signer().keys()
            begun = unlogged_change(keys)
        finally:
            connection.close()
    if begun is not None:
        return Finding.problem(
            "A change of the log's key was interrupted and is not in the log.",
            "Finish it: tabard log rotate-key",
        )
    if len(keys.signers) > 1:
        return Finding.ok(f"{len(keys.signers)} keys sign the log, until the old ones are retired.")
    return Finding.ok("One key signs the log.")


def _tell(change: "KeyChange", *, json: bool) -> None:
    """Say what a change did, in the words that fit it."""
    from tabard.custody.kinds import EventKind

    changed, other = change.changed.encode(), change.other.encode()
    if change.was_begun:
        console.print("An earlier change had been interrupted; it is now in the log.")
    if change.kind is EventKind.LOG_KEY_ROTATED:
        console.print(f"The log's new key: {changed}\nStill signing:     {other}")
        console.print(
            "Publish the new key; retire the old one when everybody who checks has it: tabard log retire-key"
        )
    else:
        console.print(f"Signs no more: {changed}\nSigns now:     {other}")
    emit(
        {
            "done": True,
            "kind": change.kind.value,
            "was_begun": change.was_begun,
            "changed": changed,
            "other": other,
        },
        as_json=json,
    )
