"""Run as a program, in a home of its own: a small force that backs up, and what happens to it afterwards."""

import sys
from datetime import timedelta

from tabard.cli.database import database


def first() -> None:
    """Four recordings, a records manager, and everything in the log."""
    from tests.world import World

    from tabard.kernel.clock import now
    from tabard.people.rules import Role

    world = World(at=now() - timedelta(minutes=10))
    for number in range(4):
        world.recording(
            [b"segment %d" % number, b"and more"], started_at=now(), received_at=now() + timedelta(seconds=1)
        )
    world.anyone(Role.RECORDS_MANAGER)


def later() -> None:
    """One recording is disposed of, one held, one more comes in."""
    from django.db import transaction
    from tests.world import BY

    from tabard.kernel.clock import now
    from tabard.people.models import Account
    from tabard.people.selectors import viewer_of
    from tabard.recordings.models import Recording
    from tabard.retention import disposing, holds

    gone, held = Recording.objects.order_by("id")[:2]
    viewer = viewer_of(Account.objects.get(username="records_manager"), now())
    holds.place(on=held, kind="complaint", reason="Complaint", viewer=viewer, at=now())
    ground = disposing.Ground("test", "Its time was over", now(), {"rule": "test"})
    with transaction.atomic():
        disposing.dispose_of(grounds={disposing.locked(gone.id).id: ground}, by=BY, at=now())


def main(step: str) -> None:
    """Do it, and sign a checkpoint over it."""
    with database():
        from tabard.custody import sequencer
        from tabard.custody.adapters import log_signer
        from tabard.kernel.clock import now

        {"first": first, "later": later, "sign": lambda: None}[step]()
        while sequencer.sequence():
            pass
        sequencer.sign_checkpoint(at=now(), signer=log_signer())


if __name__ == "__main__":
    main(sys.argv[1])
