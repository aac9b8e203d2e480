"""Run as a program, in a home of its own: many small objects in two stores, and some that were never recorded."""

import os
import sys
import time

from tabard.cli.database import database


def hold(count: int) -> None:
    """Recordings whose objects stand, read back, in both stores."""
    from datetime import timedelta

    from tests.world import BY, World

    from tabard.kernel.clock import now
    from tabard.safekeeping.securing import secure
    from tabard.vault.models import SealedObject

    world = World(at=now() - timedelta(minutes=10))
    world.recording(
        [os.urandom(200_000 + number) for number in range(count)], started_at=now(), received_at=now()
    )
    for obj in SealedObject.objects.all():
        secure(object_id=obj.pk, by=BY, at=now())


def abandon(count: int) -> None:
    """Objects that were sealed two days ago, and the process died before it recorded them."""
    from uuid_utils import compat

    from tabard.sealing import Sealer
    from tabard.vault.services import store_key
    from tabard.vault.stores import configured_stores

    two_days_ago = time.time_ns() - 2 * 86_400 * 10**9
    for number in range(count):
        object_id = compat.uuid7(nanoseconds=two_days_ago + number)
        for store in configured_stores().values():
            with store.create(store_key(object_id)) as writer:
                sealer = Sealer(object_id, bytes(32), "gone", writer.write)
                sealer.update(b"nobody knows of this")
                sealer.finish()
                writer.commit()


if __name__ == "__main__":
    with database():
        {"hold": hold, "abandon": abandon}[sys.argv[1]](int(sys.argv[2]))
