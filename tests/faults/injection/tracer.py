"""strace, attached to one process: what it calls, and a fault put into one call of it."""

import re
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_CALL = re.compile(r"^(?:\[pid\s+\d+\] |\d+ +)?(?P<name>[a-z_0-9]+)\(")
# The C library and Python abort where these fail; a process can only be killed in them.
CANNOT_FAIL = {
    "clone3", "futex", "getpid", "gettid", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "set_robust_list",
}  # fmt: skip
# A send that fails while the connection stands makes libpq wait for the server's word on it, which never comes: no
# socket does that. Connections that break while sending are what killing PostgreSQL is for.
CANNOT_FAIL |= {"sendto"}
# A socket knows neither a bad disk nor a full one.
OF_SOCKETS = {"recvfrom", "poll"}


@dataclass(frozen=True)
class Fault:
    """The `number`-th call of `call` fails with `error`, or the process is killed as it enters it."""

    call: str
    number: int
    error: str

    @property
    def injection(self) -> str:
        how = "signal=KILL" if self.error == "KILL" else f"error={self.error}"
        return f"inject={self.call}:{how}:when={self.number}"

    def __str__(self) -> str:
        return f"{self.call}#{self.number} {self.error}"


class Tracer:
    """strace on a process and all its threads, from `with` to the process's end."""

    def __init__(self, pid: int, log: Path, *options: str) -> None:
        self._pid = pid
        self._log = log
        self._options = options

    def __enter__(self) -> Self:
        argv = ["strace", "-f", "-y", "-s", "64", "-o", str(self._log), *self._options, "-p", str(self._pid)]
        self._strace = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 10
        while not self._is_attached():
            assert self._strace.poll() is None, self._strace.stderr.read()
            assert time.monotonic() < deadline, "strace did not attach"
            time.sleep(0.002)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._strace.wait(30)
        except subprocess.TimeoutExpired:
            self._strace.kill()
            self._strace.wait()
        self._strace.stderr.close()

    def _is_attached(self) -> bool:
        try:
            status = Path(f"/proc/{self._pid}/status").read_text()
        except FileNotFoundError:
            return False
        return "TracerPid:\t0\n" not in status


def calls(log: Path) -> Counter[str]:
    """How often each system call was made."""
    lines = log.read_text(errors="replace").splitlines()
    found = (_CALL.match(line) for line in lines)
    return Counter(match["name"] for match in found if match)


def faults(made: Counter[str]) -> list[Fault]:
    """Each call, each time, with each fault that it can have."""
    return [
        Fault(call, number, error)
        for call, count in sorted(made.items())
        if not call.startswith("exit")
        for number in range(1, count + 1)
        for error in _errors(call)
    ]


def _errors(call: str) -> tuple[str, ...]:
    if call in CANNOT_FAIL:
        return ("KILL",)
    if call in OF_SOCKETS:
        return ("ECONNRESET", "EPIPE", "KILL")
    return ("EIO", "ENOSPC", "KILL")
