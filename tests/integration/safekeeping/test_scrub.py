"""Every copy is read back, longest unseen first; what is damaged is named, mended from a good copy, and read again."""

import os
from datetime import timedelta

import pytest

from tabard.custody.actors import Actor
from tabard.custody.models import Event
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound, Unavailable
from tabard.safekeeping.errors import ScrubRunning
from tabard.safekeeping.scrub import newest_runs, scrub
from tabard.vault import services as vault
from tabard.vault.models import Damage, Scrub, StoredCopy
from tabard.vault.stores import configured_stores

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


def run(store="a", **options):
    return scrub(store=store, by=BY, clock=now, **options)


def kinds():
    return list(
        Event.objects.filter(kind__startswith="object.").order_by("id").values_list("kind", flat=True)
    )


@pytest.fixture
def held(stores, world):
    """Three objects in both stores, each read back before."""
    recording = world.recording([os.urandom(600_000), os.urandom(10), b""])
    stores.copy_all()
    objects = [segment.object for segment in recording.segments.order_by("ordinal")]
    for age, obj in enumerate(objects, 1):
        for store in "ab":
            StoredCopy.objects.create(object=obj, store=store, verified_at=now() - timedelta(days=age))
    return objects


def test_good_copies_are_read_and_say_when(held):
    before = now()
    found = run()
    assert (found.ok, found.row.copies, found.row.size_bytes) == (True, 3, 600_010)
    assert found.row.is_complete
    assert all(copy.verified_at >= before for copy in StoredCopy.objects.filter(store="a"))
    assert not StoredCopy.objects.filter(store="b", verified_at__gte=before).exists()
    event = Event.objects.select_related("particulars").get(kind="store.scrubbed")
    assert (event.subject_id, event.particulars.details["copies"]) == (found.row.pk, 3)


def test_a_run_that_is_stopped_is_gone_on_with_longest_unseen_first(held):
    calls = iter([False, True])
    found = run(threads=1, stop=lambda: next(calls))
    assert (found.row.copies, found.row.is_complete) == (1, False)
    oldest = held[2]
    assert StoredCopy.objects.get(object=oldest, store="a").verified_at >= found.row.started_at
    again = run(unseen_since=now() - timedelta(hours=1))
    assert (again.row.copies, again.row.is_complete) == (2, True)


DAMAGES = {
    "sealed_chunk": lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    "sealed_truncated": lambda data: data[: len(data) // 2],
    "copy_overlong": lambda data: data + b"\0",
    "sealed_trailer": lambda data: data[:-1] + bytes([data[-1] ^ 128]),
    "sealed_not_ours": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("code", DAMAGES)
@pytest.mark.parametrize("store", ["a", "b"])
def test_a_damaged_copy_is_named_mended_and_read_again(held, stores, store, code):
    path = stores.path(held[0], store)
    good = path.read_bytes()
    path.write_bytes(DAMAGES[code](good))
    found = run(store)
    (culprit,) = found.culprits
    assert (culprit.object, culprit.store, culprit.code, culprit.repaired) == (held[0], store, code, True)
    assert path.read_bytes() == good
    assert kinds() == ["object.damaged", "object.repaired"]
    damage = Damage.objects.get()
    assert (damage.object, damage.store, damage.code) == (held[0], store, code)
    assert damage.repaired_at >= damage.found_at
    assert run(store).ok


def test_a_missing_copy_is_put_back(held, stores):
    path = stores.path(held[1], "b")
    good = path.read_bytes()
    path.unlink()
    (culprit,) = run("b").culprits
    assert (culprit.code, culprit.repaired, path.read_bytes()) == ("object_lost", True, good)


def test_an_older_or_other_object_in_its_place_is_damage(held, stores):
    path = stores.path(held[0])
    good = path.read_bytes()
    path.write_bytes(stores.path(held[1]).read_bytes())
    (culprit,) = run().culprits
    assert culprit.repaired
    assert path.read_bytes() == good


def test_nothing_is_mended_from_a_copy_that_is_not_good_either(held, stores):
    bad = {}
    for store in "ab":
        path = stores.path(held[0], store)
        bad[path] = DAMAGES["sealed_chunk"](path.read_bytes())
        path.write_bytes(bad[path])
    (culprit,) = run().culprits
    assert not culprit.repaired
    assert "store b is not good either" in culprit.why_not
    assert all(path.read_bytes() == left for path, left in bad.items())
    assert sorted(Damage.objects.values_list("store", flat=True)) == ["a", "b"]
    assert kinds() == ["object.damaged", "object.damaged"]
    run()
    assert kinds() == ["object.damaged", "object.damaged"]  # known already


def test_without_a_second_store_it_says_that_it_cannot_repair(held, stores, settings):
    settings.TABARD_STORE_B_URL = ""
    stores.path(held[0]).unlink()
    (culprit,) = run().culprits
    assert (culprit.repaired, culprit.why_not) == (False, "There is no second store to repair it from.")


def test_a_copy_that_was_never_made_is_no_damage(held, stores, world):
    recording = world.recording(b"fresh")
    found = run("b")
    assert (found.ok, found.awaited) == (True, 1)
    assert not Damage.objects.exists()
    assert recording.segments.get().object.copies.count() == 0


def test_killed_after_the_bytes_were_mended_the_next_run_closes_the_damage(held):
    Damage.objects.create(object=held[0], store="a", code="sealed_chunk", words="x", found_at=now())
    assert run().ok
    assert Damage.objects.get().repaired_at is not None
    assert kinds() == ["object.repaired"]


def test_what_was_disposed_of_is_not_read(held, stores):
    stores.path(held[0]).write_bytes(b"no longer anything")
    vault.destroy_key(object_id=held[0].pk, at=now())
    found = run()
    assert (found.ok, found.row.copies) == (True, 2)


def test_a_killed_run_is_ended_by_the_next_and_shown(held):
    killed = Scrub.objects.create(store="a", started_at=now() - timedelta(hours=1))
    run()
    killed.refresh_from_db()
    assert killed.ended_at is not None
    assert [row.is_complete for row in newest_runs()] == [True]


def test_a_store_that_does_not_answer_stops_the_run_and_damages_nothing(held, stores, monkeypatch, world):
    world.recording([b"%d" % number for number in range(12)])
    (stores.home / "store-a").rename(stores.home / "unplugged")
    (stores.home / "store-a").write_text("not a folder")
    with pytest.raises(Unavailable):
        run()
    assert not Damage.objects.exists()
    assert Scrub.objects.get().ended_at is not None


def test_two_runs_over_one_store_exclude_each_other(held):
    from django.db import connection

    from tabard.safekeeping.scrub import _LOCK

    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK + ord("a")])
        with pytest.raises(ScrubRunning):
            run()
        assert run("b").ok
        with other.cursor() as cursor:  # closing alone lets go only when the server notices
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK + ord("a")])
    finally:
        other.close()
    assert run().ok


def test_a_store_that_is_not_configured_is_refused(held, settings):
    settings.TABARD_STORE_B_URL = ""
    with pytest.raises(NotFound):
        run("b")
    assert set(configured_stores()) == {"a"}
