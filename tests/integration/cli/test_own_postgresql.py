"""A PostgreSQL of one's own, with two roles made as the how-to page says: its SQL is read from the page and run."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.conftest import REPOSITORY
from tests.integration.cli.test_database_roles import as_role, finding, refusal, tabard
from tests.prepared import copied

from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server

PAGE = REPOSITORY / "docs" / "how-to" / "run-on-your-own-postgresql.md"
NEW, EXISTING = 0, 1


@contextmanager
def unprepared(home: Home) -> Iterator[Home]:
    """A server on which nobody has prepared anything for Tabard."""
    with Server(home, {}):
        with psycopg.connect(
            embedded_url(home, user="postgres", database="postgres"), autocommit=True
        ) as connection:
            for statement in ("DROP DATABASE tabard", "DROP ROLE tabard", "DROP ROLE tabard_owner"):
                connection.execute(statement)
        yield home


@pytest.fixture
def scratch(tmp_path) -> Iterator[Home]:
    with unprepared(Home(tmp_path / "server")) as home:
        yield home


def follow(scratch: Home, part: int) -> None:
    """Run the SQL of one part of the page, each block as whom and where its first line says."""
    text = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:][part]
    blocks = re.findall(
        r"^ +-- as a superuser, connected to the database (\w+)\n((?: {4}.*\n)+)", text, re.MULTILINE
    )
    assert len(blocks) == 2
    for database, statements in blocks:
        with psycopg.connect(
            embedded_url(scratch, user="postgres", database=database), autocommit=True
        ) as connection:
            for statement in statements.split(";\n"):
                if statement.strip():
                    connection.execute(statement)


def environ(scratch: Home, *, owner: bool = True) -> dict[str, str]:
    both = {
        "DATABASE_URL": embedded_url(scratch),
        "TABARD_OWNER_DATABASE_URL": embedded_url(scratch, user="tabard_owner"),
    }
    return both if owner else {"DATABASE_URL": both["DATABASE_URL"]}


def verify(home: Home, **variables: str) -> subprocess.CompletedProcess[str]:
    return tabard(home, "log", "verify", "--json", **variables)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The server's data folder after a new installation as the page says; each test has a copy to change."""
    folder = tmp_path_factory.mktemp("installed")
    with unprepared(Home(folder / "server")) as server:
        follow(server, NEW)
        done = verify(Home(folder / "home"), **environ(server))
        assert done.returncode == 0, done.stderr
    return server.postgres


@pytest.fixture
def server(installed, tmp_path) -> Iterator[Home]:
    """A server on which Tabard was installed as the page says, and its tables are made."""
    with Server(copied(installed, Home(tmp_path / "server")), {}):
        yield Home(tmp_path / "server")


def test_a_new_installation_as_the_page_says(server, tmp_path):
    home = Home(tmp_path / "home")
    assert finding(home, **environ(server, owner=False)) == "ok"
    assert verify(home, **environ(server, owner=False)).returncode == 0
    for statement in ("DELETE FROM custody_event", "TRUNCATE custody_event", "DROP TABLE custody_event"):
        assert isinstance(refusal(server, "tabard", statement), psycopg.errors.InsufficientPrivilege)


def test_an_installation_of_one_role_is_warned_and_cured_as_the_page_says(scratch, tmp_path):
    home = Home(tmp_path / "home")
    with psycopg.connect(
        embedded_url(scratch, user="postgres", database="postgres"), autocommit=True
    ) as connection:
        connection.execute("CREATE ROLE tabard LOGIN")
        connection.execute("CREATE DATABASE tabard OWNER tabard")
    alone = environ(scratch, owner=False)
    assert verify(home, **alone).returncode == 0
    assert finding(home, **alone) == "warning"
    assert isinstance(
        refusal(scratch, "tabard", "DELETE FROM custody_event"), psycopg.errors.RestrictViolation
    )

    with as_role(scratch, "postgres") as connection:
        connection.execute("CREATE ROLE tabard_owner LOGIN")
    half_done = verify(home, **environ(scratch))
    assert half_done.returncode == 2
    assert "REASSIGN OWNED BY tabard TO tabard_owner" in half_done.stderr
    with as_role(scratch, "postgres") as connection:
        connection.execute("DROP ROLE tabard_owner")

    follow(scratch, EXISTING)
    assert verify(home, **environ(scratch)).returncode == 0
    assert finding(home, **alone) == "ok"
    assert isinstance(
        refusal(scratch, "tabard", "DELETE FROM custody_event"), psycopg.errors.InsufficientPrivilege
    )


def test_a_switched_off_refusal_is_a_problem_found(server, tmp_path):
    with as_role(server, "tabard_owner") as connection:
        connection.execute("ALTER TABLE custody_node DISABLE TRIGGER custody_node_not_removed")
    assert finding(Home(tmp_path / "home"), **environ(server)) == "problem"


def test_migrations_that_only_the_owner_can_make_say_so(server, tmp_path):
    home = Home(tmp_path / "home")
    with as_role(server, "tabard_owner") as connection, connection.transaction():
        connection.execute("DROP TABLE django_session")
        connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    without = verify(home, **environ(server, owner=False))
    assert without.returncode == 2
    assert "set TABARD_OWNER_DATABASE_URL" in without.stderr
    assert verify(home, **environ(server)).returncode == 0
    with as_role(server, "tabard") as connection:
        connection.execute("SELECT count(*) FROM django_session")


def test_an_owner_of_another_database_is_refused(scratch, tmp_path):
    home = Home(tmp_path / "home")
    follow(scratch, NEW)
    elsewhere = embedded_url(scratch, user="tabard_owner", database="postgres")
    done = verify(home, DATABASE_URL=embedded_url(scratch), TABARD_OWNER_DATABASE_URL=elsewhere)
    assert done.returncode == 2
    assert "another database" in done.stderr
