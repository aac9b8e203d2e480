"""`tabard fleet give`, `return` and `swap`: a camera changes hands."""

from typing import TYPE_CHECKING, Annotated

import typer

from tabard.cli.commands.fleet_cameras import Serial, camera_named
from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.fleet.states import Change
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.people.models import Officer

Number = Annotated[str, typer.Argument(help="The officer's shoulder or warrant number.")]


def mount(app: typer.Typer) -> None:
    """Hangs the commands into the tree of `tabard fleet`."""
    app.command("give")(give)
    app.command("return")(give_back)
    app.command("swap")(swap)


def give(
    serial: Serial,
    officer: Number,
    *,
    mount: Annotated[str, typer.Option(help="Where it is worn; if not said, where it usually is.")] = "",
    duty: Annotated[str, typer.Option(help="On which duty; if not said, the one last trained for.")] = "",
    allowed_by: Annotated[
        str, typer.Option(help="The number of the officer who allows it against the rules of issue.")
    ] = "",
    allowed_reason: Annotated[str, typer.Option(help="Why it is allowed.")] = "",
    json: Json = False,
) -> None:
    """Give a camera to an officer, by the rules of issue."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet.issuing import Allowance, Terms
        from tabard.fleet.services import assign_camera

        allowance = Allowance(_officer(allowed_by), allowed_reason) if allowed_by else None
        given = assign_camera(
            camera=camera_named(serial),
            officer=_officer(officer),
            terms=Terms(mount, duty, allowance),
            by=Actor.system("command line"),
            at=now(),
        )
        worn = given.get_mount_display().lower()
    console.print(f"{given.officer} has camera {given.camera.serial}, on the {worn}.", markup=False)
    answer = {"serial": given.camera.serial, "officer": given.officer.shoulder_number, "mount": given.mount}
    emit({**answer, "duty": given.duty}, as_json=json)


def give_back(serial: Serial, json: Json = False) -> None:
    """Take a camera back from whoever has it."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet.services import return_camera

        ended = return_camera(camera=camera_named(serial), by=Actor.system("command line"), at=now())
        wearer, known = ended.officer, ended.camera.serial
    console.print(f"Camera {known} of {wearer} is back.", markup=False)
    emit({"serial": known, "officer": wearer.shoulder_number}, as_json=json)


def swap(
    serial: Serial,
    other: Annotated[str, typer.Argument(help="The serial number of the camera that takes its place.")],
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    faulty: Annotated[bool, typer.Option("--faulty", help="The one that is handed in is faulty.")] = False,
    json: Json = False,
) -> None:
    """Give whoever has a camera another in its place, worn as the first was, in one step."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet.services import swap_camera

        given = swap_camera(
            camera=camera_named(serial),
            other=camera_named(other),
            change=Change.REPORT_FAULT if faulty else Change.RETURN,
            reason=reason,
            by=Actor.system("command line"),
            at=now(),
        )
    words = f"{given.officer} has camera {given.camera.serial} in place of {serial}."
    console.print(words, markup=False)
    answer = {"serial": serial, "other": given.camera.serial, "officer": given.officer.shoulder_number}
    emit({**answer, "faulty": faulty}, as_json=json)


def _officer(number: str) -> "Officer":
    from tabard.people.selectors import officer_by_reference

    found = officer_by_reference(number)
    if found is None:
        fail(f"There is no officer with the number {number}.")
    return found
