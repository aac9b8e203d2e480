"""How does an arrival become a recording? The decoder jail reads its files, and then it is registered.

Media and intake know nothing of each other; here they meet. What is sealed is never invisible for long: an arrival
that cannot be read yet, because walls are missing or the store is down, is registered without facts after a while.
"""

import logging
from datetime import timedelta

from django.conf import settings

from tabard.custody.actors import Actor
from tabard.intake import arrivals
from tabard.intake.models import Container
from tabard.kernel.clock import now
from tabard.kernel.errors import Unavailable
from tabard.media import readers
from tabard.recordings.facts import FootageFacts
from tabard.recordings.models import Recording
from tabard.vault.models import SealedObject

_SILENT = "Nothing more came of it for too long."
logger = logging.getLogger(__name__)


def read_and_register(*, container: Container, by: Actor) -> Recording | None:
    """The arrival's recording stands, of what its files say; again, the same recording is returned.

    Raises:
        Unavailable: nothing can be read just now, and it has not waited long enough to go without.
    """
    if container.completed_at is not None:
        return container.recording
    facts = {obj.pk: _facts(obj, container) for obj in _objects(container)}
    return arrivals.register(container=container, facts=facts, by=by, at=now())


def look_after(*, by: Actor) -> int:
    """What waits for longer than it may is registered, and what nobody closed is closed; returns how many became whole.

    Jobs do the same sooner; this is for those that failed, and for senders that never came back.
    """
    at, done = now(), 0
    for container in arrivals.unclosed(silent_since=at - _seconds(settings.TABARD_CLOSE_ARRIVALS_AFTER_S)):
        if container.files:
            arrivals.close(container=container, by=by, at=at, unended=_SILENT)
    for container in arrivals.unregistered(closed_before=at - _longest_wait()):
        try:
            read_and_register(container=container, by=by)
            done += 1
        except Exception:
            # One that cannot be registered must keep no other from it; it stays listed, and is tried again.
            logger.exception("An arrival could not be registered: %s", container.pk)
    return done


def _objects(container: Container) -> list[SealedObject]:
    return [received.object for received in container.received.select_related("object")]


def _facts(obj: SealedObject, container: Container) -> FootageFacts:
    try:
        return readers.read(obj=obj)
    except Unavailable as error:
        if container.closed_at is None or container.closed_at > now() - _longest_wait():
            raise
        return FootageFacts(reason=error.message)


def _longest_wait() -> timedelta:
    return _seconds(settings.TABARD_READ_ARRIVALS_WITHIN_S)


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)
