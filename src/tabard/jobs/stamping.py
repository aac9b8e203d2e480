"""Who asks the time-stamping authority, and when? Each worker's own thread, of which one at a time gets to.

An authority that is slow or dead delays nobody: it is asked again ever more rarely, for ever.
"""

import logging
import threading

from django.conf import settings
from django.db import DatabaseError, connection

from tabard.custody.timestamping import stamping as timestamps
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError

LOOK_EVERY_S = 2.0
logger = logging.getLogger(__name__)


def stamp_until(stopping: threading.Event) -> None:
    """Stamps the newest checkpoint whenever it is time, until `stopping` is set."""
    if not settings.TABARD_TSA_URL:
        return
    failures = 0
    while not stopping.wait(_pause_s(failures)):
        try:
            _look()
        except (DatabaseError, TabardError) as error:
            failures += 1
            if failures == 1:  # it is asked again for ever; once is enough to say so
                logger.warning("No timestamp just now: %s It is asked again.", error)
            connection.close()
        else:
            failures = 0
    connection.close()


def _look() -> None:
    by, chain = timestamps.authority(), timestamps.trusted_chain()
    if by is not None and chain is not None:
        timestamps.stamp_if_due(by=by, chain=chain, at=now())


def _pause_s(failures: int) -> float:
    """How long to wait after so many failures in a row; never longer than between two timestamps, or two seconds."""
    longest: float = settings.TABARD_TSA_EVERY_S
    return max(LOOK_EVERY_S, min(LOOK_EVERY_S * 2.0 ** min(failures, 16), longest))
