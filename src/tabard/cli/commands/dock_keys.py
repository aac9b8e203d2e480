"""`tabard fleet dock-key`: which keys docks sign in with."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.fleet.models import DockKey

app = typer.Typer(help="The keys that docks sign in with.", no_args_is_help=True)


@app.command()
def add(
    dock: Annotated[str, typer.Argument(help="The dock's serial number.")],
    public_key: Annotated[str, typer.Argument(help="43 characters, as `tabard dock key` shows them there.")],
    name: Annotated[str, typer.Option(help="What to call it, such as the station PC's name.")] = "dock agent",
    json: Json = False,
) -> None:
    """Enrol a key: whoever holds its private half may send footage as this dock, until it is revoked."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import dock_selectors, docks
        from tabard.intake.docks import permit_key

        found = dock_selectors.dock_by_serial(dock)
        key = docks.enrol_key(
            dock=found, public_key=public_key, name=name, by=Actor.system("command line"), at=now()
        )
        permit_keys = [vkey.encode() for vkey in permit_key.verifier_keys()]
    console.print(f"Key {key.key_id} speaks for {found}.", markup=False)
    console.print("Give the dock's agent the permit key, by another way than the network it sends through:")
    for line in permit_keys:
        console.print(line, markup=False, soft_wrap=True)
    emit({"key": key.key_id, "dock": str(found.pk), "permit_keys": permit_keys}, as_json=json)


@app.command("list")
def list_keys(
    dock: Annotated[str, typer.Argument(help="The dock's serial number; without it, all docks.")] = "",
    json: Json = False,
) -> None:
    """Show the keys of docks, the revoked ones too."""
    with database():
        from tabard.fleet import dock_selectors

        keys = dock_selectors.all_keys(dock_selectors.dock_by_serial(dock) if dock else None)
    if keys:
        table = Table("Key", "Name", "Dock", "Enrolled", "Revoked")
        for key in keys:
            revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
            table.add_row(
                key.key_id,
                escape(key.name),
                escape(str(key.dock)),
                f"{key.enrolled_at:%Y-%m-%d %H:%M}",
                revoked,
            )
        console.print(table)
    else:
        console.print("No key is enrolled yet.")
    emit({"keys": [_as_json(key) for key in keys]}, as_json=json)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, 16 characters.")],
    json: Json = False,
) -> None:
    """Revoke a key at once, also where it is sending just now; what it sent stays."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import dock_selectors, docks

        found = dock_selectors.key_named(key)
        docks.revoke_key(key=found, by=Actor.system("command line"), at=now())
    console.print(f"Key {found.key_id} of {found.dock} is revoked.", markup=False)
    emit(_as_json(found), as_json=json)


def _as_json(key: "DockKey") -> dict[str, object]:
    return {
        "key": key.key_id,
        "name": key.name,
        "dock": key.dock.serial,
        "enrolled_at": key.enrolled_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
