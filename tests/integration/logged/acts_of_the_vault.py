"""What the vault does to keep its objects, and its keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from tests.integration.api.access_world import DONE_AT, seal
from tests.integration.logged.acts_on_recordings import pending
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.retention import key_destruction
from tabard.safekeeping import damages, keys
from tabard.safekeeping.migrate import migrate
from tabard.safekeeping.models import KeyBackup
from tabard.safekeeping.reconcile import reconcile
from tabard.safekeeping.scrub import scrub
from tabard.safekeeping.securing import secure
from tabard.safekeeping.sweep import sweep
from tabard.vault.errors import ObjectLost
from tabard.vault.stores import configured_key_ring

LONG_AFTER = timedelta(days=400)


@act("safekeeping.damages.record_damage", E.OBJECT_DAMAGED)
def record_damage(stage: Stage) -> Call:
    obj, error = seal(b"x"), ObjectLost("It is gone.")
    return lambda: damages.record_damage(object_id=obj.pk, store="a", error=error, by=BY, at=AT) and obj.pk


@act("safekeeping.damages.record_good", E.OBJECT_SECURED)
def record_good(stage: Stage) -> Call:
    obj = seal(b"x")
    return lambda: damages.record_good(object_id=obj.pk, stores=["a"], by=BY, at=AT) and obj.pk


@act("safekeeping.damages.record_repair", E.OBJECT_REPAIRED)
def record_repair(stage: Stage) -> Call:
    obj = seal(b"x")
    damages.record_damage(object_id=obj.pk, store="a", error=ObjectLost("It is gone."), by=BY, at=AT)
    return lambda: damages.record_repair(object_id=obj.pk, store="a", source="b", by=BY, at=AT) and obj.pk


@act("safekeeping.securing.secure", E.OBJECT_SECURED)
def secure_object(stage: Stage) -> Call:
    obj = seal(b"x")
    return lambda: secure(object_id=obj.pk, by=BY, at=AT) and obj.pk


@act("safekeeping.sweep.sweep", E.OBJECT_SWEPT, alone=True)
def sweep_object(stage: Stage) -> Call:
    left = pending(b"never recorded")
    later = datetime.now(UTC) + LONG_AFTER
    return lambda: sweep(object_id=left.object_id, by=BY, at=later) and left.object_id


@act(
    "safekeeping.scrub.scrub",
    E.STORE_SCRUBBED,
    alone=True,
    keeps={
        "vault_scrub": "how far the run came, so that the next goes on; it has not ended, so it says nothing yet",
        "vault_storedcopy": "when each copy was last seen good: what was read was read, and no event is of one copy",
    },
)
def scrub_store(stage: Stage) -> Call:
    scrub(store="a", by=BY, clock=lambda: DONE_AT)  # every copy was seen good before
    return lambda: scrub(store="a", by=BY, clock=lambda: AT).row and None


@act("safekeeping.reconcile.reconcile", E.STORE_RECONCILED, alone=True)
def reconcile_stores(stage: Stage) -> Call:
    return lambda: (
        reconcile(
            by=BY,
            at=AT,
            belonging=lambda ids: {},
            report=lambda finding: None,
            progress=lambda what, count: None,
        ).id
    )


@act(
    "safekeeping.migrate.migrate",
    E.STORE_MIGRATED,
    alone=True,
    keeps={
        "vault_move": "that a move began, so that the next goes on; it has not ended, so it says nothing yet",
        "vault_movedobject": "which copies arrived in the new store, which is nobody's yet",
    },
)
def migrate_store(stage: Stage) -> Call:
    url = (Path(settings.TABARD_HOME) / "new").as_uri()
    return lambda: migrate(url=url, store="a", by=BY, clock=lambda: AT).move.pk


@act("safekeeping.keys.rotate", E.KEY_RING_ROTATED)
def rotate_keys(stage: Stage) -> Call:
    return lambda: keys.subject_of(keys.rotate(by=BY, at=AT).key_id).id


@act("safekeeping.keys.announce", E.KEY_RING_ROTATED)
def announce_key(stage: Stage) -> Call:
    configured_key_ring().rotate()
    return lambda: keys.announce(by=BY, at=AT) and keys.subject_of(configured_key_ring().current_key_id).id


def _old_key() -> str:
    """A key that nothing needs any more."""
    old = configured_key_ring().current_key_id
    keys.rotate(by=BY, at=AT)
    return old


@act("safekeeping.keys.retire", E.KEY_RING_RETIRED)
def retire_key(stage: Stage) -> Call:
    old = _old_key()
    return lambda: keys.retire(key_id=old, by=BY, at=AT) or keys.subject_of(old).id


def _kept_in_a_copy() -> str:
    old = _old_key()
    KeyBackup.objects.create(made_at=AT, expires_at=AT + LONG_AFTER, key_ids=[old], place="/safe")
    return old


@act("retention.key_destruction.request", E.KEY_DESTRUCTION_REQUESTED)
def request_destruction(stage: Stage) -> Call:
    old, viewer = _kept_in_a_copy(), stage.viewer
    return lambda: (
        key_destruction.request(key_id=old, reason="Stolen copy", viewer=viewer, at=AT) and _subject(old)
    )


def _requested(stage: Stage) -> tuple[str, UUID]:
    old = _kept_in_a_copy()
    return old, key_destruction.request(key_id=old, reason="Stolen copy", viewer=stage.viewer, at=AT).id


@act("retention.key_destruction.approve", E.KEY_DESTRUCTION_APPROVED)
def approve_destruction(stage: Stage) -> Call:
    old, asked = _requested(stage)
    viewer = stage.second
    return lambda: key_destruction.approve(request_id=asked, viewer=viewer, at=AT) and _subject(old)


@act("retention.key_destruction.carry_out", E.KEY_RING_RETIRED, E.KEY_DESTROYED)
def carry_out_destruction(stage: Stage) -> Call:
    old, asked = _requested(stage)
    viewer = stage.second
    key_destruction.approve(request_id=asked, viewer=viewer, at=AT)
    return lambda: key_destruction.carry_out(request_id=asked, viewer=viewer, at=AT) and _subject(old)


def _subject(key_id: str) -> UUID:
    return keys.subject_of(key_id).id
