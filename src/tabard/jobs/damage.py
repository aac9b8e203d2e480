"""What happens when a copy is found damaged while somebody reads? It is on record at once; its repair is queued."""

from uuid import UUID

from tabard.custody.actors import Actor
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError
from tabard.safekeeping.damages import record_damage

READING = Actor.system("reading")


def report(object_id: UUID, store: str, error: TabardError) -> None:
    """Record the damage; the event's route queues the repair."""
    record_damage(object_id=object_id, store=store, error=error, by=READING, at=now())
