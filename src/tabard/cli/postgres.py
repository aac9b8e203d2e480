"""Which PostgreSQL does this installation use, and is it running?

With `DATABASE_URL` set, that one: Tabard then starts and stops nothing. Otherwise an embedded server for this
`TABARD_HOME`, reachable only through a socket in a folder closed to other users. Its rules:

- Two processes never start it twice: whoever looks, starts or stops holds `run/postgres.mutex`.
- Every process that uses it holds a shared lock on `run/postgres.users`; the last to let go stops the server.
- The server itself, and each of its own children, holds `run/postgres.alive` as long as it lives. The kernel
  lets go of a lock when its holder dies, however it dies, so these three are never stale, as a file with a
  process number in it may be.
- A server whose starter was killed keeps running; the next process finds it, uses it, and stops it as above.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tabard.cli import database_roles, launch
from tabard.cli.home import (
    Home,
    database_url,
    embedded_url,
    is_held,
    last_lines,
    lock,
    locked,
    open_log,
)
from tabard.cli.postgres_binaries import Binaries, DatabaseUnavailable, find_binaries

EXTENSIONS = ("btree_gist", "pg_trgm")
_SUPERUSER = "postgres"
_ANSWER_WITHIN_S = 120.0
_STOP_WITHIN_S = 60.0
_EXTERNAL_ANSWER_WITHIN_S = 10.0
_POLL_S = 0.03

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A generic plan once turned a 1.8 ms search into 11 s.
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    # Neither statements nor DETAIL lines: they would copy names and references into a log file.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class _Identity:
    """Who the server runs as: options for the launcher, and who owns the files as seen from here."""

    options: tuple[str, ...]
    uid: int
    gid: int

    @property
    def is_another_user(self) -> bool:
        return self.uid != os.geteuid()


class Server:
    """Inside the `with` block the database answers at `url`; after it, a server nobody else uses is stopped.

    Raises:
        DatabaseUnavailable: it cannot be found, started or reached; the message carries the log's last lines.
    """

    def __init__(self, home: Home, environ: Mapping[str, str] = os.environ) -> None:
        self.home = home
        self.url = database_url(home, environ)
        self.is_external = bool(environ.get("DATABASE_URL"))
        self._lease: int | None = None

    def __enter__(self) -> Self:
        if self.is_external:
            _await_external(self.url)
            return self
        self.home.create()
        with locked(self._mutex):
            self._lease = lock(self._users, fcntl.LOCK_SH)
            try:
                self._start_unless_running()
                # Also for a server found running: its starter may have been killed before it came to this.
                self._prepare()
            except BaseException:
                self._let_go()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_external:
            with locked(self._mutex):
                self._let_go()

    def ensure(self) -> bool:
        """The embedded server answers when this returns; True when it had died and was started again.

        Cheap while all is well (one lock is looked at), so that a supervisor may call it every second.
        """
        if self.is_external or is_held(self._alive):
            return False
        with locked(self._mutex):
            return self._start_unless_running()

    @property
    def is_running(self) -> bool:
        """Whether a server of this home is alive, without waiting for it to answer."""
        return is_held(self._alive)

    @property
    def log(self) -> Path:
        """What the embedded server says."""
        return self.home.logs / "postgres.log"

    @property
    def _mutex(self) -> Path:
        return self.home.run / "postgres.mutex"

    @property
    def _users(self) -> Path:
        return self.home.run / "postgres.users"

    @property
    def _alive(self) -> Path:
        return self.home.run / "postgres.alive"

    def _let_go(self) -> None:
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None
        if not is_held(self._users) and is_held(self._alive):
            self._stop()

    def _start_unless_running(self) -> bool:
        if self._answers_while_alive():
            return False
        binaries = find_binaries(_major_of(self.home.postgres))
        identity = _identity()
        self._hand_over(identity)
        if not (self.home.postgres / "PG_VERSION").exists():
            self._init(binaries, identity)
        self._forget_dead_postmaster()
        self._launch(binaries, identity)
        return True

    def _answers_while_alive(self) -> bool:
        """True once a living server answers; False once none is left, nor a child of one."""
        deadline = time.monotonic() + _ANSWER_WITHIN_S
        while time.monotonic() < deadline:
            # Looked at first: a server may die between a refused connection and the look.
            alive = is_held(self._alive)
            if _answers(self._admin_url):
                return True
            if not alive:
                return False
            time.sleep(_POLL_S)
        raise self._failure(
            f"PostgreSQL is running but has not answered for {_ANSWER_WITHIN_S:.0f} seconds", 0
        )

    @property
    def _admin_url(self) -> str:
        return embedded_url(self.home, user=_SUPERUSER, database="postgres")

    def _hand_over(self, identity: _Identity) -> None:
        """The data and socket folders belong to whoever the server runs as, who can pass through to them."""
        socket_folder = self.home.socket_folder
        with suppress(FileExistsError):
            socket_folder.mkdir(mode=0o700)
        for folder in (self.home.postgres, socket_folder):
            if folder.stat().st_uid != identity.uid:
                _change_owner(folder, identity)
        if identity.is_another_user:
            for folder in (self.home.root, self.home.run, socket_folder.parent):
                folder.chmod(0o711)

    def _init(self, binaries: Binaries, identity: _Identity) -> None:
        """A whole, synced data folder takes its place in one rename; a crash leaves it whole or absent."""
        fresh = self.home.root / "postgres.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        _change_owner(fresh, identity)
        # Bytewise order survives a C library upgrade, which silently breaks indexes in any other order;
        # C.UTF-8 characters let upper(), lower() and trigrams know accented letters.
        order = ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]
        options: list[str | Path] = [
            "-D",
            fresh,
            "-k",
            "-U",
            _SUPERUSER,
            "--auth=trust",
            *order,
            "--no-instructions",
        ]
        argv = launch.command(
            [binaries.initdb, *options], identity=identity.options, must_reach=[fresh, binaries.initdb]
        )
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_environ(), cwd="/")
        if done.returncode != 0:
            raise DatabaseUnavailable(f"PostgreSQL could not create its data folder.\n{done.stderr.strip()}")
        fresh.rename(self.home.postgres)
        _sync_folder(self.home.root)

    def _forget_dead_postmaster(self) -> None:
        """No file names a dead server: another process may have its number, and PostgreSQL would give up."""
        pid = self._postmaster_pid()
        if pid is not None and _works_in(pid, self.home.postgres):
            raise self._failure(
                f"Process {pid}, which Tabard did not start, uses the data folder and does not answer", 0
            )
        (self.home.postgres / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.home.socket_folder.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def _launch(self, binaries: Binaries, identity: _Identity) -> None:
        folder = str(self.home.socket_folder).replace('"', '""')
        settings = _SETTINGS | {"unix_socket_directories": f'"{folder}"'}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = launch.command(
            [binaries.postgres, "-D", self.home.postgres, *flags],
            detach=True,
            identity=identity.options,
            must_reach=[self.home.postgres, self.home.socket_folder, binaries.postgres],
        )
        alive = lock(self._alive, fcntl.LOCK_EX)
        try:
            with open_log(self.log) as log:
                start_bytes = log.seek(0, os.SEEK_END)
                subprocess.run(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[alive],
                    env=_environ(),
                    cwd="/",
                    check=True,
                )
        finally:
            os.close(alive)
        if not self._answers_while_alive():
            raise self._failure("PostgreSQL did not start", start_bytes)

    def _prepare(self) -> None:
        """Roles, database, extensions and privileges are there; what is as it should be is left as it is."""
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            database_roles.make_roles(connection)
        with psycopg.connect(embedded_url(self.home, user=_SUPERUSER), autocommit=True) as connection:
            for name in EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
            database_roles.take_over(connection)

    def _stop(self) -> None:
        """Nothing of the server runs when this returns: fast shutdown, after a minute an immediate one."""
        for signal_number in (signal.SIGINT, signal.SIGQUIT):
            pid = self._postmaster_pid()
            if pid is not None and _works_in(pid, self.home.postgres):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal_number)
            if self._ends_within(_STOP_WITHIN_S):
                return
        raise self._failure("PostgreSQL does not stop", 0)

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while is_held(self._alive):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _postmaster_pid(self) -> int | None:
        try:
            return int((self.home.postgres / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _failure(self, what: str, start_bytes: int) -> DatabaseUnavailable:
        said = last_lines(self.log, start_bytes=start_bytes)
        return DatabaseUnavailable(f"{what}. The end of {self.log}:\n{said}", log=str(self.log))


def _identity() -> _Identity:
    """Who a server started from here runs as; see `launch` for what that does and does not protect."""
    if os.geteuid() != 0:
        return _Identity((), os.geteuid(), os.getegid())
    attempt = launch.command([], identity=["--namespace"])
    if subprocess.run(attempt, capture_output=True, check=False).returncode == 0:
        return _Identity(("--namespace",), 0, 0)
    user = launch.unprivileged_user()
    if user is None:
        raise DatabaseUnavailable("PostgreSQL does not run as root, and this machine has no other user")
    return _Identity(("--user", user.pw_name), user.pw_uid, user.pw_gid)


def _change_owner(folder: Path, identity: _Identity) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


def _major_of(data: Path) -> int | None:
    """The major version that made this data folder; None when there is none yet."""
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def _works_in(pid: int, folder: Path) -> bool:
    """Whether process `pid` lives and works in `folder`, as a postmaster does in its data folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def _environ() -> dict[str, str]:
    # PGDATA, PGPORT and their like belong to some other server.
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _await_external(url: str) -> None:
    deadline = time.monotonic() + _EXTERNAL_ANSWER_WITHIN_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=3).close()
        except psycopg.Error as error:
            if isinstance(error, psycopg.ProgrammingError) or time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"The database that DATABASE_URL names does not answer: {error}"
                ) from error
            time.sleep(0.5)
        else:
            return


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
