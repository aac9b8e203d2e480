"""Real processes are started, waited for, repaired and stopped; and none is left when the supervisor is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tabard.cli import supervisor
from tabard.cli.home import is_held
from tabard.cli.supervisor import (
    Event,
    ProcessesUnavailable,
    ProcessSpec,
    Supervisor,
    answers,
    free_ports,
    run_all,
)
from tabard.kernel.errors import Unavailable

SOURCE = Path(supervisor.__file__).parents[2]
# Holds a lock as long as it lives: a lock cannot be mistaken for another process's, as a number can.
SLEEPER = """
import fcntl, os, signal, sys, time
alive = open(sys.argv[1], "a")
fcntl.flock(alive, fcntl.LOCK_EX)
for kind in sys.argv[2:]:
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if kind == "parent" and os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("alive", flush=True)
time.sleep(600)
"""


def sleeper(folder: Path, name: str, *kinds: str) -> ProcessSpec:
    alive = folder / f"{name}.alive"
    return ProcessSpec(name, [sys.executable, "-c", SLEEPER, str(alive), *kinds], lambda: is_held(alive))


def eventually(true: Callable[[], bool]) -> None:
    for _ in range(1500):
        if true():
            return
        time.sleep(0.02)
    pytest.fail("it never came true")


class Heard(list[Event]):
    def kinds(self, name: str) -> list[str]:
        return [event.kind for event in self if event.name == name]


def test_every_process_answers_inside_and_none_runs_after(tmp_path):
    heard = Heard()
    with Supervisor(
        [sleeper(tmp_path, "web"), sleeper(tmp_path, "worker")], logs=tmp_path, on_event=heard.append
    ) as running:
        assert is_held(tmp_path / "web.alive")
        assert is_held(tmp_path / "worker.alive")
        assert running.pid("web") != running.pid("worker")
    assert not is_held(tmp_path / "web.alive")
    assert not is_held(tmp_path / "worker.alive")
    assert heard.kinds("web") == ["started", "ready", "stopped"]
    assert (tmp_path / "web.log").read_text() == "alive\n"


def test_a_url_is_waited_for_on_a_free_port(tmp_path):
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/"
    assert not answers(url)
    argv = [
        sys.executable,
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(tmp_path),
    ]
    with Supervisor([ProcessSpec("web", argv, url)], logs=tmp_path):
        assert answers(url)
    assert not answers(url)


def test_free_ports_differ(tmp_path):
    assert len(set(free_ports(5))) == 5


def test_one_that_dies_is_started_again(tmp_path):
    heard = Heard()
    with Supervisor([sleeper(tmp_path, "worker")], logs=tmp_path, on_event=heard.append) as running:
        first = running.pid("worker")
        os.kill(first, signal.SIGKILL)
        eventually(lambda: heard.kinds("worker").count("ready") == 2)
        assert running.pid("worker") not in (None, first)
        assert is_held(tmp_path / "worker.alive")
    assert heard.kinds("worker") == ["started", "ready", "died", "started", "ready", "stopped"]
    assert "exit status -9; starting again" in heard[2].words


def test_what_a_dead_process_had_started_is_gone_before_it_starts_again(tmp_path):
    with Supervisor([sleeper(tmp_path, "worker", "parent")], logs=tmp_path) as running:
        first = running.pid("worker")
        os.kill(first, signal.SIGKILL)
        # Its child shares the lock, so the next life could never take it.
        eventually(lambda: running.pid("worker") not in (None, first))
        eventually(lambda: (tmp_path / "worker.log").read_text().count("alive") == 4)
    eventually(lambda: not is_held(tmp_path / "worker.alive"))


def test_the_pause_between_deaths_grows(tmp_path):
    heard = Heard()
    with Supervisor([sleeper(tmp_path, "worker")], logs=tmp_path, on_event=heard.append) as running:
        for deaths in (1, 2):
            os.kill(running.pid("worker"), signal.SIGKILL)
            eventually(lambda deaths=deaths: heard.kinds("worker").count("started") == deaths + 1)
    pauses = [event.words.split("again in ")[1] for event in heard if event.kind == "died"]
    assert pauses == ["0.5 s", "1 s"]


def test_one_that_ignores_being_asked_is_killed(tmp_path):
    heard = Heard()
    spec = sleeper(tmp_path, "door", "stubborn")
    with Supervisor([spec], logs=tmp_path, on_event=heard.append, grace_s=0.2):
        pass
    assert heard.kinds("door")[-1] == "killed"
    assert not is_held(tmp_path / "door.alive")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            ProcessSpec("door", [sys.executable, "-c", "raise SystemExit('port taken')"], lambda: False),
            "port taken",
        ),
        (ProcessSpec("door", ["no-such-program"], lambda: True), "no program no-such-program"),
        (
            ProcessSpec("door", [sys.executable, "-c", "input()"], "http://127.0.0.1:9/"),
            "ended before it answered",
        ),
    ],
)
def test_a_failed_start_says_why_and_leaves_nothing_running(tmp_path, spec, said):
    with pytest.raises(ProcessesUnavailable, match=said) as failed:
        Supervisor([sleeper(tmp_path, "web"), spec], logs=tmp_path).__enter__()
    assert failed.value.fields["name"] == "door"
    assert not is_held(tmp_path / "web.alive")


def test_one_that_never_answers_is_given_up(tmp_path):
    spec = ProcessSpec("web", [sys.executable, "-c", "import time; time.sleep(600)"], lambda: False)
    with pytest.raises(ProcessesUnavailable, match="has not answered"):
        Supervisor([spec], logs=tmp_path, ready_within_s=0.1).__enter__()


def test_upkeep_is_called_and_its_failure_is_told_not_fatal(tmp_path):
    heard = Heard()

    def upkeep() -> None:
        raise Unavailable("The database is away.")

    with Supervisor([sleeper(tmp_path, "web")], logs=tmp_path, on_event=heard.append, upkeep=upkeep):
        eventually(lambda: Event("upkeep", "upkeep", "The database is away.") in heard)
        assert is_held(tmp_path / "web.alive")


def test_a_failure_nobody_foresaw_reaches_the_caller(tmp_path):
    def ready() -> bool:
        raise RuntimeError("boom")

    spec = ProcessSpec("web", sleeper(tmp_path, "web").argv, ready)
    with pytest.raises(RuntimeError, match="boom"):
        Supervisor([spec], logs=tmp_path).__enter__()
    assert not is_held(tmp_path / "web.alive")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_all_stops_cleanly_on_a_signal_and_gives_the_handlers_back(tmp_path, number):
    heard = Heard()
    before = signal.getsignal(number)
    code = run_all(
        [sleeper(tmp_path, "web")],
        heard.append,
        logs=tmp_path,
        when_up=lambda: threading.Timer(0, os.kill, (os.getpid(), number)).start(),
    )
    assert (code, heard.kinds("web")) == (0, ["started", "ready", "stopped"])
    assert signal.getsignal(number) is before


def test_run_all_says_that_it_could_not_start(tmp_path):
    heard = Heard()
    broken = ProcessSpec("web", [sys.executable, "-c", "raise SystemExit('no key')"], lambda: False)
    assert run_all([broken], heard.append, logs=tmp_path) == 2
    assert "no key" in heard[-1].words


def test_children_die_with_a_supervisor_that_is_killed(tmp_path):
    script = f"""
import sys, time
from pathlib import Path
from tabard.cli.home import is_held
from tabard.cli.supervisor import ProcessSpec, Supervisor
folder = Path({str(tmp_path)!r})
argv = [sys.executable, "-c", {SLEEPER!r}, str(folder / "web.alive"), "stubborn"]
Supervisor([ProcessSpec("web", argv, lambda: is_held(folder / "web.alive"))], logs=folder).__enter__()
print("up", flush=True)
time.sleep(600)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SOURCE)}
    )
    assert process.stdout.readline() == "up\n"
    assert is_held(tmp_path / "web.alive")
    process.kill()
    process.communicate()
    eventually(lambda: not is_held(tmp_path / "web.alive"))
