"""What does a backup look like on disk, and is it whole? Folders written beside and renamed; a manifest last.

backup-20261121T130000Z-1a2b3c4d/      the backup: nothing in it opens footage
backup.json                          the manifest: what it is, and the SHA-256 of every other file
database.dump                        PostgreSQL's custom format, one snapshot, without sealed objects' rows
sealed-objects.copy                  those rows, in COPY's text format, every wrapped key left out
log/                                 the log as C2SP tlog-tiles: `checkpoint`, `tile/...`, `log.vkey`
RESTORE.txt                          how to restore it, for whoever finds it
keys-20261121T130000Z-1a2b3c4d/        its keys, apart, until they expire
keys.json                            the manifest
wrapped-keys.copy                    object, key-encryption key, wrapped data key
home/...                             the files of the folder `keys` in TABARD_HOME
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tabard.safekeeping.errors import BackupNotMade, BackupUnusable

BACKUP_FORMAT = "tabard backup 1"
KEYS_FORMAT = "tabard backup keys 1"
MANIFEST, KEYS_MANIFEST = "backup.json", "keys.json"
DATABASE, OBJECTS, LOG, HOW_TO = "database.dump", "sealed-objects.copy", "log", "RESTORE.txt"
WRAPPED_KEYS, HOME_KEYS, COPIES = "wrapped-keys.copy", "home", "objects"
_PARTIAL = ".partial-"
_PIECE = 1 << 20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. `tree_size` counts placed events; the checkpoint covers `checkpoint_size` of them."""

    id: str
    made_at: str
    version: str
    origin: str
    tree_size: int
    checkpoint_size: int
    postgres_major: int
    migrations: list[str]
    objects: int
    object_columns: list[str]
    keys: str
    files: Mapping[str, str]
    format: str = BACKUP_FORMAT


@dataclass(frozen=True, slots=True)
class KeysManifest:
    """What a copy of the keys is; it may be used until `expires_at` only."""

    id: str
    backup: str
    made_at: str
    expires_at: str
    origin: str
    tree_size: int
    key_ids: list[str]
    files: Mapping[str, str]
    format: str = KEYS_FORMAT

    @property
    def runs_out_at(self) -> datetime:
        """When it expires."""
        return datetime.fromisoformat(self.expires_at)


def name_of(kind: str, backup_id: UUID, at: datetime) -> str:
    """The folder's name: what it is, when, and enough of its id to tell two of one second apart."""
    return f"{kind}-{at:%Y%m%dT%H%M%SZ}-{backup_id.hex[-8:]}"


@contextmanager
def staged(place: Path, name: str) -> Iterator[Path]:
    """A folder to write into, gone unless `publish` was called on it; what killed runs left there is gone too.

    Raises:
        BackupNotMade: the place cannot be written to.
    """
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in place.glob(f"{_PARTIAL}*"):
            shutil.rmtree(left)
        folder = place / f"{_PARTIAL}{name}"
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise BackupNotMade(f"{place} cannot be written to: {error.strerror}.", place=str(place)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path) -> Path:
    """The folder, already synced, takes its final name, durably."""
    whole = folder.with_name(folder.name.removeprefix(_PARTIAL))
    folder.rename(whole)
    sync(folder.parent)
    return whole


def close(folder: Path, manifest: Manifest | KeysManifest, name: str) -> None:
    """The manifest stands in the folder, and everything below it would survive a power cut."""
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True)
    (folder / name).write_text(text, encoding="utf-8")
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            path.chmod(0o600)
        sync(path)
    sync(folder)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below the folder, by its path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest(path) for path in paths}


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a whole and unchanged backup.

    Raises:
        BackupUnusable: naming what is wrong.
    """
    fields = _checked(folder, MANIFEST, BACKUP_FORMAT)
    try:
        return Manifest(**fields)
    except TypeError as error:
        raise BackupUnusable("The manifest is not one that this version writes.") from error


def read_keys_manifest(folder: Path) -> KeysManifest:
    """The manifest of a whole and unchanged copy of the keys.

    Raises:
        BackupUnusable: naming what is wrong.
    """
    fields = _checked(folder, KEYS_MANIFEST, KEYS_FORMAT)
    try:
        return KeysManifest(**fields)
    except TypeError as error:
        raise BackupUnusable("The manifest is not one that this version writes.") from error


def sync(path: Path) -> None:
    """The file's content, or the folder's names, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checked(folder: Path, name: str, wanted: str) -> dict[str, Any]:
    """The manifest's fields, once every file is there, unchanged, and none is there besides."""
    try:
        fields = json.loads((folder / name).read_text(encoding="utf-8"))
        files, found_format = dict(fields["files"]), fields["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupUnusable(f"There is no readable {name} in {folder}.", folder=str(folder)) from error
    if found_format != wanted:
        raise BackupUnusable(f"{folder} is of the format {found_format}, not {wanted}.", folder=str(folder))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {name}
    for path in sorted(there ^ files.keys()):
        what = "missing" if path in files else "there, but not in the manifest"
        raise BackupUnusable(f"{path} is {what}.", path=path)
    for path, sha256 in files.items():
        if digest(folder / path) != sha256:
            raise BackupUnusable(f"{path} was changed: its SHA-256 is not the manifest's.", path=path)
    fields["files"] = files
    return dict(fields)
