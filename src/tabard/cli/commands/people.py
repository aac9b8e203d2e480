"""`tabard people`: the first accounts, and the units they belong to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tabard.cli.commands.imports import GoodOnly, opened, tell
from tabard.cli.commands.options import DryRun, Json, instant
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now

app = typer.Typer(help="Units, officers and accounts.", no_args_is_help=True)


@app.command("add-account")
def add_account(
    username: Annotated[str, typer.Argument(help="What they sign in with.")],
    *,
    name: Annotated[str, typer.Option(help="The name shown to others.")],
    role: Annotated[list[str], typer.Option(help="A role; give it again for more than one.")],
    officer: Annotated[str, typer.Option(help="Shoulder or warrant number of the officer this is.")] = "",
    unit: Annotated[
        str, typer.Option(help="Code of the unit that an account of nobody's acts for, such as a kiosk.")
    ] = "",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
    json: Json = False,
) -> None:
    """Make an account that can sign in. Asks for the password."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.people import selectors, services
        from tabard.people.rules import Role

        unknown = sorted(set(role) - {known.value for known in Role})
        if unknown:
            fail(f"There is no role {unknown[0]}.", f"Roles: {', '.join(known.value for known in Role)}")
        person = selectors.officer_by_reference(officer) if officer else None
        if officer and person is None:
            fail(f"There is no officer with the number {officer}.")
        account = services.create_account(
            username=username,
            display_name=name,
            password=password,
            roles=[Role(value) for value in role],
            officer=person,
            unit=_unit(unit) if unit else None,
            by=Actor.system("command line"),
            at=now(),
        )
    console.print(f"{account.username} can sign in.")
    emit({"account": str(account.id), "username": account.username, "roles": role}, as_json=json)


@app.command("add-unit")
def add_unit(
    code: Annotated[str, typer.Argument(help="Short code, as the force uses it.")],
    name: Annotated[str, typer.Argument(help="The unit's name.")],
    *,
    kind: Annotated[str, typer.Option(help="force, borough_command, specialist_command or team.")],
    parent: Annotated[str, typer.Option(help="Code of the unit it belongs to; none for the force.")] = "",
    json: Json = False,
) -> None:
    """Add a unit to the tree; the force comes first."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.people import services

        above = _unit(parent) if parent else None
        by = Actor.system("command line")
        unit = services.create_unit(kind=kind, code=code, name=name, parent=above, by=by, at=now())
    console.print(f"{unit.name} ({unit.code}) is added.", markup=False)
    emit({"unit": str(unit.id), "code": unit.code}, as_json=json)


@app.command("add-officer")
def add_officer(
    given_name: Annotated[str, typer.Argument()],
    family_name: Annotated[str, typer.Argument()],
    *,
    rank: Annotated[str, typer.Option(help="Such as Constable.")],
    warrant_number: Annotated[str, typer.Option()],
    shoulder_number: Annotated[str, typer.Option(help="As body-worn systems send it.")],
    unit: Annotated[str, typer.Option(help="Code of the unit they work in.")],
    json: Json = False,
) -> None:
    """Enrol an officer in a unit."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.people import services

        officer = services.enrol_officer(
            given_name=given_name,
            family_name=family_name,
            rank=rank,
            warrant_number=warrant_number,
            shoulder_number=shoulder_number,
            unit=_unit(unit),
            by=Actor.system("command line"),
            at=now(),
        )
    console.print(f"{officer} is enrolled.", markup=False)
    emit({"officer": str(officer.id), "shoulder_number": officer.shoulder_number}, as_json=json)


@app.command("officer-left")
def officer_left(
    number: Annotated[str, typer.Argument(help="Their shoulder or warrant number.")],
    *,
    on: Annotated[
        str | None, typer.Option(help="When, as 2026-11-21 or 2026-11-21T09:30:00Z; without it, now.")
    ] = None,
    json: Json = False,
) -> None:
    """Say that an officer left: they belong to no unit any more, and are given no camera."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.people import leaving, selectors

        officer = selectors.officer_by_reference(number)
        if officer is None:
            fail(f"There is no officer with the number {number}.")
        at = instant(on, now(), field="on")
        if at > now():
            fail("That is still to come.", "Say it on the day.")
        posting = leaving.officer_left(officer=officer, by=Actor.system("command line"), at=at)
    console.print(f"{officer} left {posting.unit.name}.", markup=False)
    emit({"officer": str(officer.id), "left_at": at.isoformat()}, as_json=json)


@app.command("import-officers")
def import_officers(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV: given_name, family_name, rank, warrant_number, shoulder_number, unit_code; if you like, "
            "joined_date, left_date."
        ),
    ],
    dry_run: DryRun = False,
    good_only: GoodOnly = False,
    json: Json = False,
) -> None:
    """Enrol officers from a CSV file: all of its rows, or, if any is wrong, none; or the good ones."""
    with opened(file) as rows_csv, database():
        from tabard.custody.actors import Actor
        from tabard.people.importing import import_officers as import_rows

        by = Actor.system("command line")
        report = import_rows(rows_csv=rows_csv, by=by, at=now(), dry_run=dry_run, good_only=good_only)
    tell(report, as_json=json)


def _unit(code: str) -> Any:
    from tabard.people.models import Unit

    found = Unit.objects.filter(code__iexact=code).first()
    if found is None:
        fail(f"There is no unit with the code {code}.", "`tabard people units` shows them.")
    return found


@app.command("units")
def units(json: Json = False) -> None:
    """Show the units as a tree."""
    with database():
        from tabard.people import selectors

        tree = selectors.unit_tree()
    if not tree:
        console.print("No units yet.")
    for node in tree:
        console.print(f"{'  ' * node.depth}{node.unit.name} ({node.unit.code})", markup=False)
    emit({"units": [{"code": node.unit.code, "name": node.unit.name} for node in tree]}, as_json=json)
