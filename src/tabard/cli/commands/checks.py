"""What `tabard check` looks at beyond the machine: the jail, the tables, the store, the keys."""

import stat
from pathlib import Path

from tabard.cli.check import Check, Finding, Registry, machine_checks
from tabard.cli.database import load_django
from tabard.cli.home import Home
from tabard.cli.postgres import Server


def registry(home: Home) -> Registry:
    """Every check of this installation, the machine's first."""
    checks = Registry(machine_checks(home))
    checks.add(
        Check("Decoder jail", _jail),
        Check("Tables", lambda: _tables(home)),
        Check("Store", lambda: _store(home)),
        Check("Keys", lambda: _keys(home.keys)),
        Check("Pages", _pages),
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


def _pages() -> Finding:
    from importlib.resources import files

    if files("tabard.web").joinpath("static", "vendor", "tabard.css").is_file():
        return Finding.ok("The pages' styles and scripts are built.")
    return Finding.problem("The pages' styles and scripts are not built.", "Run `make assets`.")
