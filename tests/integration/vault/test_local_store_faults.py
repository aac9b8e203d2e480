"""A full disk, a failing disk or a kill at any step leaves a whole object or none, and nothing else behind."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tabard.vault.adapters.local import PARTIAL, LocalStore
from tabard.vault.errors import ObjectMissing, StoreFailed, StoreFull

KEY = "ff/0a/one"
PLAIN = b"what the camera wrote" * 1000
STEPS = ("open", "write", "fsync", "mkdir", "link", "unlink", "close")


class Fault:
    """Counts the store's calls to the operating system and fails the chosen one, once, before or after it acts."""

    def __init__(self, monkeypatch, *, at=None, after=False, code=errno.EIO):
        self.calls = []
        self._at, self._after, self._code = at, after, code
        for name in STEPS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, real):
        def call(*arguments, **options):
            self.calls.append(name)
            struck = len(self.calls) - 1 == self._at
            if struck and not self._after:
                raise OSError(self._code, os.strerror(self._code))
            result = real(*arguments, **options)
            if struck:
                raise OSError(self._code, os.strerror(self._code))
            return result

        return call


def keys(store):
    return [entry.key for entry in store.entries()]


def put(store):
    with store.create(KEY) as writer:
        writer.write(PLAIN[:5000])
        writer.write(PLAIN[5000:])
        writer.commit()


def calls_of_one_put(folder):
    with pytest.MonkeyPatch.context() as patch:
        fault = Fault(patch)
        put(LocalStore(folder))
        return list(fault.calls)


def leftovers(root):
    partial = root / PARTIAL
    return list(partial.iterdir()) if partial.exists() else []


def test_an_object_is_synced_before_it_is_named_and_its_folder_after(tmp_path):
    calls = calls_of_one_put(tmp_path / "vault")
    named = calls.index("link")
    written = len(calls) - 1 - calls[::-1].index("write")
    assert "fsync" in calls[written:named]
    assert "fsync" in calls[named:]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC], ids=["broken", "full"])
def test_a_failure_at_any_step_leaves_a_whole_object_or_none(tmp_path, after, code):
    steps = calls_of_one_put(tmp_path / "rehearsal")
    assert set(steps) == set(STEPS)
    survived = []
    for at in range(len(steps)):
        root = tmp_path / f"{at}"
        with pytest.MonkeyPatch.context() as patch:
            Fault(patch, at=at, after=after, code=code)
            try:
                put(LocalStore(root))
                failed = False
            except (StoreFull, StoreFailed):
                failed = True
        store = LocalStore(root)
        assert keys(store) == ([] if failed else [KEY]), steps[at]
        if not failed:
            survived.append(steps[at])
            assert store.read(KEY, 0, len(PLAIN)) == PLAIN
            continue
        put(store)  # the same key is free again
        assert store.read(KEY, 0, len(PLAIN)) == PLAIN
    # What may fail unnoticed: tidying up once the object's fate is decided, and a folder that was made all the same.
    assert survived[-2:] == ["unlink", "close"]
    assert set(survived[:-2]) == ({"mkdir"} if after else set())


@pytest.mark.parametrize("step", ["write", "fsync", "link"])
def test_a_full_disk_says_so_and_leaves_nothing_behind(tmp_path, step):
    at = calls_of_one_put(tmp_path / "rehearsal").index(step)
    with pytest.MonkeyPatch.context() as patch:
        Fault(patch, at=at, code=errno.ENOSPC)
        with pytest.raises(StoreFull) as caught:
            put(LocalStore(tmp_path / "vault"))
    assert caught.value.code == "store_full"
    assert leftovers(tmp_path / "vault") == []


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_them_all(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:700]))
    store = LocalStore(tmp_path)
    put(store)
    assert store.read(KEY, 0, len(PLAIN)) == PLAIN


def test_a_disk_that_returns_a_few_bytes_at_a_time_is_read_to_the_end(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    put(store)
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda descriptor, count, at: real(descriptor, min(count, 700), at))
    assert store.read(KEY, 100, len(PLAIN) + 1) == PLAIN[100:]


def test_memory_is_filled_to_the_end_however_little_comes_at_once(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    put(store)
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda descriptor, views, at: real(descriptor, [views[0][:700]], at))
    buffer = bytearray(len(PLAIN) - 100)
    assert store.read_into(KEY, 100, memoryview(buffer)) == len(buffer)
    assert bytes(buffer) == PLAIN[100:]


def run_and_kill(root, moment):
    """Another process puts an object and is killed at the moment that `moment` names."""
    program = f"""
import os, signal
from pathlib import Path
from tabard.vault.adapters.local import LocalStore

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

writer = LocalStore(Path({str(root)!r})).create({KEY!r})
writer.write({PLAIN!r})
os.{moment} = die
writer.commit()
"""
    source = Path(__file__).parents[3] / "src"
    killed = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(source)}, check=False)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", ["fsync", "link"])
def test_a_process_killed_before_the_name_leaves_only_what_clean_removes(tmp_path, moment):
    run_and_kill(tmp_path, moment)
    store = LocalStore(tmp_path)
    assert len(leftovers(tmp_path)) == 1
    assert keys(store) == []
    with pytest.raises(ObjectMissing):
        store.size(KEY)
    assert store.clean() == 1
    assert leftovers(tmp_path) == []


def test_a_process_killed_after_the_name_leaves_the_whole_object(tmp_path):
    run_and_kill(tmp_path, "unlink")
    store = LocalStore(tmp_path)
    assert store.clean() == 1
    assert leftovers(tmp_path) == []
    assert store.read(KEY, 0, len(PLAIN)) == PLAIN


def test_cleaning_between_creation_and_lock_costs_a_writer_nothing(tmp_path, monkeypatch):
    import fcntl

    store, real = LocalStore(tmp_path), fcntl.flock
    partial = tmp_path / PARTIAL

    def cleaned_first(descriptor, operation):
        monkeypatch.setattr(fcntl, "flock", real)
        for path in partial.iterdir():
            path.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", cleaned_first)
    put(store)
    assert store.read(KEY, 0, len(PLAIN)) == PLAIN


def test_objects_are_closed_to_other_users(tmp_path):
    store = LocalStore(tmp_path / "vault")
    put(store)
    path = tmp_path / "vault" / KEY
    assert path.stat().st_mode & 0o077 == 0
    assert {folder.stat().st_mode & 0o077 for folder in path.parents if tmp_path in folder.parents} == {0}


def test_a_folder_that_cannot_hold_objects_is_a_store_failure(tmp_path):
    (tmp_path / "vault").write_bytes(b"a file where the folder should be")
    with pytest.raises(StoreFailed):
        LocalStore(tmp_path / "vault").create(KEY)
