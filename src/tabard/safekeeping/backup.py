"""How is everything but the sealed bytes backed up, so that disposal still reaches the copies?

One exported snapshot gives the database, the rows of sealed objects without their wrapped keys, and the keys, which go
into a folder of their own that expires. Sealed objects are not copied unless asked for: the second store is their
backup. Both folders are written beside and synced; then the event is committed; then they are renamed. So no copy of
the keys that looks whole is unknown to the log; a kill between leaves an event of a backup that is not there.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import transaction
from psycopg import sql

from tabard.custody import services as custody
from tabard.custody.actors import Actor
from tabard.custody.adapters import log_signer, whole
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import latest_checkpoint
from tabard.kernel.errors import Invalid, NotFound
from tabard.kernel.ids import new_id
from tabard.safekeeping import backup_files as files
from tabard.safekeeping.backup_files import KeysManifest, Manifest, Say
from tabard.safekeeping.errors import BackupNotMade
from tabard.safekeeping.log_copy import read_log, read_verifiers, write_log
from tabard.safekeeping.models import KeyBackup
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_key_ring, configured_store

KEYS_LIVE = timedelta(days=30)
# Sessions are bearer tokens: a copy of them would let its holder in.
# What still arrives is with its sender too, and its keys must be in no copy.
_WITHOUT_ROWS = ("vault_sealedobject", "vault_partialobject", "django_session")
_COPY_OBJECTS = sql.SQL("COPY (SELECT {} FROM vault_sealedobject ORDER BY id) TO STDOUT")
_COPY_KEYS = sql.SQL(
    "COPY (SELECT id, key_id, wrapped_key FROM vault_sealedobject WHERE wrapped_key IS NOT NULL ORDER BY id) TO STDOUT"
)
_HOW_TO = """This is a backup of Tabard's database and custody log, made {made_at}.
It holds no key: nothing in it opens footage. Its keys are in the folder {keys},
wherever that was put, and may be used until {expires_at}.
The sealed footage itself is in the second store (TABARD_STORE_B_URL).

To restore, on a machine with Tabard {version} or later and an empty TABARD_HOME:

    tabard backup check THIS_FOLDER
    tabard restore --from THIS_FOLDER --keys KEYS_FOLDER --seen PACK_OR_CHECKPOINT_OR_WITNESS

Give with --seen whatever may have seen the log since: evidence packs, checkpoints, witnesses' addresses. If the
log grew since, give a later copy of it with --log. The whole way: docs/how-to/back-up-and-restore.md
"""


@dataclass(frozen=True, slots=True)
class Database:
    """How PostgreSQL's own programs reach the database: libpq parameters of a role that may read every table."""

    dump_program: Path
    parameters: Mapping[str, str]

    def environ(self) -> dict[str, str]:
        """The parameters as environment variables, so that no password stands in a list of processes."""
        names = {
            "dbname": "PGDATABASE",
            "user": "PGUSER",
            "password": "PGPASSWORD",
            "host": "PGHOST",
            "port": "PGPORT",
        }
        return {names[name]: value for name, value in self.parameters.items() if name in names and value}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to, for how long, and whether the sealed bytes too."""

    place: Path
    keys_place: Path
    keys_live: timedelta = KEYS_LIVE
    with_objects: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """Where the two folders are, and what the backup says of itself."""

    folder: Path
    keys_folder: Path
    manifest: Manifest
    keys: KeysManifest


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at a backup found whole."""

    manifest: Manifest
    files: int
    events: int


def check_wanted(wanted: Wanted) -> None:
    """Return only if the keys would go somewhere else, and expire.

    Raises:
        Invalid: naming the option.
        NotFound: when the log has no checkpoint yet.
    """
    place, keys_place = wanted.place.resolve(), wanted.keys_place.resolve()
    if keys_place == place or place in keys_place.parents:
        raise Invalid("The keys must go to another place than the backup.", field="keys-to")
    if wanted.keys_live <= timedelta():
        raise Invalid("Keys have to expire, a day from now or later.", field="keys-days")
    if latest_checkpoint() is None:
        raise NotFound("The log has no checkpoint yet; start the worker (`tabard up`) for a moment.")


def make(*, wanted: Wanted, database: Database, by: Actor, at: datetime, say: Say) -> Made:
    """Both folders are whole and durable, and the log knows, when this returns.

    Args:
        wanted: Where to.
        database: How `pg_dump` reaches the database.
        by: Who makes it.
        at: Now, aware.
        say: Told each step in words.

    Raises:
        Invalid, NotFound: see `check_wanted`.
        BackupNotMade: nothing that looks like a backup was left.
    """
    check_wanted(wanted)
    backup_id = new_id()
    names = [files.name_of(kind, backup_id, at) for kind in ("backup", "keys")]
    with (
        files.staged(wanted.place, names[0]) as folder,
        files.staged(wanted.keys_place, names[1]) as keys_folder,
    ):
        with _snapshot(database) as (connection, snapshot):
            facts = _facts(connection)
            say("Dumping the database")
            _dump(database, snapshot, folder / files.DATABASE)
            say("Writing the rows of sealed objects, and their keys apart")
            columns = sql.SQL(", ").join(map(sql.Identifier, facts["object_columns"]))
            _copy(connection, _COPY_OBJECTS.format(columns), folder / files.OBJECTS)
            _copy(connection, _COPY_KEYS, keys_folder / files.WRAPPED_KEYS)
            _copy_key_files(keys_folder / files.HOME_KEYS)
        say("Writing the log")
        write_log(folder / files.LOG, facts["checkpoint_size"], log_signer().verifiers)
        if wanted.with_objects:
            _copy_objects(folder / files.COPIES, say)
        keys = _close_keys(keys_folder, backup_id, facts, at, wanted)
        manifest = _close_backup(folder, backup_id, facts, at, keys)
        say("Writing it into the log")
        _log(manifest, keys, wanted.keys_place / names[1], by, at)
        return Made(files.publish(folder), files.publish(keys_folder), manifest, keys)


def check(folder: Path) -> Checked:
    """A backup that is whole, unchanged, and whose log has the root that was signed.

    Raises:
        BackupUnusable: naming what is wrong.
    """
    manifest = files.read_manifest(folder)
    log = read_log(folder / files.LOG, read_verifiers(folder / files.LOG))
    log.check()
    return Checked(manifest, len(manifest.files), log.head.size)


def prune(*, place: Path | None, at: datetime) -> list[KeyBackup]:
    """Expired copies of the keys are gone from disk and known to be; returns which.

    Args:
        place: Where to look; else where each was written. One that is not found there is only taken for gone when its
            place is there and does not hold it.
        at: Now, aware.
    """
    gone = []
    for copy in KeyBackup.objects.filter(pruned_at__isnull=True, expires_at__lte=at):
        folder = Path(copy.place) if place is None else place / Path(copy.place).name
        if not folder.parent.is_dir() or not _is_copy(folder, copy):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            files.sync(folder.parent)
            KeyBackup.objects.filter(id=copy.id).update(pruned_at=at)
            gone.append(copy)
    return gone


def _is_copy(folder: Path, copy: KeyBackup) -> bool:
    """Whether the folder is that copy of the keys, or gone; nothing else is ever removed."""
    try:
        return bool(json.loads((folder / files.KEYS_MANIFEST).read_text())["id"] == str(copy.id))
    except (OSError, ValueError, KeyError, TypeError):
        return not folder.exists()


@contextmanager
def _snapshot(database: Database) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """A connection that sees one moment, and the name under which `pg_dump` sees the same."""
    parameters: dict[str, Any] = dict(database.parameters)
    try:
        connection = psycopg.connect(**parameters)
    except psycopg.Error as error:
        raise BackupNotMade(f"The database does not answer: {error}") from error
    with connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        if row is None:
            raise BackupNotMade("The database gave no snapshot.")
        yield connection, str(row[0])


def _facts(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What the manifest says of the database, all of one moment."""
    row = connection.execute(
        """
        SELECT (SELECT coalesce(max(position) + 1, 0) FROM custody_event),
               (SELECT coalesce(max(size), 0) FROM custody_checkpoint),
               (SELECT count(*) FROM vault_sealedobject),
               (SELECT array_agg(app || '.' || name ORDER BY id) FROM django_migrations),
               (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
                 WHERE attrelid = 'vault_sealedobject'::regclass AND attnum > 0 AND NOT attisdropped
                   AND attname <> 'wrapped_key')
        """
    ).fetchone()
    if row is None or not row[1]:
        raise BackupNotMade("The log has no checkpoint yet.")
    names = ("tree_size", "checkpoint_size", "objects", "migrations", "object_columns")
    return {**dict(zip(names, row, strict=True)), "postgres_major": connection.info.server_version // 10_000}


def _dump(database: Database, snapshot: str, path: Path) -> None:
    without = [f"--exclude-table-data=public.{table}" for table in _WITHOUT_ROWS]
    command = [
        str(database.dump_program),
        "--format=custom",
        "--compress=1",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--snapshot={snapshot}",
        f"--file={path}",
        *without,
    ]
    done = subprocess.run(command, env=database.environ(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupNotMade(f"pg_dump failed: {done.stderr.strip()[-500:]}")


def _copy(connection: psycopg.Connection[Any], statement: sql.SQL | sql.Composed, path: Path) -> None:
    with connection.cursor().copy(statement) as copy, path.open("wb") as file:
        for piece in copy:
            file.write(piece)


def _copy_key_files(folder: Path) -> None:
    """The key files as they are now; those half written by another process begin with a dot or end in hex."""
    folder.mkdir(mode=0o700)
    for path in sorted((Path(settings.TABARD_HOME) / "keys").iterdir()):
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, folder / path.name)


def _copy_objects(folder: Path, say: Say) -> None:
    """Every object that can still be opened, as it stands sealed in the store."""
    store = configured_store()
    held = SealedObject.objects.filter(wrapped_key__isnull=False).order_by("id")
    for number, sealed in enumerate(held.iterator(500), 1):
        path = folder / sealed.store_key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as file:
            for start in range(0, sealed.sealed_size_bytes, 4 << 20):
                file.write(
                    store.read(sealed.store_key, start, min(start + (4 << 20), sealed.sealed_size_bytes))
                )
        say(f"Copying sealed objects: {number:,}")


def _close_keys(
    folder: Path, backup_id: UUID, facts: Mapping[str, Any], at: datetime, wanted: Wanted
) -> KeysManifest:
    manifest = KeysManifest(
        id=str(new_id()),
        backup=str(backup_id),
        made_at=at.isoformat(),
        expires_at=(at + wanted.keys_live).isoformat(),
        origin=log_signer().origin,
        tree_size=facts["tree_size"],
        key_ids=list(configured_key_ring().key_ids),
        files=files.digests(folder),
    )
    files.close(folder, manifest, files.KEYS_MANIFEST)
    return manifest


def _close_backup(
    folder: Path, backup_id: UUID, facts: Mapping[str, Any], at: datetime, keys: KeysManifest
) -> Manifest:
    manifest = Manifest(
        id=str(backup_id),
        made_at=at.isoformat(),
        version=settings.TABARD_VERSION,
        origin=keys.origin,
        keys=keys.id,
        files={},
        **facts,
    )
    text = _HOW_TO.format(
        made_at=manifest.made_at,
        keys=files.name_of("keys", backup_id, at),
        expires_at=keys.expires_at,
        version=manifest.version,
    )
    (folder / files.HOW_TO).write_text(text, encoding="utf-8")
    manifest = replace(manifest, files=files.digests(folder))
    files.close(folder, manifest, files.MANIFEST)
    return manifest


def _log(manifest: Manifest, keys: KeysManifest, keys_folder: Path, by: Actor, at: datetime) -> None:
    """The event and the row that says which copy of the keys there is, together."""
    with transaction.atomic():
        KeyBackup.objects.create(
            id=UUID(keys.id),
            made_at=at,
            expires_at=keys.runs_out_at,
            place=str(keys_folder.resolve()),
            key_ids=keys.key_ids,
        )
        custody.append(
            kind=EventKind.BACKUP_MADE,
            subject=whole("force"),
            at=at,
            by=by,
            details={
                "backup": manifest.id,
                "keys": keys.id,
                "keys_expire_at": keys.expires_at,
                "events": manifest.tree_size,
                "objects": manifest.objects,
            },
        )
