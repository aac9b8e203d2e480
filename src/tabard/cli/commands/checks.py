"""What `tabard check` looks at beyond the machine: the jail, the tables, the store, the keys."""

import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedTable

from tabard.cli.check import Check, Finding, Registry, machine_checks
from tabard.cli.commands import log_keys, log_timestamps, log_witnesses, store_checks
from tabard.cli.database import load_django
from tabard.cli.database_roles import HOW_TO, OWNER, look_at_log_tables
from tabard.cli.door_tls import door_tls
from tabard.cli.home import Home
from tabard.cli.postgres import Server
from tabard.kernel.clock import now

CERTIFICATE_ENDS_SOON = timedelta(days=30)


def registry(home: Home) -> Registry:
    """Every check of this installation, the machine's first."""
    checks = Registry(machine_checks(home))
    checks.add(
        Check("Decoder jail", _jail),
        Check("Tables", lambda: _tables(home)),
        Check("Log tables", lambda: _log_tables(home)),
        Check("Store", lambda: _store(home)),
        Check("Second store", lambda: store_checks.second_store(home)),
        Check("Locks", lambda: store_checks.locks(home)),
        Check("Keys", lambda: _keys(home.keys)),
        Check("Log keys", lambda: _in_tables(log_keys.finding, home)),
        Check("Timestamps", lambda: _in_tables(log_timestamps.finding, home)),
        Check("Witnesses", lambda: _in_tables(log_witnesses.finding, home)),
        Check("Door", lambda: _door(home)),
        Check("Pages", _pages),
        Check("Reason for access", _access_reason),
    )
    return checks


def _jail() -> Finding:
    from tabard.media.jail.walls import available_walls

    missing = [f"{name}: {wall.words}" for name, wall in available_walls().items() if not wall.held]
    if not missing:
        return Finding.ok("Every wall of the decoder jail holds.")
    return Finding.warning(
        "Walls of the decoder jail are missing: " + "; ".join(missing),
        "Footage is not decoded until an administrator accepts that with TABARD_ACCEPT_MISSING_WALLS=1.",
    )


def _tables(home: Home) -> Finding:
    with Server(home):
        load_django()
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        connection.close()
    if waiting:
        return Finding.warning(f"{len(waiting)} migrations wait.", "Run `tabard up`; it migrates first.")
    return Finding.ok("The database has this version's tables.")


def _log_tables(home: Home) -> Finding:
    """The log's tables refuse changes, and the role that Tabard works as could not switch that off."""
    with Server(home) as server, psycopg.connect(server.url) as connection:
        found = look_at_log_tables(connection)
    if found.is_empty:
        return Finding.ok("There are no tables yet; the first start makes them.")
    if found.missing:
        return Finding.problem(
            f"The log's tables can be changed: {', '.join(found.missing)} missing or switched off.",
            "Only the tables' owner can do that. Find out who did, run `tabard log verify`, then as the owner: "
            + "; ".join(
                f"ALTER TABLE {name.partition('_not_')[0]} ENABLE ALWAYS TRIGGER {name}"
                for name in found.missing
            ),
        )
    if found.powers:
        return Finding.warning(
            f"Whoever takes over Tabard could rewrite the log: the role {found.role} {'; '.join(found.powers)}.",
            f"Let another role own the tables, and name it in TABARD_OWNER_DATABASE_URL: {HOW_TO}. As a superuser: "
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '...'; then, connected to Tabard's database: "
            f"REASSIGN OWNED BY {found.role} TO {OWNER};",
        )
    return Finding.ok(f"They refuse changes, and the role {found.role} can only add to them.")


def _in_tables(look: Callable[[Home], Finding], home: Home) -> Finding:
    """What the look finds, or that it must wait for this version's tables."""
    from django.db import ProgrammingError

    try:
        return look(home)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
            raise
        return Finding.warning(
            "It stands in tables that are not there yet, so nothing can be said of it.",
            "Run `tabard up`; it migrates first.",
        )


def _store(home: Home) -> Finding:
    """Seal a few bytes, read them back, and remove them."""
    with Server(home):
        load_django()
        from tabard.vault import services as vault

        with vault.start() as pending:
            pending.write(b"tabard check")
            pending.seal()
            pending.abort()
    return Finding.ok("The store takes an object and gives it up again.")


def _keys(keys: Path) -> Finding:
    """Key files are ours alone."""
    open_to_others = [
        path.name
        for path in sorted(keys.rglob("*"))
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if open_to_others:
        return Finding.problem(
            f"Others can read {', '.join(open_to_others)} in {keys}.", f"Close them: chmod -R go-rwx {keys}"
        )
    if not keys.is_dir() or not any(keys.iterdir()):
        return Finding.ok("No keys yet; they are made on first use.")
    return Finding.ok(
        "Keys can be read by this user alone. Without a copy of them nothing sealed can be opened."
    )


def _door(home: Home) -> Finding:
    """The door's certificate is one, has its key, and is good for another month."""
    from tabard.intake.certificates import good_until

    tls = door_tls(home)
    if tls is None:
        return Finding.ok(
            "The door speaks plain HTTP, and listens on this machine alone unless told otherwise."
        )
    tls.check()
    until = good_until(tls.certificate.read_bytes())
    cure = (
        "Make another one (`tabard intake door-certificate --replace --host NAME`, or from your authority), restart "
        "the door, and renew the connection file of every system."
    )
    if until <= now():
        return Finding.problem(
            f"The door's certificate ended on {until:%-d %B %Y}; no system can send.", cure
        )
    if until <= now() + CERTIFICATE_ENDS_SOON:
        return Finding.warning(f"The door's certificate ends on {until:%-d %B %Y}.", cure)
    return Finding.ok(f"The door speaks TLS; its certificate is good until {until:%-d %B %Y}.")


def _pages() -> Finding:
    from importlib.resources import files

    if files("tabard.web").joinpath("static", "vendor", "tabard.css").is_file():
        return Finding.ok("The pages' styles and scripts are built.")
    return Finding.problem("The pages' styles and scripts are not built.", "Run `make assets`.")


def _access_reason() -> Finding:
    """Read from the environment, not from Django's settings: with a wrong value those do not load."""
    from tabard.people.access_reasons import SETTING, Asking, asking

    asked = asking(os.environ.get(SETTING) or Asking.PROMPTED)
    return Finding.ok(f"{SETTING}={asked}. {asked.words}")
