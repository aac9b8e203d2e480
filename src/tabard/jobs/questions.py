"""The jobs that answer by themselves what footage came in with: its true time, whose it is, and whether it is whole.

Each can be repeated: what is answered already stays as it is. What a lost job left, the sweeps find.
"""

import logging
from datetime import timedelta
from uuid import UUID

from procrastinate.contrib.django import app

from tabard.custody.actors import Actor
from tabard.kernel.clock import now
from tabard.recordings import late_facts, times, wholeness

WORKER = Actor.system("worker")
REVIEWED = timedelta(days=3)  # a hole may be filled by a camera that docks again days later
logger = logging.getLogger(__name__)


@app.task(name="tabard.correct_times", retry=3)
def correct_times(subject_id: str) -> None:
    """Correct what was filmed by a camera whose clock was read."""
    times.apply_readings(camera_id=UUID(subject_id), by=WORKER, at=now())


@app.task(name="tabard.correct_attributed", retry=3)
def correct_attributed(subject_id: str) -> None:
    """Correct a recording whose camera became known."""
    times.correct_attributed(recording_id=UUID(subject_id), by=WORKER, at=now())


@app.task(name="tabard.resolve_again", retry=3)
def resolve_again(subject_id: str) -> None:  # noqa: ARG001 - whatever was enrolled is found by what waits for it
    """Give recordings the camera and officer that were enrolled since they came in."""
    late_facts.resolve_again(by=WORKER, at=now())


@app.periodic(cron="40 * * * *")
@app.task(name="tabard.answer_hourly", queueing_lock="answer_hourly", retry=3)
def answer_hourly(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Apply clock readings that came with footage, or whose job was lost, and resolve what is known by now."""
    for camera_id in times.cameras_waiting():
        times.apply_readings(camera_id=camera_id, by=WORKER, at=now())
    late_facts.resolve_again(by=WORKER, at=now())


@app.periodic(cron="50 3 * * *")
@app.task(name="tabard.review_wholeness", queueing_lock="review_wholeness", retry=3)
def review_wholeness(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Flag recordings before which a camera's numbers are missing."""
    at = now()
    changed = wholeness.review(since=at - REVIEWED, by=WORKER, at=at)
    logger.info("Looked for missing numbers: %d recordings flagged or freed.", changed)
