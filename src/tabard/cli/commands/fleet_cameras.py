"""`tabard fleet camera` and `states`: what a camera is, what becomes of it, and the table of both."""

from typing import TYPE_CHECKING, Annotated

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.fleet.states import Change, State, diagram, table
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.fleet.models import Camera

Serial = Annotated[str, typer.Argument(help="The camera's serial number.")]


def mount(app: typer.Typer) -> None:
    """Hangs the commands into the tree of `tabard fleet`."""
    app.command("states")(states)
    app.command("camera")(camera)
    app.command("change")(change)


def states() -> None:
    """Print the table of a camera's states and its diagram (Mermaid), as the documentation shows them."""
    print(f"```mermaid\n{diagram()}\n```\n\n{table()}")  # noqa: T201 - the output itself, not to be wrapped


def camera(serial: Serial, json: Json = False) -> None:
    """Show what a camera is just now, and who has had it."""
    with database():
        from tabard.fleet.selectors import wearers_of
        from tabard.fleet.states import state_of

        found = camera_named(serial)
        wearers = wearers_of(found)
        state = state_of(found.kept_state, is_worn=any(each.during.upper is None for each in wearers))
        lines = [
            {
                "officer": str(each.officer),
                "from": each.during.lower.isoformat(),
                "until": each.during.upper.isoformat() if each.during.upper else None,
            }
            for each in wearers
        ]
        unit = found.unit.name if found.unit else None
    console.print(f"{found}: {state.label.lower()}, {unit or 'central store'}.", markup=False)
    for line in lines:
        console.print(f"  {line['officer']}, {line['from']} to {line['until'] or 'now'}", markup=False)
    emit({"serial": found.serial, "state": state.value, "unit": unit, "wearers": lines}, as_json=json)


def change(
    serial: Serial,
    change: Annotated[Change, typer.Argument(help="What has happened; `tabard fleet states` shows all.")],
    reason: Annotated[str, typer.Option(help="Why; some changes must have one.")] = "",
    json: Json = False,
) -> None:
    """Change a camera's state, as the table of states allows; whoever wears it wears it no longer."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import lives

        found = lives.change_state(
            camera=camera_named(serial),
            change=change,
            reason=reason,
            by=Actor.system("command line"),
            at=now(),
        )
    state = State(found.kept_state)
    console.print(f"Camera {found.serial} is {state.label.lower()}.", markup=False)
    emit({"serial": found.serial, "state": state.value}, as_json=json)


def camera_named(serial: str) -> "Camera":
    """The camera with the serial number; leaves with 2 where there is none."""
    from tabard.fleet.selectors import camera_by_serial

    found = camera_by_serial(serial)
    if found is None:
        fail(f"There is no camera with the serial number {serial}.")
    return found
