"""The settings under test: a PostgreSQL and home folders of their own, gone with the last process of the run.

`DATABASE_URL` may name another server; its role must be allowed to create databases. Workers of a parallel run share
the server and have a home folder each; they inherit the environment of the process that began the run.
"""

import atexit
import os
import tempfile
from pathlib import Path

import psycopg

from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server
from tabard.config.database import django_database

if "TABARD_TEST_HOME" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="tabard-test-")
    atexit.register(_folder.cleanup)
    os.environ["TABARD_TEST_HOME"] = _folder.name
_shared = Path(os.environ["TABARD_TEST_HOME"])
os.environ["TABARD_HOME"] = str(_shared / os.environ.get("PYTEST_XDIST_WORKER", "main"))
os.environ["TABARD_ACCEPT_MISSING_WALLS"] = "1"

Home.from_environ().create()
_database = Home(_shared / "database")
_server = Server(_database)
_server.__enter__()
atexit.register(_server.__exit__, None, None, None)

from tabard.config.settings import *  # noqa: E402, F403 - the environment above must be set before they are read


def _forget_durability() -> None:
    """Nothing here outlives the run, so nothing waits for the disk; what must survive a kill has servers of its own."""
    with psycopg.connect(embedded_url(_database, user="postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


_forget_durability()
PASSWORD_HASHERS = ["tests.quick_passwords.QuickArgon2"]

# As the owner: test databases are made, migrated and flushed. The triggers refuse the owner as well; what the
# application's role may do is tried on a server of its own, in tests/integration/cli/test_database_roles.py.
_url = os.environ.get("DATABASE_URL") or embedded_url(_database, user="tabard_owner")
DATABASES = {"default": django_database(_url)}
