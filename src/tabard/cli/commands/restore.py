"""`tabard restore`: a backup becomes an installation again, if it denies nothing that anybody has seen."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tabard.cli.commands.backup import parameters, restore_program
from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import load_django, migrate
from tabard.cli.home import Home, database_url, embedded_url
from tabard.cli.output import console, emit
from tabard.cli.postgres import EXTENSIONS, Server
from tabard.kernel.clock import now

_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    folder: Path
    keys: Path
    log: Path | None
    seen: list[str]
    without_witnesses: bool


def restore(  # noqa: PLR0917 - typer's shape: each option is an argument
    folder: Annotated[Path, typer.Option("--from", help="The backup: a folder called backup-...")],
    keys: Annotated[Path, typer.Option("--keys", help="Its keys: a folder called keys-...")],
    seen: Annotated[
        list[str] | None,
        typer.Option(
            help="What may have seen the log since: a pack, checkpoint, receipt, or witness's address. Repeatable."
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="A later copy of the log, to bring the backup forward: of `log watch`, say."),
    ] = None,
    without_witnesses: Annotated[
        bool,
        typer.Option("--without-witnesses", help="Go on though a witness of the policy does not answer."),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Restore a backup into an empty installation.

    Refused where anybody has seen the log grow further than the backup knows. What was disposed of stays disposed of.
    """
    asked = _Asked(folder, keys, log, seen or [], without_witnesses)
    home = Home.from_environ().create()
    with Server(home):
        if _holds_data(database_url(home)):
            _go_on(home, folder, dry_run=dry_run, json=json)
            return
        target = conninfo_to_dict(database_url(home))
        staging = f"{target['dbname']}_restoring"
        back = _prepare_django(home, staging)
        report = _restore(home, asked, staging, str(target["dbname"]), dry_run=dry_run)
        if report is None:
            console.print("The backup can be restored here; nothing was changed.")
            emit({"ok": True, "dry_run": True}, as_json=json)
            return
        back()
        _say_restored(report)
        refilled = _refill()
    _say_refilled(refilled)
    ok = not (report.lost or report.keyless or refilled.missing)
    emit(_as_json(report, refilled, ok=ok), as_json=json, ok=ok)


def _go_on(home: Home, folder: Path, *, dry_run: bool, json: bool) -> None:
    """The restore was ended after the database had its name; what is left is to look for the sealed objects."""
    load_django()
    from tabard.safekeeping.backup_files import read_manifest
    from tabard.safekeeping.errors import NotEmpty
    from tabard.safekeeping.restore import restored_before

    before = restored_before(read_manifest(folder))
    if before is None:
        raise NotEmpty(
            "This installation holds data; a backup is restored into an empty one only. Set TABARD_HOME to a "
            "new folder, or DATABASE_URL to a new database."
        )
    console.print(f"This backup was restored here at {before.at:%Y-%m-%d %H:%M:%S}; its events are in place.")
    if dry_run:
        emit({"ok": True, "dry_run": True, "restored_at": before.at}, as_json=json)
        return
    _drop_empty(home, str(conninfo_to_dict(database_url(home))["dbname"]))
    refilled = _refill()
    _say_refilled(refilled)
    answer = {"restored_at": before.at, "lost": before.lost, **_refilled_as_json(refilled)}
    ok = not (before.lost or refilled.missing)
    emit({"ok": ok, **answer}, as_json=json, ok=ok)


def _refill() -> Any:
    """What one store lacks is copied from another; the database is now the installation's own."""
    from tabard.custody.actors import Actor
    from tabard.safekeeping.refill import refill

    migrate()  # and so the application's role gets its privileges
    try:
        with console.status("Looking for sealed objects in the stores") as status:
            return refill(
                by=Actor.system("command line"),
                at=now(),
                progress=lambda done, of: status.update(f"Sealed objects in the stores: {done:,} of {of:,}"),
            )
    finally:
        _close_django()


def _restore(home: Home, asked: _Asked, staging: str, target: str, *, dry_run: bool) -> Any:
    """The report; None for a dry run."""
    from tabard.custody.actors import Actor
    from tabard.retention.replaying import reapply
    from tabard.safekeeping import backup_files, key_files
    from tabard.safekeeping import restore as restoring

    at = now()
    source = restoring.open_source(
        folder=asked.folder,
        keys_folder=asked.keys,
        log=asked.log,
        at=at,
        also_known=key_files.surviving_verifiers(home.keys),
    )
    seen = _seen(home, asked, source)
    restoring.check_not_too_old(source, seen)
    if dry_run:
        return None
    with _empty_database(home, staging) as empty, console.status("Restoring") as status:
        keyless = restoring.fill(source=source, empty=empty, at=at, say=status.update)
        status.update("Placing the keys")
        key_files.place_keys(asked.keys / backup_files.HOME_KEYS, home.keys)
        key_files.remember_signed(home.keys, restoring.newest_note(source, seen))
        status.update("Bringing the log forward")
        report = restoring.complete(
            source=source, seen=seen, again=reapply, by=Actor.system("command line"), at=at
        )
        report.keyless = [each for each in keyless if not _is_disposed(each)]
        _close_django()
        _give_name(home, staging, target)
    return report


def _seen(home: Home, asked: _Asked, source: Any) -> list[Any]:
    """Every checkpoint that anybody named, or configured, or this home's own memory has seen."""
    from tabard.kernel.errors import Unavailable
    from tabard.safekeeping.key_files import last_signed
    from tabard.safekeeping.seen import seen_at

    remembered = last_signed(home.keys)
    found = []
    for place in [*asked.seen, *([str(remembered)] if remembered else [])]:
        found += seen_at(place, source.manifest.origin, source.verifiers)
    for url in _witnesses():
        try:
            found += seen_at(url, source.manifest.origin, source.verifiers)
        except Unavailable as error:
            if not asked.without_witnesses:
                raise
            console.print(f"[yellow]{error.message}[/] What it has seen is not known.")
    return found


def _witnesses() -> list[str]:
    """The addresses of the witnesses of the policy."""
    from django.conf import settings

    from tabard.merkle.policy import Policy

    if not settings.TABARD_WITNESS_POLICY:
        return []
    policy = Policy.parse(Path(settings.TABARD_WITNESS_POLICY).read_bytes())
    return [witness.url for witness in policy.witnesses if witness.url]


def _is_disposed(object_id: Any) -> bool:
    from tabard.recordings.models import Recording
    from tabard.retention.selectors import object_ids

    disposed = Recording.objects.filter(disposed_at__isnull=False).values_list("id", flat=True)
    return any(object_id in object_ids(recording_id) for recording_id in disposed)


def _holds_data(url: str) -> bool:
    with psycopg.connect(url) as connection:
        for table in ("custody_event", "people_account", "vault_sealedobject"):
            row = connection.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone()
            if row is None or row[0] is None:
                continue
            found = connection.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
            ).fetchone()
            if found is not None and found[0]:
                return True
    return False


def _prepare_django(home: Home, staging: str) -> Callable[[], None]:
    """Django is ready, and will connect to the database that is being filled, as the owner of its tables.

    Returns what leads it back to the installation's own.
    """
    if not (home.keys / "session-secret").exists():  # else settings would make one, and it would stay
        os.environ.setdefault("TABARD_SECRET_KEY", secrets.token_urlsafe(48))
    load_django()
    from django.db import connection

    usual = dict(connection.settings_dict)
    owner = parameters(home) | {"dbname": staging}
    address = dict.fromkeys(_DJANGO_NAMES.values(), "")
    address |= {_DJANGO_NAMES[name]: value for name, value in owner.items() if name in _DJANGO_NAMES}
    connection.settings_dict = usual | address

    def back() -> None:
        connection.close()
        connection.settings_dict = usual

    return back


def _close_django() -> None:
    from django.db import connections

    connections.close_all()


@contextmanager
def _empty_database(home: Home, staging: str) -> Iterator[Any]:
    """A new database beside the real one; what a killed restore left is dropped, and so is this one if it fails."""
    from tabard.safekeeping.backup import Database
    from tabard.safekeeping.restore import EmptyDatabase

    owner = parameters(home) | {"dbname": staging}
    name = sql.Identifier(staging)
    with _admin(home) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        # As the server that Tabard starts itself makes its own (cli/postgres.py).
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 LOCALE 'C' LC_CTYPE 'C.UTF-8'").format(
                name, sql.Identifier(owner["user"])
            )
        )
    try:
        with _admin(home, staging) as inside:
            for extension in EXTENSIONS:
                inside.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        program = restore_program(home)
        yield EmptyDatabase(program, owner, Database(program, owner).environ())
    except BaseException:
        _close_django()
        with _admin(home) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        raise


def _give_name(home: Home, staging: str, target: str) -> None:
    """The filled database is the installation's, in one transaction; the empty one goes."""
    _drop_empty(home, target)
    with _admin(home) as admin, admin.transaction():
        for old, new in ((target, _emptied(target)), (staging, target)):
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
            )
    _drop_empty(home, target)


def _drop_empty(home: Home, target: str) -> None:
    """The empty database that had the installation's name goes, where there is one."""
    with _admin(home) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_emptied(target))))


def _emptied(target: str) -> str:
    return f"{target}_empty"


@contextmanager
def _admin(home: Home, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
    """A connection that may make databases: the superuser's of a server of our own, else the owner's."""
    is_ours = not os.environ.get("DATABASE_URL")
    arguments: Mapping[str, Any] = (
        conninfo_to_dict(embedded_url(home, user="postgres", database=database))
        if is_ours
        else parameters(home) | {"dbname": database}
    )
    with psycopg.connect(**arguments, autocommit=True) as connection:
        yield connection


def _say_restored(report: Any) -> None:
    console.print(
        f"Restored the backup of {report.manifest.made_at}: {report.events:,} events.", markup=False
    )
    if report.replayed:
        console.print(f"{report.replayed:,} later events were placed from the copy of the log.")
    for name, ids in (("disposed of again", report.reapplied.disposed), ("held", report.reapplied.held)):
        for recording_id in ids:
            console.print(f"Recording {recording_id} is {name}.")
    for event in report.lost:
        console.print(
            f"[yellow]lost[/] {event.kind} of {event.subject_type} {event.subject_id} at {event.at:%Y-%m-%d %H:%M:%S}"
        )
    for object_id in report.keyless:
        console.print(f"[bold red]no key[/] object {object_id} cannot be opened again")


def _say_refilled(refilled: Any) -> None:
    for object_id in refilled.missing:
        console.print(f"[bold red]missing[/] no store holds object {object_id} whole")
    console.print(
        f"{refilled.objects:,} objects are in the stores; {refilled.copied:,} copies were made again."
    )
    console.print(
        "Next: `tabard vault reconcile` compares the stores with what was restored; `tabard log verify` the log."
    )


def _as_json(report: Any, refilled: Any, *, ok: bool) -> dict[str, object]:
    return {
        "ok": ok,
        "events": report.events,
        "replayed": report.replayed,
        "disposed_again": [str(each) for each in report.reapplied.disposed],
        "held": [str(each) for each in report.reapplied.held],
        "lost": [
            {
                "kind": event.kind,
                "subject": {"type": event.subject_type, "id": str(event.subject_id)},
                "at": event.at.isoformat(),
            }
            for event in report.lost
        ],
        "keyless": [str(each) for each in report.keyless],
        **_refilled_as_json(refilled),
    }


def _refilled_as_json(refilled: Any) -> dict[str, object]:
    return {
        "objects": refilled.objects,
        "copied": refilled.copied,
        "missing": [str(each) for each in refilled.missing],
    }
