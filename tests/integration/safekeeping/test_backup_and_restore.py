"""The store and the database are lost: what was sealed comes back, what was disposed of does not, nothing is denied."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.prepared import prepare

from tabard.cli.home import Home

SEEN = "checkpoint-that-a-pack-holds"
ROOT = Path(__file__).resolve().parents[3]
TABARD = Path(sys.executable).with_name("tabard")


class Force:
    """An installation in a folder of its own, worked by real processes."""

    def __init__(self, root: Path, name: str = "home") -> None:
        self.root, self.home, self.name = root, root / name, name
        self.env = {
            key: value for key, value in os.environ.items() if not key.startswith(("TABARD", "DJANGO"))
        }
        self.env.pop("DATABASE_URL", None)
        self.env |= {
            "TABARD_HOME": str(self.home),
            "TABARD_STORE_B_URL": (root / "store-b").as_uri(),
            "PYTHONPATH": str(ROOT),
        }

    def does(self, step: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.safekeeping.populate", step],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def run(self, *words: object, code: int = 0):
        command = [str(TABARD), *map(str, words), "--json"]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if code != 2 else done.stderr

    def back_up(self, name: str) -> tuple[Path, Path]:
        made = self.run("backup", "--to", self.root / name, "--keys-to", self.root / f"{name}-keys")
        return Path(made["backup"]), Path(made["keys"])

    def restore(self, backup: tuple[Path, Path], *more: object, code: int = 0):
        return self.run("restore", "--from", backup[0], "--keys", backup[1], *more, code=code)


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A force with four recordings, backed up once, living on, backed up again; then everything but B is lost."""
    force = Force(tmp_path_factory.mktemp("lost"))
    prepare(Home(force.home))
    force.does("first")
    shutil.copytree(force.home / "vault", force.root / "store-b")
    force.early = force.back_up("early")
    force.does("later")
    force.late = force.back_up("late")
    shutil.copy(force.home / "keys/log-key.last-signed", force.root / SEEN)
    shutil.rmtree(force.home)
    return force


@pytest.fixture
def force(lost, tmp_path):
    """A copy of what is left, for one test."""
    root = shutil.copytree(lost.root, tmp_path / "force")
    force = Force(root)
    force.early, force.late = (
        tuple(root / each.relative_to(lost.root) for each in parts) for parts in (lost.early, lost.late)
    )
    force.seen = root / SEEN
    return force


@pytest.mark.slow
def test_store_and_database_lost_everything_comes_back_and_what_was_disposed_of_does_not(force):
    assert force.run("backup", "check", force.late[0])["ok"]
    answer = force.restore(force.late, "--seen", force.seen)
    assert (answer["objects"], answer["copied"], answer["missing"], answer["lost"]) == (6, 6, [], [])
    assert force.run("log", "verify")["ok"]
    assert force.run("vault", "verify")["objects"] == 6
    assert force.run("vault", "keys")["keys"][0]["objects"] == 6
    assert "holds data" in force.restore(force.early, code=2)
    shutil.rmtree(force.home / "vault")  # as if it had been killed before the last step
    again = force.restore(force.late)
    assert (again["objects"], again["copied"], again["missing"], again["lost"]) == (6, 6, [], 0)
    force.does("sign")
    assert force.run("log", "verify")["ok"]


@pytest.mark.slow
def test_an_older_backup_is_refused_and_brought_forward_with_a_later_copy_of_the_log(force):
    assert "would deny" in force.restore(force.early, "--seen", force.seen, code=2)
    answer = force.restore(force.early, "--seen", force.seen, "--log", force.late[0] / "log", code=1)
    assert (len(answer["disposed_again"]), len(answer["held"])) == (1, 1)
    assert [lost["kind"] for lost in answer["lost"]] == ["hold.placed"]
    assert (answer["objects"], answer["missing"], answer["keyless"]) == (6, [], [])
    assert force.run("log", "verify")["ok"]
    assert force.run("vault", "verify")["objects"] == 6


@pytest.mark.slow
def test_a_changed_missing_or_added_file_is_found_and_nothing_restored(force):
    dump = force.late[0] / "database.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert force.run("backup", "check", force.late[0], code=1)["code"] == "backup_unusable"
    assert "backup_unusable" in force.restore(force.late, code=2)
    dump.unlink()
    assert "missing" in force.run("backup", "check", force.late[0], code=1)["words"]
    dump.write_bytes(whole)
    (force.late[0] / "more").write_text("planted")
    assert "not in the manifest" in force.run("backup", "check", force.late[0], code=1)["words"]
    (force.late[0] / "more").unlink()
    assert force.restore(force.late, "--dry-run")["dry_run"]


@pytest.mark.slow
def test_neither_database_nor_backup_opens_anything_without_the_keys(force):
    ring = json.loads((force.late[1] / "home/vault-keys.json").read_text())["keys"].values()
    wrapped = [line.split("\t")[2] for line in (force.late[1] / "wrapped-keys.copy").read_text().splitlines()]
    assert len(wrapped) == 6
    content = b"".join(path.read_bytes() for path in force.late[0].rglob("*") if path.is_file())
    for secret in [*ring, *(blob.removeprefix("\\\\x") for blob in wrapped)]:
        assert secret.encode() not in content
    dumped = subprocess.run(
        [_pg_restore(), "--data-only", "--file=-", force.late[0] / "database.dump"],
        capture_output=True,
        check=True,
    ).stdout
    assert not any(blob.removeprefix("\\\\x").encode() in dumped for blob in wrapped)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [2.5, 3.5, 4.5, 6.0])
def test_killed_while_restoring_the_next_restore_comes_to_the_end(force, after_s):
    command = [str(TABARD), "restore", "--from", force.late[0], "--keys", force.late[1]]
    running = subprocess.Popen(
        command,
        env=force.env,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after_s)
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    first = subprocess.run(
        [*command, "--json"], env=force.env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert first.returncode == 0, first.stderr
    assert force.run("log", "verify")["ok"]
    assert force.run("vault", "verify")["objects"] == 6


@pytest.mark.slow
def test_keys_that_ran_out_are_refused_and_pruned(tmp_path):
    force = Force(tmp_path)
    prepare(Home(force.home))
    force.does("first")
    backup, keys = force.back_up("one")
    assert force.run("backup", "prune")["removed"] == []
    assert keys.is_dir()
    manifest = json.loads((keys / "keys.json").read_text())
    (keys / "keys.json").write_text(json.dumps(manifest | {"expires_at": "2020-01-01T00:00:00+00:00"}))
    shutil.rmtree(force.home / "postgres")
    assert "backup_expired" in force.restore((backup, keys), code=2)


def _pg_restore() -> Path:
    from tabard.cli.postgres_binaries import find_binaries

    return find_binaries().folder / "pg_restore"
