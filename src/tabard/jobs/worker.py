"""The worker process: jobs from the queue, and beside them the sequencer that gives the log its checkpoints.

The witnesses that cosign those, and the authority that stamps them, are asked from threads of their own, which nothing
waits for.
Any number of workers may run on any machine; one at a time sequences, an advisory lock decides which.
"""

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection
from procrastinate.contrib.django import app

from tabard.custody import sequencer
from tabard.custody.adapters import log_signer
from tabard.jobs.stamping import stamp_until
from tabard.jobs.witness_rounds import STOP_WITHIN_S, WitnessRounds
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError

SEQUENCE_EVERY_S = 1.0
CHECKPOINT_EVERY_S = 5.0
logger = logging.getLogger(__name__)


def run(*, concurrency: int, on_ready: Callable[[], None]) -> None:
    """Works until told to stop (SIGINT or SIGTERM); the job in hand is finished first."""
    stopping = threading.Event()
    sequencing = threading.Thread(target=_sequence_until, args=(stopping,), name="sequencer")
    sequencing.start()
    witnessing = threading.Thread(target=WitnessRounds().run, args=(stopping,), name="witnesses", daemon=True)
    witnessing.start()
    stamping = threading.Thread(target=stamp_until, args=(stopping,), name="timestamps", daemon=True)
    stamping.start()
    try:
        # A copy with a connector of its own: what a job itself defers stays on Django's connection, in its transaction.
        worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        on_ready()
        worker.run_worker(concurrency=concurrency, delete_jobs="successful")
    finally:
        stopping.set()
        sequencing.join()
        witnessing.join(2 * STOP_WITHIN_S)
        stamping.join(STOP_WITHIN_S)


def _sequence_until(stopping: threading.Event) -> None:
    """Sequence every second and sign at most every five; a lost database is waited for."""
    ticks_per_checkpoint = round(CHECKPOINT_EVERY_S / SEQUENCE_EVERY_S)
    tick = 0
    while not stopping.wait(SEQUENCE_EVERY_S):
        try:
            while sequencer.sequence() == sequencer.BATCH_EVENTS:
                pass
            if tick % ticks_per_checkpoint == 0:
                sequencer.sign_checkpoint(at=now(), signer=log_signer())
        except (DatabaseError, TabardError):
            logger.exception("The log could not be sequenced; trying again.")
            close_old_connections()
        tick += 1
    connection.close()
