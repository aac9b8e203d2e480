"""Cameras that dock without end, and a sequencer beside them: `python -m tests.faults.injection.load`.

Each thread sends objects of its own, one after another, and sends one again until it is acknowledged, as a dock does.
Every acknowledgement is a line on standard output, written only after the product gave it. Ends when standard input
does, and then answers with what it finds wrong.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable

SENDERS = 4
STRIDE = 1_000_000


def main() -> None:
    from tabard.cli.database import load_django, migrate

    load_django()
    migrate()
    from tests.faults.injection import acts

    logging.disable(logging.CRITICAL)  # every kill is an error that is retried
    acts.prepare()
    stopping = threading.Event()
    threads = [threading.Thread(target=_send, args=(first, stopping)) for first in range(SENDERS)]
    threads.append(threading.Thread(target=_again, args=(_checkpoint, stopping)))
    print("ready", flush=True)
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stopping.set()
    for thread in threads:
        thread.join()
    print(json.dumps(_wrong()), flush=True)


def _send(first: int, stopping: threading.Event) -> None:
    from tests.faults.injection import acts

    number = first * STRIDE
    while not stopping.is_set():
        said: list[str] = []
        _again(lambda number=number, said=said: acts.seal(number, said.append), stopping, once=True)
        if said:
            os.write(
                1, f"{number}\n".encode()
            )  # in one piece: `print` writes a line's end apart, and others between
            number += 1


def _checkpoint() -> None:
    from tests.faults.injection import acts

    acts.checkpoint(0, lambda _: None)


def _again(act: Callable[[], None], stopping: threading.Event, *, once: bool = False) -> None:
    """Do it until it is done (once) or for ever; a lost database is waited for."""
    from django.db import Error, connection

    from tabard.kernel.errors import TabardError

    while not stopping.is_set():
        try:
            act()
            if once:
                return
        except (Error, TabardError):
            connection.close()
        stopping.wait(0.05)


def _wrong() -> dict[str, object]:
    """Objects and their events as they stand at the end, and every defect of the log."""
    from django.db import connection
    from tests.faults.injection import acts

    from tabard.custody import sequencer

    connection.close()
    sequencer.sequence(limit=1_000_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, count(*) FROM intake_receivedobject GROUP BY name")
        names = dict(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM custody_event WHERE kind = 'object.sealed'")
        (events,) = cursor.fetchone()
    return {"names": names, "events": events, "log": acts.log_defects()}


if __name__ == "__main__":
    main()
