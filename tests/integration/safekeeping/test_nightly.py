"""What a worker does at night: reads copies back for a while, and compares what is there."""

import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tabard.custody.models import Event
from tabard.jobs.tasks import reconcile_nightly, scrub_stores
from tabard.kernel.clock import now
from tabard.vault.models import Scrub, StoredCopy

pytestmark = pytest.mark.django_db
GO_ON = SimpleNamespace(should_abort=lambda: False)
STOP = SimpleNamespace(should_abort=lambda: True)


@pytest.fixture
def held(stores, world):
    recording = world.recording([b"one", b"two"])
    stores.copy_all()
    objects = [segment.object for segment in recording.segments.all()]
    for store in "ab":
        for obj, days in zip(objects, (40, 3), strict=True):
            StoredCopy.objects.create(object=obj, store=store, verified_at=now() - timedelta(days=days))
    return objects


def test_only_copies_that_were_not_read_for_a_month_are_read_and_nothing_is_said_where_there_are_none(held):
    scrub_stores(GO_ON, 0)
    assert sorted(Scrub.objects.values_list("store", "copies", "is_complete")) == [
        ("a", 1, True),
        ("b", 1, True),
    ]
    scrub_stores(GO_ON, 0)
    assert Scrub.objects.count() == Event.objects.filter(kind="store.scrubbed").count() == 2


def test_a_worker_that_must_stop_leaves_the_rest_for_the_next_night(held):
    scrub_stores(STOP, 0)
    assert set(Scrub.objects.values_list("copies", "is_complete")) == {(0, False)}


def test_what_is_missing_is_said_the_same_night(held, stores, caplog):
    stores.path(held[0], "b").unlink()
    with caplog.at_level(logging.ERROR):
        reconcile_nightly(0)
    assert f"missing {held[0].pk}: Store b does not hold it." in caplog.text
    assert Event.objects.filter(kind="store.reconciled").exists()
