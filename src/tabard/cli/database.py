"""How does a command reach the database? It is started if need be, and stopped again if this command started it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tabard.cli.home import Home
from tabard.cli.postgres import Server

SETTINGS = "tabard.config.settings"


def load_django() -> None:
    """Django is ready: models may be imported and queried."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()


@contextmanager
def database() -> Iterator[Home]:
    """Inside the block the database answers and is migrated, and Django is ready."""
    home = Home.from_environ().create()
    with Server(home):
        load_django()
        migrate()
        try:
            yield home
        finally:
            _close_connections()


def migrate() -> None:
    """The database has the tables of this version, and the categories of the retention policy."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from tabard.retention.services import adopt_policy

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
        adopt_policy()


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
