"""Which key files does a restored installation get? Those of the backup, where it has none of its own; never over one.

What survived in TABARD_HOME is newer than any copy: the log's own keys stay if they know all that the copy knows, the
key ring takes in what it lacks.
"""

import shutil
from pathlib import Path

from tabard.custody.signing.durable import write_durably
from tabard.custody.signing.keys import read_keys
from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint
from tabard.merkle.note import SignedNote, VerifierKey
from tabard.safekeeping import backup_files as files
from tabard.safekeeping.errors import NotEmpty
from tabard.vault.adapters.keyring import FILE_NAME, LocalKeyRing

LOG_KEY, LAST_SIGNED = "log-key", "log-key.last-signed"


def surviving_verifiers(keys: Path) -> tuple[VerifierKey, ...]:
    """The log's keys that the home still has; none where there is no key file."""
    path = keys / LOG_KEY
    return read_keys(path).verifiers if path.exists() else ()


def place_keys(copy: Path, keys: Path) -> None:
    """Every key file of the copy is in the folder, durably, or what stood there already holds all that it holds.

    Args:
        copy: The key files of a copy of the keys.
        keys: The folder `keys` of TABARD_HOME.

    Raises:
        NotEmpty: the folder holds the keys of another log.
    """
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_same_log(copy, keys)
    for path in sorted(copy.iterdir()):
        if path.name == FILE_NAME and (keys / FILE_NAME).exists():
            LocalKeyRing(keys).adopt(path)
        elif path.name != LAST_SIGNED:
            _place(path, keys / path.name)
    files.sync(keys)


def remember_signed(keys: Path, note: str) -> None:
    """The log's keys never sign behind this checkpoint again; one further on that is remembered stays."""
    path = keys / LAST_SIGNED
    if path.exists() and _size(path.read_text(encoding="utf-8")) >= _size(note):
        return
    write_durably(path, note)


def last_signed(keys: Path) -> Path | None:
    """Where the home remembers the last checkpoint signed; None where it does not."""
    path = keys / LAST_SIGNED
    return path if path.exists() else None


def _check_same_log(copy: Path, keys: Path) -> None:
    survived = surviving_verifiers(keys)
    if survived and not set(read_keys(copy / LOG_KEY).verifiers) <= set(survived):
        raise NotEmpty(
            f"{keys} holds the keys of another log, or older ones than the backup.", path=str(keys)
        )


def _place(source: Path, target: Path) -> None:
    """A whole copy under the name, unless something has it already."""
    if target.exists():
        return
    staged = target.with_name(f".{target.name}.restoring")
    shutil.copyfile(source, staged)
    staged.chmod(0o600)
    files.sync(staged)
    staged.replace(target)


def _size(note: str) -> int:
    try:
        return Checkpoint.parse(SignedNote.parse(note.encode()).text).size
    except Integrity:
        return 0
