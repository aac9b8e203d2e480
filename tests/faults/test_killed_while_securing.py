"""A worker killed anywhere on the way to the second store: the next round ends it, once, and nothing is half."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from tabard.custody import selectors as custody
from tabard.custody.actors import Actor
from tabard.safekeeping import securing
from tabard.vault import selectors, services
from tabard.vault.models import StoredCopy

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BY = Actor.system("test")
PLAIN = os.urandom(3_000_000)

PROGRAM = """
import os, signal, sys
import django
django.setup()
from uuid import UUID
from datetime import datetime, UTC
from tabard.custody import services as custody
from tabard.custody.actors import Actor
from tabard.safekeeping import copies, damages, securing
from tabard.vault.adapters import local

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(real):
    def call(*arguments, **named):
        real(*arguments, **named)
        die()
    return call

MOMENTS = {
    "copy begun": lambda: setattr(local.LocalStore, "replace", after(local.LocalStore.replace)),
    "bytes half written": lambda: setattr(local.LocalWriter, "write", after(local.LocalWriter.write)),
    "before the sync": lambda: setattr(os, "fsync", die),
    "before the name": lambda: setattr(local.ReplacingWriter, "_give_name", die),
    "after the name": lambda: setattr(local.ReplacingWriter, "_give_name", after(local.ReplacingWriter._give_name)),
    "before reading back": lambda: setattr(copies, "verify_copy", die),
    "before the record": lambda: setattr(securing, "record_good", die),
    "before the event": lambda: setattr(custody, "append", die),
    "after the event": lambda: setattr(custody, "append", after(custody.append)),
    "after the record": lambda: setattr(securing, "record_good", after(securing.record_good)),
}
MOMENTS[sys.argv[2]]()
securing.secure(object_id=UUID(sys.argv[1]), by=Actor.system("test"), at=datetime.now(UTC))
"""
MOMENTS = [line.split('"')[1] for line in PROGRAM.splitlines() if line.startswith('    "')]


@pytest.fixture
def stores(settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = (tmp_path / "a").as_uri()
    settings.TABARD_STORE_B_URL = (tmp_path / "b").as_uri()
    return tmp_path


def run_and_kill(obj, moment, home):
    named = connection.settings_dict
    where = {"host": named["HOST"] or named["OPTIONS"].get("host", ""), "port": named["PORT"]}
    query = "&".join(f"{name}={value}" for name, value in where.items() if value)
    environ = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        "DJANGO_SETTINGS_MODULE": "tabard.config.settings",
        "DATABASE_URL": f"postgresql://{named['USER']}@/{named['NAME']}?{query}",
        "TABARD_HOME": str(home),
        "TABARD_STORE_URL": (home / "a").as_uri(),
        "TABARD_STORE_B_URL": (home / "b").as_uri(),
    }
    argv = [sys.executable, "-c", PROGRAM, str(obj.id), moment]
    killed = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_on_the_way_leaves_nothing_half_and_the_next_round_ends_it(stores, moment):
    with services.start() as pending:
        pending.write(PLAIN)
        pending.seal()
    obj = services.record(pending=pending, at=AT)
    run_and_kill(obj, moment, stores)
    copy = stores / "b" / obj.store_key
    assert not copy.exists() or copy.read_bytes() == (stores / "a" / obj.store_key).read_bytes()
    assert selectors.is_safe(object_id=obj.id) is (moment == "after the record")
    services.clean()
    securing.secure(object_id=obj.id, by=BY, at=datetime.now(UTC))
    assert selectors.is_safe(object_id=obj.id)
    assert copy.read_bytes() == (stores / "a" / obj.store_key).read_bytes()
    assert list((stores / "b" / ".partial").iterdir()) == []
    assert StoredCopy.objects.count() == 2
    assert [event.kind for event in custody.history([obj.id])] == ["object.secured"]


def test_every_moment_is_tried():
    assert len(MOMENTS) == 10
