"""A table of things done to sealed objects behind the application's back: all found, all named, none imagined."""

from datetime import timedelta

import pytest
from tests.integration.safekeeping.conftest import stores
from tests.integration.tampering.store_cases import CASES, PLAIN_BYTES, Case, Scene

from tabard.custody.actors import Actor
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError
from tabard.retention.selectors import recordings_of
from tabard.safekeeping.copies import verify_copy
from tabard.safekeeping.reconcile import reconcile
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_stores

pytestmark = pytest.mark.django_db
assert stores  # the fixture
BY = Actor.system("test")


@pytest.fixture
def scene(stores, world) -> Scene:
    plains = [(word * PLAIN_BYTES)[:PLAIN_BYTES] for word in (b"one", b"two")]
    mine, other = (world.recording(plain).segments.get().object for plain in plains)
    stores.copy_all()
    return Scene(mine, other, stores.path)


def found() -> set[tuple[str, object]]:
    """Every (code, object) that a scrub's reading and a reconciliation report."""
    reported: set[tuple[str, object]] = set()
    reconcile(
        by=BY,
        at=now() + timedelta(days=7),  # when nothing of this test is under way any more
        belonging=recordings_of,
        report=lambda finding: reported.add((finding.code, finding.object_id)),
        progress=lambda _what, _number: None,
    )
    for obj in SealedObject.objects.filter(key_destroyed_at__isnull=True):
        for store in configured_stores().values():
            try:
                verify_copy(obj=obj, store=store)
            except TabardError as error:
                reported.add((error.code, obj.id))
    return reported


@pytest.mark.parametrize("case", CASES, ids=str)
def test_tampering_with_an_object_is_found_and_named(scene, case: Case):
    case.act(scene)
    reported = found()
    assert {code for code, _ in reported} & case.codes, reported
    # A stranger's file has no object; nobody blames the object that nothing was done to.
    assert {blamed for _, blamed in reported} <= {scene.mine.id, None}


def test_nothing_is_found_where_nothing_was_done(scene):
    assert found() == set()


def test_the_table_is_as_long_as_it_claims():
    assert len({case.name for case in CASES}) == len(CASES) >= 120
