"""How are several objects worked on at once? By threads that only read and write bytes; rows are the caller's alone."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

_T = TypeVar("_T")


def side_by_side(
    items: Iterable[_T], work: Callable[[_T], None], *, threads: int
) -> Generator[tuple[_T, Exception | None], None, None]:
    """Each item with what its work raised, as each is done; no more than twice `threads` are taken ahead.

    Leaving the iteration early waits for the work in hand, and takes no more.
    """
    waiting: dict[Future[None], _T] = {}
    with ThreadPoolExecutor(threads, "side-by-side") as pool:
        for item in items:
            waiting[pool.submit(work, item)] = item
            if len(waiting) >= 2 * threads:
                yield from _done(waiting)
        while waiting:
            yield from _done(waiting)


def _done(waiting: dict[Future[None], _T]) -> Iterator[tuple[_T, Exception | None]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        error = future.exception()
        if error is not None and not isinstance(error, Exception):
            raise error
        yield waiting.pop(future), error
