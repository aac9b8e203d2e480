"""Where does this installation keep its things? One folder, `TABARD_HOME`, and what lies in it.

Free of Django, so that settings, the embedded database and the verifier can all ask it. Everything in it
belongs to the user who runs Tabard and is closed to others (0700): it holds keys, footage and personal data.
`database_url` is a formula, not a lookup: every process works out the same address without asking a server.
"""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

from tabard.kernel.errors import Unavailable

_PRIVATE = 0o700
_PORT = 5432
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
# sockaddr_un.sun_path is 108 bytes and ends in a zero byte (unix(7)).
_SOCKET_PATH_BYTES = 107
# Not $TMPDIR: two shells with different values must still meet at one socket.
_SYSTEM_TEMP = Path("/tmp")  # noqa: S108 - the folder made inside is 0700 and its owner is checked before use
_LOG_ROTATE_BYTES = 16 * 1024 * 1024


class HomeUnusable(Unavailable):
    """The data folder cannot be created, or belongs to someone else."""

    code = "home_unusable"


@dataclass(frozen=True)
class Home:
    """The data folder of one installation. `root` is absolute."""

    root: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The folder that `TABARD_HOME` names, or `./var`; absolute, not necessarily there yet."""
        return cls(Path(environ.get("TABARD_HOME") or "var").expanduser().resolve())

    @property
    def postgres(self) -> Path:
        """The embedded database's data folder."""
        return self.root / "postgres"

    @property
    def run(self) -> Path:
        """Sockets and locks of running processes; nothing in it outlives a reboot."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "logs"

    @property
    def vault(self) -> Path:
        """Sealed objects, unless `TABARD_STORE_URL` points elsewhere."""
        return self.root / "vault"

    @property
    def keys(self) -> Path:
        """Key-encryption keys and signing keys kept as local files."""
        return self.root / "keys"

    @property
    def scratch(self) -> Path:
        """Working space for jobs; may be emptied whenever nothing runs."""
        return self.root / "scratch"

    @property
    def socket_folder(self) -> Path:
        """The private folder of the embedded database's socket: short enough for the kernel."""
        folder = self.run / "postgres"
        # A comma separates hosts in a connection string, and nothing can escape it there.
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_BYTES and "," not in str(folder):
            return folder
        key = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return _SYSTEM_TEMP / f"tabard-{os.geteuid()}-{key}" / "postgres"

    def create(self) -> Self:
        """Every folder exists and can be written to when this returns; new ones are closed to other users.

        Raises:
            HomeUnusable: a folder cannot be made or written to, or the socket's is not safe.
        """
        ours = (self.postgres, self.run, self.logs, self.vault, self.keys, self.scratch)
        for folder in (self.root, *ours, self.socket_folder.parent):
            _make_private(folder)
        # Under the system's temporary folder someone else may have been there first, waiting for us to call.
        if not is_ours(self.socket_folder.parent):
            raise HomeUnusable(
                f"{self.socket_folder.parent} is another user's or open to others, so the database's socket "
                "would not be safe in it. Remove that folder and try again.",
                path=str(self.socket_folder.parent),
            )
        return self


def database_url(home: Home, environ: Mapping[str, str] = os.environ) -> str:
    """`DATABASE_URL` where it is set, else the address of this home's embedded server, running or not."""
    return environ.get("DATABASE_URL") or embedded_url(home)


def owner_url(home: Home, environ: Mapping[str, str] = os.environ) -> str | None:
    """The address that migrations use: of the role that owns the tables, where the application's role does not.

    None where `DATABASE_URL` is set and `TABARD_OWNER_DATABASE_URL` is not: there one role is both.
    """
    if environ.get("DATABASE_URL"):
        return environ.get("TABARD_OWNER_DATABASE_URL") or None
    return embedded_url(home, user="tabard_owner")


def embedded_url(home: Home, *, user: str = "tabard", database: str = "tabard") -> str:
    """The address of this home's embedded server for one role and database, as a libpq URI."""
    return f"postgresql://{user}@/{database}?host={quote(str(home.socket_folder), safe='')}&port={_PORT}"


def is_ours(folder: Path) -> bool:
    """Whether `folder` is a folder (no link) of this user that nobody else can read or write."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o066


def open_log(path: Path) -> IO[bytes]:
    """An unbuffered log file opened for appending; one past 16 MiB is first set aside as `<name>.1`."""
    if path.exists() and path.stat().st_size > _LOG_ROTATE_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)


def last_lines(path: Path, *, count: int = 12, start_bytes: int = 0) -> str:
    """At most the last `count` lines of a log, of its last 64 KiB, none before `start_bytes`."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(start_bytes if start_bytes <= end else 0, end - 65_536))
            lines = log.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def lock(path: Path, mode: int) -> int:
    """A descriptor that holds an advisory lock on `path` until it is closed or its last holder dies.

    Args:
        path: the lock file, made where missing.
        mode: `fcntl.LOCK_SH` or `LOCK_EX`; waits for the lock unless `LOCK_NB` is added.

    Raises:
        BlockingIOError: with `LOCK_NB`, when somebody else holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else is inside a block locked with the same `path`, in this process or another."""
    descriptor = lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether anyone, this process included, holds a lock on `path`."""
    try:
        os.close(lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(
            f"Tabard cannot create {folder}: {error.strerror}. Set TABARD_HOME to a folder you may write to.",
            path=str(folder),
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HomeUnusable(
            f"Tabard may not write to {folder}. Run it as that folder's owner, or set another TABARD_HOME.",
            path=str(folder),
        )
