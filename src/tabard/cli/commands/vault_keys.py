"""`tabard vault keys`, `rotate-key`, `retire-key`: the key-encryption keys, which wrap every data key."""

from typing import Annotated
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now

KeyId = Annotated[str, typer.Argument(help="The key's id, as `tabard vault keys` shows it.")]


def keys(json: Json = False) -> None:
    """Show which key-encryption keys there are, how many objects need each, and which copies of them are alive."""
    with database():
        from tabard.safekeeping.keys import key_uses

        uses = key_uses()
    for use in uses:
        state = "current" if use.is_current else ("held" if use.is_held else "[bold red]missing[/]")
        console.print(
            f"{use.key_id:<24} {state:<8} {use.objects:>10} objects  {len(use.backups)} live key backups"
        )
    missing = [use.key_id for use in uses if not use.is_held]
    if missing:
        console.print("Objects under a missing key cannot be opened: restore the key ring from a key backup.")
    answer = {
        "ok": not missing,
        "keys": [
            {
                "key": use.key_id,
                "current": use.is_current,
                "held": use.is_held,
                "objects": use.objects,
                "backups": [
                    {"id": str(copy.id), "place": copy.place, "expires_at": copy.expires_at.isoformat()}
                    for copy in use.backups
                ],
            }
            for use in uses
        ],
    }
    emit(answer, as_json=json, ok=not missing)


def rotate_key(json: Json = False) -> None:
    """Make a new key-encryption key and wrap every data key anew under it; footage is not touched.

    Everything goes on working meanwhile. Stopped at any moment, run it again: it finishes what it began before it
    makes another key.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.safekeeping.keys import rotate

        with console.status("Wrapping data keys anew") as status:
            report = rotate(
                by=Actor.system("command line"),
                at=now(),
                progress=lambda done, of: status.update(f"Wrapping data keys anew: {done:,} of {of:,}"),
            )
    for left in report.left:
        console.print(f"[bold red]{left.object_id}[/] {left.words}")
    began = "An earlier rotation is finished" if report.went_on else "There is a new key"
    console.print(f"{began}: {report.key_id} is current; {report.wrapped:,} data keys were wrapped anew.")
    answer = {
        "ok": not report.left,
        "key": report.key_id,
        "went_on": report.went_on,
        "wrapped": report.wrapped,
        "left": [
            {"object": str(left.object_id), "code": left.code, "words": left.words} for left in report.left
        ],
    }
    emit(answer, as_json=json, ok=not report.left)


def retire_key(key_id: KeyId, json: Json = False) -> None:
    """Take a key that nothing needs any more out of the ring, for good.

    Refused while an object is wrapped by it. Where a copy of the keys that holds it is alive, several people have to
    agree: see `tabard vault ask-to-retire-key`.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.safekeeping.keys import retire

        retire(key_id=key_id, by=Actor.system("command line"), at=now())
    console.print(f"{key_id} is retired: nothing was wrapped by it, and the ring no longer holds it.")
    emit({"ok": True, "key": key_id}, as_json=json)


def ask_to_retire_key(
    key_id: KeyId, username: As, reason: Annotated[str, typer.Option(help="Why now.")], json: Json = False
) -> None:
    """Ask others to agree that a key be retired although a copy of the keys still holds it."""
    with database():
        from tabard.retention import key_destruction

        asked = key_destruction.request(key_id=key_id, reason=reason, viewer=viewer_as(username), at=now())
    console.print(
        f"Asked for: {asked.id}. Others approve with `tabard vault agree-to-retire-key {asked.id}`."
    )
    emit({"ok": True, "request": str(asked.id), "key": key_id}, as_json=json)


def agree_to_retire_key(
    request: Annotated[UUID, typer.Argument(help="The request's id.")], username: As, json: Json = False
) -> None:
    """Agree that a key be retired; with the last agreement it is."""
    with database():
        from tabard.retention import key_destruction
        from tabard.retention.quorum import State

        viewer = viewer_as(username)
        asked = key_destruction.get(request)
        if asked.state == State.REQUESTED:
            asked = key_destruction.approve(request_id=request, viewer=viewer, at=now())
        if asked.state == State.APPROVED:
            asked = key_destruction.carry_out(request_id=request, viewer=viewer, at=now())
    console.print(f"The request is {asked.state}.")
    emit({"ok": True, "request": str(asked.id), "key": asked.key_id, "state": str(asked.state)}, as_json=json)


def mount(app: typer.Typer) -> None:
    """Add the commands to `tabard vault`."""
    app.command("keys")(keys)
    app.command("rotate-key")(rotate_key)
    app.command("retire-key")(retire_key)
    app.command("ask-to-retire-key")(ask_to_retire_key)
    app.command("agree-to-retire-key")(agree_to_retire_key)
