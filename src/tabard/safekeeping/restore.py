"""How does a backup become an installation again, without denying anything that was seen since?

The caller gives an empty database to fill, which takes its name only at the end: a kill at any line leaves an empty
installation and a leftover that the next run drops. Order: manifests verified; everything that has seen the log asked,
and a backup that knows less refused before a row is written; rows, with the wrapped keys from their own copy; tables
of this version; the missing leaves of a later copy of the log placed; what was disposed of since disposed of again; the
key files placed; the event; the name. Only then the stores are filled, which can take days: what is killed there goes
on there, as `restored_before` says.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.core.management import call_command
from django.db import transaction
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tabard.custody import selectors, sequencer
from tabard.custody import services as custody
from tabard.custody.actors import Actor
from tabard.custody.adapters import whole
from tabard.custody.carrying import keep_checkpoint, place_leaves
from tabard.custody.kinds import CLASS_OF, EventKind, Section62
from tabard.custody.nodes import read_nodes
from tabard.custody.signing.keys import LogKeys
from tabard.kernel.errors import Integrity
from tabard.merkle.note import VerifierKey
from tabard.merkle.tree import root
from tabard.safekeeping import backup_files as files
from tabard.safekeeping.backup_files import KeysManifest, Manifest, Say
from tabard.safekeeping.errors import BackupExpired, BackupUnusable, DatabaseTooOld, HistoryForked
from tabard.safekeeping.log_copy import LogCopy, read_log
from tabard.safekeeping.models import KeyBackup
from tabard.safekeeping.seen import Seen

_BATCH = 5_000
_SECTIONS = ("pre-data", "data")
_ONLY_LOOKED = {Section62.CONSULTATION, Section62.DISCLOSURE, Section62.ERASURE}
_RESTORED_BY_ITSELF = {EventKind.KEY_RING_ROTATED, EventKind.LOG_KEY_ROTATED, EventKind.BACKUP_MADE}
Again = Callable[[Sequence["LaterEvent"]], "Reapplied"]


@dataclass(frozen=True, slots=True)
class Source:
    """A backup, its keys and, where there is one, a later copy of the log; all verified."""

    folder: Path
    keys_folder: Path
    manifest: Manifest
    keys: KeysManifest
    verifiers: tuple[VerifierKey, ...]
    log: LogCopy
    later: LogCopy | None = None

    @property
    def tree_size(self) -> int:
        """How many events there will be."""
        return max(self.manifest.tree_size, self.later.head.size if self.later else 0)


@dataclass(frozen=True, slots=True)
class LaterEvent:
    """An event that the log has and the backup's database does not; who and details are lost with the database."""

    kind: str
    at: datetime
    subject_type: str
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Reapplied:
    """What was done again after the log was brought forward, by recording."""

    disposed: Sequence[UUID] = ()
    held: Sequence[UUID] = ()


@dataclass(slots=True)
class RestoreReport:
    """What came back. `lost` happened after the backup and left nothing but its leaf; `keyless` cannot be opened."""

    manifest: Manifest
    events: int = 0
    replayed: int = 0
    lost: list[LaterEvent] = field(default_factory=list)
    keyless: list[UUID] = field(default_factory=list)
    reapplied: Reapplied = field(default_factory=Reapplied)


@dataclass(frozen=True, slots=True)
class RestoredBefore:
    """When this backup became this installation, and how many later events were lost with the old database."""

    at: datetime
    lost: int


@dataclass(frozen=True, slots=True)
class EmptyDatabase:
    """A database without tables, and how `pg_restore` and psycopg reach it as the role that shall own the tables."""

    restore_program: Path
    parameters: Mapping[str, str]
    environ: Mapping[str, str]


def open_source(
    *, folder: Path, keys_folder: Path, log: Path | None, at: datetime, also_known: Sequence[VerifierKey] = ()
) -> Source:
    """Backup, keys and log copy, each whole, unchanged, and of one log.

    Args:
        folder: The backup.
        keys_folder: A copy of the keys, of this backup or a later one.
        log: A later copy of the log, or None.
        at: Now, aware.
        also_known: Keys of the log that survived elsewhere, and may be newer than the copy.

    Raises:
        BackupUnusable: naming what is wrong.
        BackupExpired: the keys may not be used any more.
    """
    manifest, keys = files.read_manifest(folder), files.read_keys_manifest(keys_folder)
    if keys.origin != manifest.origin:
        raise BackupUnusable("These keys are of another installation than the backup.", keys=keys.origin)
    if keys.runs_out_at <= at:
        raise BackupExpired(f"The keys expired at {keys.expires_at}; disposal must reach copies too.")
    copied = LogKeys.parse((keys_folder / files.HOME_KEYS / "log-key").read_text("ascii")).verifiers
    verifiers = tuple(dict.fromkeys((*also_known, *copied)))
    kept = read_log(folder / files.LOG, verifiers)
    kept.check()
    later = read_log(log, verifiers) if log else None
    if later is not None:
        later.check()
    return Source(folder, keys_folder, manifest, keys, verifiers, kept, later)


def check_not_too_old(source: Source, seen: Iterable[Seen]) -> None:
    """Return only if the restored log will be as long as anybody has seen it.

    Raises:
        DatabaseTooOld: naming who saw more, and how much.
    """
    size = source.tree_size
    known = [(each.head.size, each.where) for each in seen]
    known.append((source.keys.tree_size, "the copy of the keys, which was made later than the backup"))
    furthest, where = max(known)
    if furthest > size:
        raise DatabaseTooOld(
            f"The backup knows {source.manifest.tree_size} events of the log, and {where} has seen {furthest}. To "
            f"restore it would deny the {furthest - size} between. Restore a later backup, or give a copy of the log "
            "that holds them with --log.",
            backup=source.manifest.tree_size,
            seen=furthest,
            where=where,
        )


def restored_before(manifest: Manifest) -> RestoredBefore | None:
    """Whether the installation came out of this backup: its restore was ended while it looked for sealed objects."""
    newest = selectors.lines(selectors.page(selectors.LogFilter(kind=EventKind.BACKUP_RESTORED), limit=1))
    if not newest or newest[0].details.get("backup") != manifest.id:
        return None
    return RestoredBefore(newest[0].at, newest[0].details["lost"])


def fill(*, source: Source, empty: EmptyDatabase, at: datetime, say: Say) -> list[UUID]:
    """The database holds the backup's rows, keys included, and this version's tables; returns objects without a key.

    Raises:
        BackupUnusable: PostgreSQL does not take it, or it is of a later version of Tabard.
    """
    say("Restoring the database")
    for section in _SECTIONS:
        _pg_restore(source, empty, section)
    say("Restoring sealed objects and their keys")
    with psycopg.connect(**dict(empty.parameters)) as rows:  # type: ignore[arg-type] # plain libpq parameters
        keyless = _restore_objects(rows, source, at)
    _pg_restore(source, empty, "post-data")
    _check_version(source.manifest)
    say("Making the tables those of this version")
    call_command("migrate", verbosity=0, interactive=False)
    return keyless


def complete(*, source: Source, seen: Sequence[Seen], again: Again, by: Actor, at: datetime) -> RestoreReport:
    """The log is whole up to what was seen, what was disposed of is disposed of, and `backup.restored` is in it.

    Args:
        source: What is restored, its rows in the database that Django is connected to, its key files in place.
        seen: Checkpoints that must be part of this history.
        again: Does again, in our transaction, what later events say and leaves are enough for.
        by: Who restores.
        at: Now, aware.

    Raises:
        BackupUnusable: the database is not the one that the manifest describes.
        HistoryForked: a signed checkpoint is not of this history.
    """
    report = RestoreReport(source.manifest)
    with transaction.atomic():
        if sequencer.tree_size() != source.manifest.tree_size:
            raise BackupUnusable("The database does not hold the events that the manifest says.")
        _check_head(source.log.head.size, source.log.head.root, "the backup's own log")
        later = list(_replay(source)) if source.later else []
        for each in seen:
            _check_head(each.head.size, each.head.root, each.where)
        report.replayed = len(later)
        report.reapplied = again(later)
        report.lost = [event for event in later if _is_lost(event)]
        KeyBackup.objects.get_or_create(id=UUID(source.keys.id), defaults=_as_row(source))
        custody.append(
            kind=EventKind.BACKUP_RESTORED,
            subject=whole("force"),
            at=at,
            by=by,
            details={
                "backup": source.manifest.id,
                "keys": source.keys.id,
                "events": source.manifest.tree_size,
                "replayed": report.replayed,
                "lost": len(report.lost),
                "seen": sorted({each.head.size for each in seen}),
            },
        )
        report.events = sequencer.tree_size()
    return report


def newest_note(source: Source, seen: Iterable[Seen]) -> str:
    """The furthest checkpoint that the log's key is known to have signed: it must never sign behind that again."""
    notes = [(source.log.head.size, source.log.note), *((each.head.size, each.note) for each in seen)]
    if source.later is not None:
        notes.append((source.later.head.size, source.later.note))
    return max(notes)[1]


def _pg_restore(source: Source, empty: EmptyDatabase, section: str) -> None:
    options = ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--no-password"]
    command = [
        str(empty.restore_program),
        *options,
        f"--section={section}",
        f"--dbname={empty.parameters['dbname']}",
    ]
    done = subprocess.run(
        [*command, str(source.folder / files.DATABASE)],
        env=dict(empty.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupUnusable(f"PostgreSQL does not take the backup: {done.stderr.strip()[-500:]}")


def _restore_objects(rows: psycopg.Connection[Any], source: Source, at: datetime) -> list[UUID]:
    """Rows and keys joined; what was destroyed stays so, whatever the keys hold. Objects without a key are returned."""
    columns = sql.SQL(", ").join(map(sql.Identifier, source.manifest.object_columns))
    rows.execute("CREATE TEMP TABLE restored (LIKE vault_sealedobject)")
    rows.execute("CREATE TEMP TABLE kept_key (id uuid PRIMARY KEY, key_id text, wrapped_key bytea)")
    _load(rows, sql.SQL("COPY restored ({}) FROM STDIN").format(columns), source.folder / files.OBJECTS)
    _load(rows, sql.SQL("COPY kept_key FROM STDIN"), source.keys_folder / files.WRAPPED_KEYS)
    rows.execute(
        """
        UPDATE restored SET wrapped_key = kept_key.wrapped_key, key_id = kept_key.key_id
          FROM kept_key WHERE restored.id = kept_key.id AND restored.key_destroyed_at IS NULL
        """
    )
    found = rows.execute(
        """
        UPDATE restored SET key_destroyed_at = %s
         WHERE key_destroyed_at IS NULL AND wrapped_key IS NULL RETURNING id
        """,
        [at],
    ).fetchall()
    if found and source.keys.backup == source.manifest.id:
        raise BackupUnusable("The keys lack some that the backup's objects need.", objects=len(found))
    rows.execute("INSERT INTO vault_sealedobject SELECT * FROM restored")
    return [object_id for (object_id,) in found]


def _load(rows: psycopg.Connection[Any], statement: sql.SQL | sql.Composed, path: Path) -> None:
    with rows.cursor().copy(statement) as copy, path.open("rb") as file:
        while piece := file.read(1 << 20):
            copy.write(piece)


def _check_version(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise BackupUnusable(
            f"The backup was made by Tabard {manifest.version}, which is later than this one.",
            unknown=unknown[0],
        )


def _replay(source: Source) -> Iterator[LaterEvent]:
    """Place every leaf of the later copy that the database lacks; yields them."""
    later = source.later
    if later is None:
        return
    size = sequencer.tree_size()
    leaves = later.leaves(size)
    while batch := list(islice(leaves, _BATCH)):
        rows = place_leaves(size, batch)
        size += len(batch)
        yield from (LaterEvent(row.kind, row.at, row.subject_type, row.subject_id) for row in rows)
    _check_head(later.head.size, later.head.root, "the later copy of the log")
    keep_checkpoint(later.head, later.note)


def _check_head(size: int, wanted: bytes, where: str) -> None:
    """Return only if the first `size` events have that root."""
    try:
        found = root(size, read_nodes)
    except Integrity as error:
        raise HistoryForked(f"The tree of {size} events that {where} knows cannot be computed.") from error
    if found != wanted:
        raise HistoryForked(f"The first {size} events are not those that {where} has seen.", size=size)


def _is_lost(event: LaterEvent) -> bool:
    """Whether what the event did is not in the restored database."""
    try:
        kind = EventKind(event.kind)
    except ValueError:
        return True
    return CLASS_OF[kind] not in _ONLY_LOOKED and kind not in _RESTORED_BY_ITSELF


def _as_row(source: Source) -> dict[str, Any]:
    return {
        "made_at": datetime.fromisoformat(source.keys.made_at),
        "expires_at": source.keys.runs_out_at,
        "place": str(source.keys_folder.resolve()),
        "key_ids": source.keys.key_ids,
    }
