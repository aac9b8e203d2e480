"""Are web, door and worker all up, and what happens when one is not?

A supervisor starts the processes it is given, waits until each answers, starts again whichever dies, and
stops them all. Its rules:

- A process that dies before it first answers is a failed start, said at once; later deaths are repaired, with
  a pause that doubles from half a second to thirty, and starts small again after a minute of health.
- Each process leads a session of its own: Ctrl-C reaches the supervisor alone, and what a process started is
  stopped with it.
- A supervisor that is killed takes its processes with it: the kernel kills each when the thread that started
  it ends. Hence one thread of our own starts and watches them all, and ends last.
"""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from tabard.cli import launch
from tabard.cli.home import last_lines, open_log
from tabard.kernel.errors import TabardError, Unavailable

_TICK_S = 0.1
_UPKEEP_EVERY_S = 1.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_HEALTHY_AFTER_S = 60.0

EventKind = Literal["started", "ready", "died", "stopped", "killed", "upkeep"]


class ProcessesUnavailable(Unavailable):
    """A process could not be started, died before it answered, or did not answer in time."""

    code = "processes_unavailable"


@dataclass(frozen=True)
class ProcessSpec:
    """One process to keep running.

    Attributes:
        name: what its log and events are called.
        argv: the program (looked up on PATH) and its arguments.
        ready: an http or https URL that answers with a status under 500, or a function that says whether it answers.
        env: variables added to, or replacing, the supervisor's own.
    """

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool] | str
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """Something happened to process `name`; `words` says more to a person, and may be empty."""

    kind: EventKind
    name: str
    words: str = ""


def ignore(event: Event) -> None:
    """The listener that does not listen."""


class Supervisor:
    """Inside the `with` block every process has answered and is kept running; after it none of them runs.

    Args:
        processes: what to run; all start at once.
        logs: the folder for `<name>.log`.
        on_event: called from the supervisor's thread, in order; must not block.
        upkeep: called about once a second from the same thread, such as `postgres.Server.ensure`.
        ready_within_s: how long the first start may take.
        grace_s: how long a process has between TERM and KILL.
    """

    def __init__(
        self,
        processes: Sequence[ProcessSpec],
        *,
        logs: Path,
        on_event: Callable[[Event], None] = ignore,
        upkeep: Callable[[], object] | None = None,
        ready_within_s: float = 60.0,
        grace_s: float = 10.0,
    ) -> None:
        self._children = [_Child(spec, logs / f"{spec.name}.log", on_event) for spec in processes]
        self._on_event = on_event
        self._upkeep = upkeep
        self._next_upkeep = 0.0
        self._ready_within_s = ready_within_s
        self._grace_s = grace_s
        self._settled = threading.Event()
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._settled.wait()
        except BaseException:
            self.stop()
            raise
        if self._failure:
            self.stop()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """No process of this supervisor runs when this returns."""
        self._stop.set()
        self._thread.join()

    def request_stop(self) -> None:
        """Stopping has begun; safe in a signal handler. A second request shortens the grace to nothing."""
        if self._stop.is_set():
            self._grace_s = 0.0
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether someone has asked to stop."""
        return self._stop.is_set()

    def wait(self) -> None:
        """Returns once someone has asked to stop and all processes have ended; raises what else ended them."""
        self._thread.join()
        if self._failure:
            raise self._failure

    def pid(self, name: str) -> int | None:
        """The process id of `name` now; None while it is between two lives."""
        return next((child.pid for child in self._children if child.spec.name == name), None)

    def _run(self) -> None:
        try:
            self._bring_up()
            self._settled.set()
            while not self._stop.wait(_TICK_S):
                self._keep_up()
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            self._failure = error
        finally:
            self._bring_down()
            self._settled.set()

    def _bring_up(self) -> None:
        for child in self._children:
            child.start()
        deadline = time.monotonic() + self._ready_within_s
        while waiting := [child for child in self._children if not child.becomes_ready()]:
            for child in waiting:
                if not child.is_running():
                    raise child.failure("ended before it answered")
                if time.monotonic() > deadline:
                    raise child.failure(f"has not answered within {self._ready_within_s:.0f} seconds")
            if self._stop.wait(_TICK_S):
                return

    def _keep_up(self) -> None:
        if self._upkeep and time.monotonic() > self._next_upkeep:
            self._keep_upkeep(self._upkeep)
            self._next_upkeep = time.monotonic() + _UPKEEP_EVERY_S
        for child in self._children:
            if child.is_running():
                child.becomes_ready()
            else:
                child.start_when_due()

    def _keep_upkeep(self, upkeep: Callable[[], object]) -> None:
        try:
            upkeep()
        except TabardError as error:
            self._on_event(Event("upkeep", "upkeep", str(error)))

    def _bring_down(self) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        asked = time.monotonic()
        for child in self._children:
            # Read anew each time: a second Ctrl-C shortens it.
            while child.is_running() and time.monotonic() < asked + self._grace_s:
                time.sleep(_TICK_S / 5)
            child.finish()


def run_all(
    processes: Sequence[ProcessSpec],
    on_event: Callable[[Event], None] = ignore,
    *,
    logs: Path,
    upkeep: Callable[[], object] | None = None,
    when_up: Callable[[], None] = lambda: None,
) -> int:
    """Runs the processes until SIGINT or SIGTERM; 0 when stopped that way, 2 when they could not start.

    Call it from the main thread. `when_up` is called once, when every process has answered.
    """
    supervisor = Supervisor(processes, logs=logs, on_event=on_event, upkeep=upkeep)

    with ExitStack() as before:
        for number in (signal.SIGINT, signal.SIGTERM):
            before.callback(
                signal.signal, number, signal.signal(number, lambda *_: supervisor.request_stop())
            )
        try:
            with supervisor:
                if not supervisor.is_stopping:
                    when_up()
                supervisor.wait()
        except ProcessesUnavailable as error:
            on_event(Event("died", str(error.fields["name"]), str(error)))
            return 2
    return 0


def free_ports(count: int) -> list[int]:
    """`count` different loopback TCP ports that were free a moment ago."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def answers(url: str) -> bool:
    """Whether an http or https URL answers within two seconds with a status under 500; never goes through a proxy."""
    parts = urlsplit(url)
    connection = _connection(parts.hostname or "", parts.port, is_tls=parts.scheme == "https")
    try:
        connection.request("GET", parts.path or "/", headers={"Connection": "close"})
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _connection(host: str, port: int | None, *, is_tls: bool) -> HTTPConnection:
    """A connection that is told nothing secret: whether a process of ours lives is asked without proof of who it is."""
    if not is_tls:
        return HTTPConnection(host, port, timeout=2.0)
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=2.0, context=anyone)


class _Child:
    """One process through its lives. Used by the supervisor's thread alone, except `pid`."""

    def __init__(self, spec: ProcessSpec, log: Path, on_event: Callable[[Event], None]) -> None:
        self.spec = spec
        self.is_ready = False
        self._log = log
        self._on_event = on_event
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._log_start_bytes = 0
        self._pause_s = _FIRST_PAUSE_S
        self._due: float | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process else None

    def start(self) -> None:
        program = shutil.which(self.spec.argv[0])
        if program is None:
            raise self.failure(f"cannot start: there is no program {self.spec.argv[0]}")
        argv = launch.command([program, *self.spec.argv[1:]], die_with=os.getpid())
        with open_log(self._log) as log:
            self._log_start_bytes = log.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.spec.env},
                start_new_session=True,
            )
        self._started, self._due, self.is_ready = time.monotonic(), None, False
        self._tell("started")

    def becomes_ready(self) -> bool:
        if not self.is_ready and self.is_running() and self._answers():
            self.is_ready = True
            self._tell("ready")
        return self.is_ready

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start_when_due(self) -> None:
        if self._due is None:
            self._bury("it ended" if self._process is None else f"exit status {self._process.returncode}")
        elif time.monotonic() >= self._due:
            try:
                self.start()
            except (OSError, ProcessesUnavailable) as error:
                self._bury(str(error))

    def signal(self, number: signal.Signals) -> None:
        """The process and everything in its session has been sent the signal, if any of it is left."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def finish(self) -> None:
        """The process has ended, and everything it left in its session has been killed."""
        if self._process is None:
            return
        kind: EventKind = "killed" if self.is_running() else "stopped"
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        self._tell(kind)

    def failure(self, what: str) -> ProcessesUnavailable:
        said = last_lines(self._log, start_bytes=self._log_start_bytes)
        return ProcessesUnavailable(
            f"{self.spec.name} {what}. The end of {self._log}:\n{said}",
            name=self.spec.name,
            log=str(self._log),
        )

    def _bury(self, why: str) -> None:
        """What this life left has been killed, and the next life has its time."""
        self.signal(signal.SIGKILL)
        # Forgotten, because from now on its number may be another process's.
        self._process, self.is_ready = None, False
        now = time.monotonic()
        if now - self._started > _HEALTHY_AFTER_S:
            self._pause_s = _FIRST_PAUSE_S
        self._due = now + self._pause_s
        self._tell("died", f"{why}; starting again in {self._pause_s:g} s")
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _answers(self) -> bool:
        return self.spec.ready() if callable(self.spec.ready) else answers(self.spec.ready)

    def _tell(self, kind: EventKind, words: str = "") -> None:
        self._on_event(Event(kind, self.spec.name, words))
