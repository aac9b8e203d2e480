"""`tabard manage`: Django's own commands, for those who build Tabard."""

from contextlib import nullcontext

import typer

from tabard.cli.database import load_django, owner_connection
from tabard.cli.home import Home
from tabard.cli.postgres import Server


def manage(context: typer.Context) -> None:
    """Run one of Django's commands (makemigrations, shell, ...) against this installation."""
    with Server(Home.from_environ().create()):
        load_django()
        from django.core.management import execute_from_command_line

        # Only what changes tables works as their owner; a shell gets no more than the application has.
        with owner_connection() if context.args[:1] == ["migrate"] else nullcontext():
            execute_from_command_line(["tabard manage", *context.args])
