"""The whole product with one command, then judged from outside: the pack, the log, the store."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow
TABARD = [sys.executable, "-c", "from tabard.cli.main import run; run()"]


def tabard(home: Path, *arguments: str) -> tuple[int, dict]:
    """Exit code and JSON answer of a command in a home of its own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TABARD_", "DJANGO_", "DATABASE_"))
    }
    env = {**inherited, "TABARD_HOME": str(home)}
    done = subprocess.run(
        [*TABARD, *arguments, "--json"], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The demonstration, once; its home and its answer."""
    home = tmp_path_factory.mktemp("demo") / "home"
    home.mkdir(mode=0o700)
    code, answer = tabard(home, "demo", "--once")
    assert code == 0, answer
    return home, answer


def test_every_step_comes_out_well(shown):
    _, answer = shown
    assert answer["ok"] is True
    assert all(step["ok"] for step in answer["steps"])
    assert (answer["recordings"], answer["segments"], answer["disposed"]) == (6, 7, 1)
    assert answer["bytes"] > 1_000_000


def test_the_log_and_the_store_agree_with_what_was_answered(shown):
    home, answer = shown
    code, log = tabard(home, "log", "verify")
    assert (code, log["ok"], log["root"]) == (0, True, answer["log"]["root"])
    code, vault = tabard(home, "vault", "verify")
    assert (code, vault["wrong"]) == (0, [])


def test_the_pack_verifies_and_one_flipped_byte_of_any_file_is_named(shown, tmp_path):
    home, answer = shown
    pack = Path(answer["pack"])
    code, report = tabard(home, "verify", str(pack))
    assert (code, report["ok"]) == (0, True)

    whole = pack.read_bytes()
    flipped = tmp_path / "flipped.zip"
    with ZipFile(pack) as members:
        for member in members.infolist():
            first = whole.index(member.filename.encode(), member.header_offset) + len(member.filename)
            middle = first + len(member.extra) + member.file_size // 2
            flipped.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
            report = _verified(flipped)
            assert not report.ok, member.filename
            assert [check.name for check in report.checks if not check.ok], member.filename
    code, said = tabard(home, "verify", str(flipped))
    assert (code, said["ok"]) == (1, False)


def _verified(path: Path):
    from tabard.disclosure.verify import verify_pack

    return verify_pack(path)
