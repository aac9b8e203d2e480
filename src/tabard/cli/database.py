"""How does a command reach the database? It is started if need be, and stopped again if this command started it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from tabard.cli import database_roles
from tabard.cli.home import Home, owner_url
from tabard.cli.postgres import Server

SETTINGS = "tabard.config.settings"
_ADDRESS = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
_MIGRATING = 0x7461_6261_7266  # "tabarf"


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
    """The database has the tables of this version, and the categories of the retention policy.

    Only this connects as the owner of the tables, where that is another role; afterwards the application's role has
    its privileges on what is new.

    Raises:
        DatabaseUnavailable: the owner's address is missing or of another database, or the tables are not the owner's.
    """
    from tabard.retention.services import adopt_policy

    url = owner_url(Home.from_environ())
    with _owner(url) as settle:
        settle()
        if not _migrations_wait():
            return
        _check_may_migrate()
        with _as_owner():
            _make_migrations()
        settle()
    adopt_policy()


@contextmanager
def owner_connection() -> Iterator[None]:
    """Inside the block Django works as the role that owns the tables; for `tabard manage migrate` and its like."""
    url = owner_url(Home.from_environ())
    with _owner(url) as settle:
        settle()
        with _as_owner():
            yield
        settle()


@contextmanager
def _owner(url: str | None) -> Iterator[Callable[[], None]]:
    """What gives the application's role its privileges; nothing where it owns the tables itself."""
    from django.db import connection

    if url is None:
        yield lambda: None
        return
    connection.ensure_connection()
    application = connection.connection.info.user
    with psycopg.connect(url, autocommit=True) as owner:
        database_roles.check_same_database(connection.connection, owner)
        is_apart = owner.info.user != application
        yield lambda: database_roles.settle(owner, application) if is_apart else None


@contextmanager
def _as_owner() -> Iterator[None]:
    """Django's connection is the owner's inside the block, and closed at its end with all that it locked."""
    from django.conf import settings
    from django.db import connection

    usual = connection.settings_dict
    connection.close()
    if settings.TABARD_OWNER_DATABASE:
        connection.settings_dict = usual | dict.fromkeys(_ADDRESS, "") | settings.TABARD_OWNER_DATABASE
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = usual


def _migrations_wait() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _check_may_migrate() -> None:
    from django.conf import settings
    from django.db import connection

    if settings.TABARD_OWNER_DATABASE is None:
        connection.ensure_connection()
        database_roles.check_owns_tables(connection.connection)


def _make_migrations() -> None:
    """Two starts at once do not migrate twice: the second waits until the first's connection is closed."""
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
    if _migrations_wait():
        call_command("migrate", verbosity=0, interactive=False)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
