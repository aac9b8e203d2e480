"""`tabard manage`: Django's own commands, for those who build Tabard."""

import typer

from tabard.cli.database import load_django
from tabard.cli.home import Home
from tabard.cli.postgres import Server


def manage(context: typer.Context) -> None:
    """Run one of Django's commands (makemigrations, shell, ...) against this installation."""
    with Server(Home.from_environ().create()):
        load_django()
        from django.core.management import execute_from_command_line

        execute_from_command_line(["tabard manage", *context.args])
