"""`tabard backup`: a copy of everything but the sealed bytes, its keys apart; and what can be done with one."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from psycopg.conninfo import conninfo_to_dict

from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import database
from tabard.cli.home import Home, database_url, owner_url
from tabard.cli.output import console, emit, fail
from tabard.cli.postgres_binaries import Binaries, find_binaries
from tabard.kernel.clock import now
from tabard.kernel.errors import Integrity

app = typer.Typer(
    help="Copy everything but the sealed bytes, with the keys apart; check a backup; let old keys go.",
    invoke_without_command=True,
)
To = Annotated[
    Path | None, typer.Option("--to", help="Where the backup goes: a folder gets a new folder in it.")
]
KeysTo = Annotated[
    Path | None,
    typer.Option("--keys-to", help="Where its keys go: another place, which others look after. They expire."),
]
Folder = Annotated[Path, typer.Argument(help="The backup: a folder called backup-...")]


@app.callback()
def backup(  # noqa: PLR0917 - typer's shape: each option is an argument
    context: typer.Context,
    to: To = None,
    keys_to: KeysTo = None,
    keys_days: Annotated[int, typer.Option(help="After how many days the keys expire.", min=1, max=365)] = 30,
    with_objects: Annotated[
        bool,
        typer.Option(
            "--with-objects", help="Copy the sealed bytes too; else the second store is their backup."
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a backup: database and log in one folder, the keys that open footage in another, which expires."""
    if context.invoked_subcommand is not None:
        return
    if to is None or keys_to is None:
        fail("Say where the backup goes with --to, and where its keys go with --keys-to.")
    with database() as home:
        from tabard.custody.actors import Actor
        from tabard.safekeeping import backup as backups

        wanted = backups.Wanted(to, keys_to, timedelta(days=keys_days), with_objects)
        if dry_run:
            backups.check_wanted(wanted)
            console.print(f"A backup would go to {to}, its keys to {keys_to}, to expire in {keys_days} days.")
            emit({"ok": True, "dry_run": True, "to": str(to), "keys_to": str(keys_to)}, as_json=json)
            return
        with console.status("Backing up") as status:
            made = backups.make(
                wanted=wanted,
                database=backups.Database(dump_program(home), parameters(home)),
                by=Actor.system("command line"),
                at=now(),
                say=status.update,
            )
    console.print(f"{made.folder} holds {made.manifest.tree_size:,} events and no key.", markup=False)
    console.print(f"{made.keys_folder} holds its keys until {made.keys.expires_at}.", markup=False)
    if not with_objects:
        console.print("The sealed footage is not in it: the second store is its backup.")
    emit(
        {
            "ok": True,
            "backup": str(made.folder),
            "keys": str(made.keys_folder),
            "keys_expire_at": made.keys.expires_at,
            "events": made.manifest.tree_size,
            "objects": made.manifest.objects,
        },
        as_json=json,
    )


@app.command()
def check(folder: Folder, json: Json = False) -> None:
    """Look whether a backup is whole and unchanged and its log has the root that was signed. Restores nothing."""
    from tabard.cli.database import load_django

    load_django()
    from tabard.safekeeping import backup as backups

    try:
        found = backups.check(folder)
    except Integrity as error:
        console.print(f"[bold red]{error.code}[/] {error.message}")
        emit({"ok": False, "code": error.code, "words": error.message}, as_json=json, ok=False)
        return
    console.print(
        f"The backup of {found.manifest.made_at} is whole: {found.files} files, {found.events:,} events."
    )
    answer = {"ok": True, "made_at": found.manifest.made_at, "files": found.files, "events": found.events}
    emit(answer, as_json=json)


@app.command()
def prune(
    place: Annotated[
        Path | None, typer.Option(help="Where the keys were moved to since; else where each was written.")
    ] = None,
    json: Json = False,
) -> None:
    """Remove every copy of the keys that has expired, so that what was disposed of cannot come back."""
    with database():
        from tabard.safekeeping import backup as backups
        from tabard.safekeeping.models import KeyBackup

        at = now()
        gone = backups.prune(place=place, at=at)
        left = list(KeyBackup.objects.filter(pruned_at__isnull=True, expires_at__lte=at))
    for copy in left:
        console.print(f"[bold red]{copy.place}[/] has expired and could not be removed: is its place there?")
    console.print(f"{len(gone)} copies of the keys were removed.")
    answer = {
        "ok": not left,
        "removed": [copy.place for copy in gone],
        "left": [copy.place for copy in left],
    }
    emit(answer, as_json=json, ok=not left)


def parameters(home: Home) -> dict[str, str]:
    """How PostgreSQL's programs reach the database: as the owner of the tables, where that is another role."""
    url = owner_url(home) or database_url(home)
    return {name: str(value) for name, value in conninfo_to_dict(url).items()}


def dump_program(home: Home) -> Path:
    """A `pg_dump` that this database's version understands."""
    return _binaries(home).folder / "pg_dump"


def restore_program(home: Home) -> Path:
    """The `pg_restore` beside it."""
    return _binaries(home).folder / "pg_restore"


def _binaries(home: Home) -> Binaries:
    version = home.postgres / "PG_VERSION"
    major = int(version.read_text()) if version.exists() and not owner_is_external() else None
    found = find_binaries(major)
    if not (found.folder / "pg_dump").exists():
        fail(f"{found.folder} has no pg_dump.", "Install PostgreSQL's client programs.")
    return found


def owner_is_external() -> bool:
    """Whether the database is one of the administrator's own."""
    return bool(os.environ.get("DATABASE_URL"))
