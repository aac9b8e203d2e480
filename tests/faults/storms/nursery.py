"""Forks an installation's processes from one that has loaded everything: `python -m tests.faults.storms.nursery`.

Commands are JSON lines on standard input, each answered by one: `spawn` a role answers its process id; `reap` tells
which children ended, and how; `call` runs a function in a child and answers what it returned.
"""

import ctypes
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

_PDEATHSIG = 1


def main() -> None:
    from tabard.cli.database import load_django, migrate

    load_django()
    migrate()
    from django.db import connections
    from tests.faults.storms import control, judge, plants, roles

    import tabard.config.asgi
    import tabard.dock.agent
    import tabard.jobs.tasks
    import tabard.jobs.worker
    import tabard.safekeeping.reconcile

    assert all((tabard.config.asgi, tabard.dock.agent, tabard.jobs.worker, tabard.safekeeping.reconcile))
    control.put_below_stores(control.Control(Path(os.environ["STORM_CONTROL"])))
    plants.plant(os.environ.get("TABARD_PLANT", ""))
    connections.close_all()
    functions = {"enrol": roles.enrol, "prepare": roles.prepare, **judge.FUNCTIONS}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "spawn":
            reply: Any = {"pid": _fork(lambda asked=asked: roles.ROLES[asked["role"]](asked), asked["log"])}
        elif asked["do"] == "reap":
            reply = {"ended": _reap()}
        else:
            reply = _call(lambda asked=asked: functions[asked["function"]](asked), asked["log"])
        print(json.dumps(reply), flush=True)


def _fork(work: Any, log: str) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - however it ends, it must not go on as its parent would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _call(work: Any, log: str) -> Any:
    reading, writing = os.pipe()

    def say() -> None:
        answer = json.dumps(work()).encode()
        while answer:
            answer = answer[os.write(writing, answer) :]

    pid = _fork(say, log)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(answer) if status == 0 else {"failed": f"a call ended with {status}; see {log}"}


def _reap() -> dict[int, int]:
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended[pid] = os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
