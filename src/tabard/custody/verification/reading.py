"""Who looks at the blocks of a long log? As many processes as there are processors, all at one moment of the database.

Each has a connection of its own and sees the snapshot that this one exports, for as long as this one's transaction is
open. What is short, or is looked at inside somebody's transaction that no other connection can see, is looked at here.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from django.db import connection

from tabard.custody.errors import VerificationStopped
from tabard.custody.verification.blocks import Looked, look
from tabard.custody.verification.dating import Times
from tabard.custody.verification.reader import begin, look_at

WORTH_PROCESSES = 40  # blocks; starting processes takes as long as looking at twenty
_AHEAD = 2


def looks(
    blocks: Sequence[tuple[int, int]], times: Times, published: int, processes: int
) -> Iterator[Looked]:
    """What each block shows, in order.

    Raises:
        VerificationStopped: one of the processes was ended.
    """
    if processes < 2 or len(blocks) < WORTH_PROCESSES:
        yield from (look(first, end, times, published) for first, end in blocks)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    given = (connection.settings_dict, snapshot, times, published)
    with ProcessPoolExecutor(processes, get_context("spawn"), begin, given) as pool:
        try:
            yield from _in_order(pool, blocks, processes * _AHEAD)
        except BrokenExecutor as error:
            raise VerificationStopped("A process that was reading the log was ended.") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, blocks: Sequence[tuple[int, int]], ahead: int) -> Iterator[Looked]:
    """So many blocks are looked at before they are asked for, and no more, so that memory stays flat."""
    source = iter(blocks)
    waiting: deque[Future[Looked]] = deque(pool.submit(look_at, *each) for each in islice(source, ahead))
    while waiting:
        found = waiting.popleft().result()
        waiting.extend(pool.submit(look_at, *each) for each in islice(source, 1))
        yield found
