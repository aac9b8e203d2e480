"""`tabard people`: the first accounts, and the units they belong to."""

from typing import Annotated

import typer

from tabard.cli.commands.options import Json
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
            by=Actor.system("command line"),
            at=now(),
        )
    console.print(f"{account.username} can sign in.")
    emit({"account": str(account.id), "username": account.username, "roles": role}, as_json=json)


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
