"""The parent's side: start a decoder behind its walls, feed it, believe little of what it says, outlive it.

One loop in the caller's thread serves the footage and reads what the decoder says, so `source` may use whatever
belongs to that thread (a database connection). A timer kills a decoder that takes too long; nothing else is
waited for without an end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tabard.kernel.errors import Integrity, Invalid
from tabard.media.jail import wire
from tabard.media.jail.answers import Answer
from tabard.media.jail.conversation import Conversation, StopDecoder
from tabard.media.jail.errors import CannotDecode, DecoderKilled, JailIncomplete
from tabard.media.jail.limits import Limits
from tabard.media.jail.walls import WallState

Source = Callable[[int, int], bytes]
OnProgress = Callable[[float], None]

TASKS = ("probe", "stills", "rendition", "clip", "packets", "read")
_INSPECTION = "walls"
_START = "import sys, json; sys.path[:0] = json.loads(sys.argv[1]); from tabard.media.jail import child; child.main()"
# Threads that a numeric library starts at import would be outside the walls, and memory pools per thread would
# eat the allowance.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
    "PATH": os.defpath,
}


@dataclass(frozen=True, slots=True)
class JailResult:
    """What the decoder answered: facts of a checked shape, and its output if the task makes one.

    The output is a file without a name, positioned at its start. It is foreign bytes still: serve it, never parse it
    outside a jail.
    """

    facts: dict[str, Any]
    output: BinaryIO | None


def run(  # noqa: PLR0917 - published so; callers name what they pass
    task: str,
    params: Mapping[str, Any],
    source: Source,
    source_size: int,
    scratch: Path,
    limits: Limits,
    accept_missing: bool,  # noqa: FBT001 - named at every call, published so
    on_progress: OnProgress | None = None,
) -> JailResult:
    """One task was done on the footage in a decoder behind walls; the caller is unharmed whatever the footage is.

    Args:
        task: One of `TASKS`.
        params: `{}`; for `clip` `{"start_s": float, "end_s": float}` counted from the footage's first moment; for
            `packets` may be `{"positions": True}`.
        source: `read(start, stop) -> bytes`, called in this thread, always inside the footage, at most 4 MiB a time.
        source_size: The footage's size in bytes.
        scratch: A folder on whose disk the output is written, without a name and gone when closed.
        limits: What the decoder may use.
        accept_missing: Decode even where walls are missing.
        on_progress: Called with 0.0 to 1.0 as a rendition advances.

    Raises:
        CannotDecode: The footage is not decodable; `reason` says why.
        DecoderKilled: The decoder ran out of memory or time, or crashed; `reason` says which.
        JailIncomplete: Walls are missing and that is not accepted.
        Invalid: The task or its parameters make no sense.
    """
    _check(task, params, source_size)
    # On Linux this file never has a name (O_TMPFILE), or loses it before a byte is written.
    output = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - the caller closes it
    try:
        decoder = _Decoder(task, dict(params), source, source_size, limits)
        facts = decoder.work(accept_missing=accept_missing, output=output, on_progress=on_progress)
        return JailResult(facts, _rewound(output))
    except BaseException:
        output.close()
        raise


def inspect_walls() -> dict[str, WallState]:
    """Every wall's state, as a throw-away decoder found it by raising the walls and running against them."""
    decoder = _Decoder(_INSPECTION, {}, lambda _start, _stop: b"", 0, Limits())
    with tempfile.TemporaryFile() as output:
        facts = decoder.work(accept_missing=True, output=output, on_progress=None)
    return {wall: WallState(**state) for wall, state in facts["walls"].items()}


def _check(task: str, params: Mapping[str, Any], source_size: int) -> None:
    if task not in TASKS:
        raise Invalid("There is no such task for a decoder.", field="task")
    if task == "clip":
        start_s, end_s = params.get("start_s"), params.get("end_s")
        if not isinstance(start_s, int | float) or not 0 <= start_s < float("inf"):
            raise Invalid("A clip starts at a number of seconds from the start.", field="start_s")
        if not isinstance(end_s, int | float) or not start_s < end_s < float("inf"):
            raise Invalid("A clip ends after it starts.", field="end_s")
    if source_size == 0:
        raise CannotDecode("the file is empty")


def _rewound(output: BinaryIO) -> BinaryIO | None:
    if output.seek(0, os.SEEK_END) == 0:
        output.close()
        return None
    output.seek(0)
    return output


class _Decoder:
    """One child process and the two channels to it."""

    def __init__(
        self, task: str, params: dict[str, Any], source: Source, source_size: int, limits: Limits
    ) -> None:
        self._task, self._params = task, params
        self._source, self._source_size = source, source_size
        self._limits = limits
        self._out_of_time = threading.Event()

    def work(
        self, *, accept_missing: bool, output: BinaryIO, on_progress: OnProgress | None
    ) -> dict[str, Any]:
        """The facts the decoder answered; no process is left when it returns or raises."""
        with ExitStack() as stack:
            ours, theirs = zip(*(socket.socketpair() for _ in range(2)), strict=True)
            for end in (*ours, *theirs):
                stack.enter_context(end)
            fds = [theirs[0].fileno(), theirs[1].fileno(), output.fileno()]
            process = self._start(fds, accept_missing=accept_missing)
            for end in theirs:
                end.close()
            stack.callback(_end, process)
            timer = threading.Timer(self._limits.wall_s, self._too_late, (process,))
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)
            talk = Conversation(source=ours[0], control=ours[1], read=self._read, on_progress=on_progress)
            return self._judge(process, talk, output)

    def _start(self, fds: list[int], *, accept_missing: bool) -> subprocess.Popen[bytes]:
        paths = [path for path in sys.path if path and Path(path).is_dir()]
        order = {
            "task": self._task,
            "params": self._params,
            "source_fd": fds[0],
            "control_fd": fds[1],
            "output_fd": fds[2],
            "source_size": self._source_size,
            "limits": asdict(self._limits),
            "accept_missing": accept_missing,
            "parent_pid": os.getpid(),
        }
        # -I and -S: neither the environment nor files beside the program choose what the decoder imports.
        command = [sys.executable, "-I", "-S", "-c", _START, json.dumps(paths), json.dumps(order)]
        try:
            return self._spawn(command, fds)
        except OSError as refused:
            raise DecoderKilled(f"could not be started ({refused.strerror})") from refused

    @staticmethod
    def _spawn(command: list[str], fds: list[int]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            pass_fds=fds,
            env=_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _too_late(self, process: subprocess.Popen[bytes]) -> None:
        self._out_of_time.set()
        process.kill()

    def _judge(
        self, process: subprocess.Popen[bytes], talk: Conversation, output: BinaryIO
    ) -> dict[str, Any]:
        try:
            answer = talk.until_answered()
        except StopDecoder as stopped:
            _end(process)
            raise DecoderKilled(self._killed_for() or str(stopped)) from None
        if answer is None:
            code = process.wait()
            raise DecoderKilled(self._killed_for() or _in_words(code, self._limits))
        # The output is measured only once nobody can write to it any more.
        _end(process)
        return _facts(self._task, answer, output)

    def _killed_for(self) -> str | None:
        return f"took longer than {self._limits.wall_s:g} s" if self._out_of_time.is_set() else None

    def _read(self, start: int, stop: int) -> bytes:
        if not 0 <= start < stop <= self._source_size or stop - start > wire.MOST_READ_BYTES:
            raise StopDecoder("asked for bytes outside the footage")
        data = self._source(start, stop)
        if len(data) != stop - start:
            raise Integrity("The footage gave fewer bytes than its size says.", start=start, stop=stop)
        return data


def _facts(task: str, answer: Answer, output: BinaryIO) -> dict[str, Any]:
    if answer.missing is not None:
        raise JailIncomplete(answer.missing)
    if answer.cannot_decode is not None:
        raise CannotDecode(answer.cannot_decode)
    if answer.invalid is not None:
        raise Invalid(answer.invalid[1], field=answer.invalid[0])
    if answer.killed is not None:
        raise DecoderKilled(answer.killed)
    if answer.facts is None or not answer.fits(task, output.seek(0, os.SEEK_END)):
        raise DecoderKilled("answered with garbage")
    return answer.facts


def _in_words(code: int, limits: Limits) -> str:
    if code == -signal.SIGXCPU:
        return f"used more than {limits.cpu_s} s of processor time"
    if code == -signal.SIGKILL:
        return "was killed by the system, most likely for want of memory or processor time"
    if code < 0:
        return f"crashed (signal {-code})"
    return f"ended without an answer (exit {code})"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
