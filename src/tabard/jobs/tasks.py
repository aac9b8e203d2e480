"""The jobs themselves: each loads its subject, makes one service call, and says who did it and when.

A job may run twice (a worker can die after the work and before the queue knows), so every service it calls can be
repeated. What is merely not there yet (a checkpoint, the store, a wall of the jail) is tried again until it is.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job

from tabard.custody.actors import Actor
from tabard.custody.errors import NotYetSequenced
from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.intake import encryption
from tabard.intake.models import Container
from tabard.jobs import arrivals
from tabard.kernel.clock import now
from tabard.kernel.errors import Unavailable
from tabard.kernel.ids import earliest_id
from tabard.media import packets
from tabard.media import services as media
from tabard.media.making import DisposedMeanwhile
from tabard.recordings import decryption
from tabard.recordings.models import Clip, Recording, Segment
from tabard.retention import adoption, early_disposal, holds, known_time, removal, runs, under_way
from tabard.retention import selectors as retention_selectors
from tabard.safekeeping import securing, unseen
from tabard.safekeeping.reconcile import reconcile
from tabard.safekeeping.scrub import scrub
from tabard.vault.stores import configured_stores

WORKER = Actor.system("worker")
_LATELY = timedelta(hours=1)  # what waits for longer is left to the sweep, so that an event costs little
SCRUB_FOR = timedelta(minutes=14)  # so a run is over before the next is due
SCRUB_AGAIN_AFTER = timedelta(days=30)
logger = logging.getLogger(__name__)


class UntilPossible(BaseRetryStrategy):
    """Tries again for ever what is only unavailable, and a few times what failed for another reason."""

    OTHER_ATTEMPTS = 3
    LONGEST_WAIT_S = 300

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, or None to give up and leave the job as failed for someone to look at."""
        waits = isinstance(exception, Unavailable | NotYetSequenced)
        if isinstance(exception, DisposedMeanwhile) or (not waits and job.attempts >= self.OTHER_ATTEMPTS):
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 9), self.LONGEST_WAIT_S)})


@app.task(name="tabard.read_arrival", retry=UntilPossible())
def read_arrival(subject_id: str) -> None:
    """Read what the files of an arrival say of themselves, and make a recording of it."""
    arrivals.read_and_register(container=Container.objects.get(id=UUID(subject_id)), by=WORKER)


@app.periodic(cron="*/5 * * * *")
@app.task(name="tabard.look_after_arrivals", queueing_lock="look_after_arrivals")
def look_after_arrivals(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Make recordings of arrivals that have waited for too long."""
    if done := arrivals.look_after(by=WORKER):
        logger.warning("%d recordings had waited to be read for longer than they may.", done)


@app.task(name="tabard.probe_recording", retry=UntilPossible())
def probe_recording(subject_id: str) -> None:
    """Decrypt what of a recording came encrypted, and look into its segments."""
    recording = Recording.objects.get(id=UUID(subject_id))
    encryption.decrypt_recording(recording=recording, by=WORKER, at=now())
    media.probe_recording(recording=recording, by=WORKER, at=now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="tabard.decrypt_waiting", queueing_lock="decrypt_waiting", retry=UntilPossible())
def decrypt_waiting(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Decrypt what could not be decrypted when it came: its key file came late, or a footage key is there again."""
    for recording in Recording.objects.filter(id__in=decryption.waiting().values("recording_id")):
        if encryption.decrypt_recording(recording=recording, by=WORKER, at=now()):
            media.probe_recording(recording=recording, by=WORKER, at=now())


@app.task(name="tabard.make_derivatives", retry=UntilPossible())
def make_derivatives(subject_id: str) -> None:
    """Make what people need to see a recording: posters, thumbnail strips, playable renditions."""
    for segment in Segment.objects.filter(recording_id=UUID(subject_id)).select_related(
        "object", "recording"
    ):
        media.make_derivatives(segment=segment, by=WORKER, at=now())


@app.task(name="tabard.index_packets", retry=UntilPossible())
def index_packets(subject_id: str) -> None:
    """List every packet of a recording's segments and log the roots, so that clips can be proven against them."""
    for segment in Segment.objects.filter(recording_id=UUID(subject_id)).select_related(
        "object", "recording"
    ):
        packets.index_packets(segment=segment, by=WORKER, at=now())


@app.task(name="tabard.cut_clip", retry=UntilPossible())
def cut_clip(subject_id: str) -> None:
    """Cut a clip that somebody asked for."""
    clip = Clip.objects.select_related("segment__recording", "segment__object").get(id=UUID(subject_id))
    media.cut_clip(clip=clip, by=WORKER, at=now())


@app.task(name="tabard.build_pack", retry=UntilPossible())
def build_pack(subject_id: str) -> None:
    """Build an evidence pack that somebody asked for."""
    packs.build(pack=Pack.objects.get(id=UUID(subject_id)), by=WORKER, at=now())


@app.task(name="tabard.remove_disposed", lock="remove_disposed", retry=UntilPossible())
def remove_disposed(subject_id: str) -> None:  # noqa: ARG001 - whatever was just disposed of is among the waiting
    """Remove the unreadable bytes of everything that was disposed of."""
    removal.remove_waiting(at=now())


@app.task(name="tabard.secure_new")
def secure_new(subject_id: str) -> None:  # noqa: ARG001 - whatever was just sealed is among the waiting
    """Copy what was sealed lately to every store and read it back."""
    _secure(since=earliest_id(now() - _LATELY))


@app.task(name="tabard.secure_object", retry=UntilPossible())
def secure_object(subject_id: str) -> None:
    """Mend a damaged copy of an object."""
    securing.secure(object_id=UUID(subject_id), by=WORKER, at=now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="tabard.secure_waiting", queueing_lock="secure_waiting")
def secure_waiting(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """The same for all that waits: a store was down, or is new."""
    _secure(since=None)


def _secure(since: UUID | None) -> None:
    """Never tried again by the queue: what is left waits for the next round, five minutes later at most."""
    done = securing.secure_waiting(by=WORKER, clock=now, since=since)
    if done is not None and done.stopped_by:
        logger.warning("Copies wait: %s (%d were secured).", done.stopped_by, done.secured)


@app.periodic(cron="30 2 * * *")
@app.task(name="tabard.dispose_nightly", queueing_lock="dispose_nightly", retry=UntilPossible())
def dispose_nightly(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Put on the list what is due and not held, and dispose of what has been on it for long enough."""
    at = now()
    try:
        done = runs.run(as_of=at, by=WORKER, at=at, database_at=known_time.database_now())
    except under_way.RunUnderWay:
        logger.warning("A disposal run was under way already.")
        return
    if done.state == done.State.STOPPED:
        logger.error("The disposal run stopped, and two people must look at it: %s", done.stop_reason)
    logger.info(
        "%d recordings were listed, %d disposed of, %d spared.", done.scheduled, done.disposed, done.spared
    )


@app.periodic(cron="0 5 * * *")
@app.task(name="tabard.note_hold_reviews", queueing_lock="note_hold_reviews", retry=UntilPossible())
def note_hold_reviews(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Note the holds whose owners are to be asked from today on; nothing is released."""
    if noted := holds.note_reviews(by=WORKER, at=now()):
        logger.info("%d holds are to be looked at.", noted)


@app.periodic(cron="*/15 * * * *")
@app.task(name="tabard.remove_leftovers", queueing_lock="remove_leftovers", retry=UntilPossible())
def remove_leftovers(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Carry out early disposals that were approved, close what ran out, remove what a killed removal left behind."""
    early_disposal.look_after(by=WORKER, at=now(), database_at=known_time.database_now())
    adoption.look_after(by=WORKER, at=now())
    removal.remove_waiting(at=now())


@app.periodic(cron="*/15 1-4 * * *")
@app.task(name="tabard.scrub_stores", queueing_lock="scrub_stores", pass_context=True)
def scrub_stores(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the queue names the due time
    """Read back, at night, the copies that were not read for a month; a quarter of an hour at a time, longest first."""
    began = now()
    for number, store in enumerate(names := list(configured_stores()), 1):
        until = began + SCRUB_FOR * number / len(names)

        def is_over(until: datetime = until) -> bool:
            return now() >= until or context.should_abort()

        unseen_since = began - SCRUB_AGAIN_AFTER
        if unseen.totals(store, unseen_since)[0]:
            scrub(store=store, by=WORKER, clock=now, stop=is_over, unseen_since=unseen_since)


@app.periodic(cron="30 0 * * *")
@app.task(name="tabard.reconcile_nightly", queueing_lock="reconcile_nightly")
def reconcile_nightly(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Compare database, stores, keys and log, so that what is missing is noticed the night it goes."""
    found = reconcile(
        by=WORKER,
        at=now(),
        belonging=retention_selectors.recordings_of,
        report=lambda each: logger.error("%s %s: %s", each.code, each.object_id or each.key, each.words),
        progress=lambda _what, _number: None,
    )
    logger.info("Reconciled %d objects: %s", found.objects, found.findings or "nothing disagrees")


@app.periodic(cron="* * * * *")
@app.task(name="tabard.retry_stalled", queueing_lock="retry_stalled")
async def retry_stalled(timestamp: int) -> None:  # noqa: ARG001 - the queue names every periodic job's due time
    """Put jobs back that a killed worker held; their services can be repeated."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)
