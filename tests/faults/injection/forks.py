"""One act in one child: `python -m tests.faults.injection.forks`, driven over standard input and output.

The parent loads everything once and forks for each command, so that a case costs milliseconds. A child that is to be
traced waits on a pipe until the tracer has attached; what it would answer to its caller it writes to another.

Commands are JSON lines: {"do": "fork", "act": "seal", "number": 7} answers {"pid": ...}; then {"do": "go"} answers
{"answer": ..., "status": ..., "error": ...}. {"do": "check"|"recover"|"before", ...} answers {"violations": [...]}.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

LIMIT_S = 20.0
Work = Callable[[Callable[[str], object]], object]
"""What a child does, given how it answers its caller."""


class Child:
    """A forked process that does one thing when told to."""

    def __init__(self, work: Work) -> None:
        go, self._go = os.pipe()
        self._answer, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            _run(work, go, answer)
        os.close(go)
        os.close(answer)

    def ready(self) -> int:
        """Its process id, once it has done all that is not part of the act and waits."""
        assert os.read(self._answer, 1) == b"r", "the child did not come up"
        return self.pid

    def finish(self) -> dict[str, Any]:
        """Let it go, and tell how it ended; one that hangs is killed and says so."""
        with suppress(BrokenPipeError):  # the fault may have killed it as it waited to be told
            os.write(self._go, b"g")
        os.close(self._go)
        deadline = time.monotonic() + LIMIT_S
        hung = False
        while (ended := os.waitpid(self.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline and not hung:
                hung = True
                os.kill(self.pid, 9)
            time.sleep(0.002)
        with os.fdopen(self._answer, "rb") as pipe:
            said = pipe.read().decode()
        answer, _, error = said.partition("\0")
        return {"answer": answer, "error": error, "status": ended[1], "hung": hung}


def _run(work: Work, go: int, answer: int) -> None:
    from django.db import connection

    from tabard.sealing import seal

    try:
        connection.ensure_connection()
        # As in a process that has sealed before: where memory runs out while a thread starts, CPython waits for ever
        # for it (`Thread.start`), and a seal that needs no new thread does not.
        seal._hashing.submit(int).result()
        os.write(answer, b"r")
        if os.read(go, 1) != b"g":
            os._exit(3)
        work(lambda words: os.write(answer, words.encode()))
    except BaseException as error:  # noqa: BLE001 - however it ends is what is being looked at
        os.write(answer, f"\0{type(error).__name__}: {error}".encode())
        os._exit(1)
    os._exit(0)


def _act(command: dict[str, Any]) -> Work:
    from tests.faults.injection import acts

    return lambda say: acts.ACTS[command["act"]](command["number"], say)


def _look(command: dict[str, Any]) -> Work:
    from tests.faults.injection import acts, attacks

    looks: dict[str, Callable[[], Any]] = {
        "prepare": acts.prepare,
        "before": lambda: acts.before(command["act"], command["number"]),
        "check": lambda: acts.violations(command["act"], command["number"], command["answer"]),
        "recover": lambda: acts.recover(command["act"], command["number"]),
        "attack": lambda: attacks.ATTACKS[command["act"]](command["number"]),
    }
    return lambda say: say(json.dumps(looks[command["do"]]() or []))


def _untraced(command: dict[str, Any]) -> dict[str, Any]:
    child = Child(_look(command))
    child.ready()
    ended = child.finish()
    if ended["status"] != 0:
        return {"violations": [f"the check itself failed: {ended['error']}"]}
    return {"violations": json.loads(ended["answer"])}


def main() -> None:
    """Answer commands until standard input ends."""
    from tabard.cli.database import load_django, migrate

    load_django()
    migrate()
    # Loaded now, or each child would load them in the middle of its act.
    import encodings.utf_16_be

    from django.db import connections
    from tests.faults.injection import acts, attacks, plants

    import tabard.jobs.routes

    assert all((encodings.utf_16_be, tabard.jobs.routes, acts.ACTS, attacks.ATTACKS))
    plants.plant(os.environ.get("TABARD_PLANT", ""))
    connections.close_all()
    child: Child | None = None
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "fork":
            child = Child(_act(command))
            reply: dict[str, Any] = {"pid": child.ready()}
        elif command["do"] == "go":
            assert child is not None
            reply = child.finish()
        else:
            reply = _untraced(command)
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
