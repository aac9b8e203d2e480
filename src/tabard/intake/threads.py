"""Where does a door do what would hold up its event loop? In threads that each keep one connection to the database."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from django.db import close_old_connections, connections

_WORKS_FOR_S = 1.0
_own = threading.local()
_Given = TypeVar("_Given")


class DatabaseThreads:
    """So many threads, which start as they are needed; after `close` they start again."""

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name
        self._pool: ThreadPoolExecutor | None = None

    def run(self, step: Callable[..., _Given], *arguments: Any) -> "asyncio.Future[_Given]":
        """What the step gives, with a connection that works."""
        self._pool = self._pool or ThreadPoolExecutor(self._number, self._name)
        return asyncio.get_running_loop().run_in_executor(self._pool, _fresh, step, *arguments)

    def close(self) -> None:
        """No thread runs and no connection is open any more."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        together = Barrier(self._number)

        def close_one() -> None:
            connections.close_all()
            together.wait()  # so that each of the threads gets exactly one of these

        for _ in range(self._number):
            pool.submit(close_one)
        pool.shutdown(wait=True)


def _fresh(step: Callable[..., _Given], *arguments: Any) -> _Given:
    """Runs a step as Django runs a request: with a connection that works, and none kept too long.

    One that worked a moment ago is not tried again, which would double the cost of a short step.
    """
    if time.monotonic() - getattr(_own, "worked_at", 0.0) > _WORKS_FOR_S:
        close_old_connections()
    try:
        given = step(*arguments)
    except BaseException:
        _own.worked_at = 0.0
        close_old_connections()
        raise
    _own.worked_at = time.monotonic()
    return given
