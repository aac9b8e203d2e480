"""A witness as somebody else runs it: a process of its own, reached over HTTP, to be killed at will by its id."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import httpx

from tabard.cli.supervisor import free_ports
from tabard.merkle.note import VerifierKey

RUN = "from tabard.cli.main import run; run()"


class WitnessProcess:
    """`tabard witness` in a folder of its own; inside the `with` block it answers.

    Args:
        home: Its folder.
        logs: The vkeys that it watches.
        name: Its name.
        before: Python that its process runs first, as to die at a chosen moment.
    """

    def __init__(
        self, home: Path, logs: Iterable[str], *, name: str = "witness.example/w1", before: str = ""
    ) -> None:
        self.home = home
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = ["--home", str(home), "--name", name, "--listen", f"127.0.0.1:{self.port}"]
        self._arguments += [word for vkey in logs for word in ("--log", vkey)]
        self._before = before
        self._process: subprocess.Popen[str] | None = None
        self.key: VerifierKey

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """It answers when this returns. It is given neither a TABARD_HOME nor a database."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TABARD_", "DATABASE_", "DJANGO_"))
        }
        command = [sys.executable, "-c", f"{self._before}\n{RUN}", "witness", *self._arguments]
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        for said in self._process.stdout:
            if "+" in said:
                self.key = VerifierKey.parse(said)
                return
        raise AssertionError((self.home.parent / f"{self.home.name}.log").read_text())

    def kill(self) -> None:
        """As when power fails for it alone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self.ended()

    def ended(self) -> int:
        """Its exit status, once it ended."""
        assert self._process is not None
        status = self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return status

    def stop(self) -> None:
        """It ended by itself when asked."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self.ended()

    def add(self, body: bytes) -> httpx.Response:
        """Its answer to an add-checkpoint request."""
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=20, trust_env=False)

    def latest(self, origin: str) -> httpx.Response:
        """Its answer to whoever asks what it cosigned last."""
        return httpx.get(f"{self.url}/latest", params={"origin": origin}, timeout=20, trust_env=False)


def dies_at(call: str, number: int, *, after: bool, armed: Path) -> str:
    """Python that kills its process at the n-th call of `os.<call>` made once the file `armed` is there."""
    act: Sequence[str] = ("result = real(*a, **k)", "if hit: die()", "return result")
    if not after:
        act = ("if hit: die()", "return real(*a, **k)")
    body = "\n    ".join(act)
    return f"""
import os, signal
real, count = os.{call}, 0
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def dying(*a, **k):
    global count
    count += os.path.exists({str(armed)!r})
    hit = count == {number}
    {body}
os.{call} = dying
"""
