"""Two stores: every object comes to stand, verified, in both; a copy that is lost or rotten harms nobody."""

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from tabard.custody import selectors as custody
from tabard.custody import services as custody_services
from tabard.custody.actors import Actor
from tabard.custody.kinds import EventKind
from tabard.jobs.tasks import secure_new, secure_object
from tabard.kernel.errors import Integrity, Unavailable
from tabard.safekeeping import copies, securing
from tabard.safekeeping.errors import NoGoodCopy
from tabard.vault import selectors, services
from tabard.vault.adapters.local import LocalStore
from tabard.vault.errors import StoreFailed
from tabard.vault.models import Damage, SealedObject, StoredCopy
from tabard.vault.stores import configured_stores, store_from_url

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(days=31)
BY = Actor.system("test")
PLAIN = bytes(range(256)) * 4000  # four chunks

pytestmark = pytest.mark.django_db


class Stores:
    """Two folders, and what can befall them."""

    def __init__(self, root):
        self.roots = {"a": root / "a", "b": root / "b"}

    def path(self, name, obj):
        return self.roots[name] / obj.store_key

    def rot(self, name, obj, at=300_000):
        data = bytearray(self.path(name, obj).read_bytes())
        data[at] ^= 1
        self.path(name, obj).write_bytes(data)

    def lose(self, name, obj):
        self.path(name, obj).unlink()

    def take_down(self, name, monkeypatch):
        def down(self, *_):
            if self._root == broken:
                raise StoreFailed("The store does not answer.")

        broken = self.roots[name]
        for method in ("create", "replace", "read", "size", "delete"):
            real = getattr(LocalStore, method)

            def call(self, *arguments, _real=real):
                down(self)
                return _real(self, *arguments)

            monkeypatch.setattr(LocalStore, method, call)


@pytest.fixture
def stores(settings, tmp_path):
    made = Stores(tmp_path)
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = made.roots["a"].as_uri()
    settings.TABARD_STORE_B_URL = made.roots["b"].as_uri()
    return made


def sealed(plain=PLAIN):
    with services.start() as pending:
        pending.write(plain)
        pending.seal()
    return services.record(pending=pending, at=AT)


def secure(obj, at=LATER):
    return securing.secure(object_id=obj.id, by=BY, at=at)


def events(obj):
    return [EventKind(event.kind) for event in custody.history([obj.id]).order_by("id")]


def test_an_object_is_secured_once_both_stores_read_back(stores):
    obj = sealed()
    assert not selectors.is_safe(object_id=obj.id)
    assert secure(obj) is True
    assert selectors.is_safe(object_id=obj.id)
    assert stores.path("b", obj).read_bytes() == stores.path("a", obj).read_bytes()
    assert dict(StoredCopy.objects.values_list("store", "verified_at")) == {"a": LATER, "b": LATER}
    assert events(obj) == [EventKind.OBJECT_SECURED]


def test_the_event_carries_the_hash_and_when_each_store_was_read_back(stores):
    obj = sealed()
    secure(obj)
    (event,) = custody.history([obj.id])
    assert custody.lines([event])[0].details == {"stores": {"a": LATER.isoformat(), "b": LATER.isoformat()}}
    assert hashlib.sha256(PLAIN).hexdigest().encode() in bytes(event.leaf)


def test_securing_again_changes_nothing_and_logs_nothing(stores):
    obj = sealed()
    secure(obj)
    secure(obj, LATER + timedelta(days=1))
    assert set(StoredCopy.objects.values_list("verified_at", flat=True)) == {LATER}
    assert events(obj) == [EventKind.OBJECT_SECURED]


def test_one_store_is_enough_where_there_is_one(stores, settings):
    settings.TABARD_STORE_B_URL = ""
    obj = sealed()
    secure(obj)
    assert selectors.is_safe(object_id=obj.id)
    assert events(obj) == [EventKind.OBJECT_SECURED]


def test_what_was_sealed_before_there_was_a_second_store_is_copied_too(stores, settings):
    second, settings.TABARD_STORE_B_URL = settings.TABARD_STORE_B_URL, ""
    old = [sealed(bytes([number])) for number in range(3)]
    for obj in old:
        secure(obj)
    settings.TABARD_STORE_B_URL = second
    assert not selectors.is_safe(object_id=old[0].id)
    assert selectors.status().waiting == 3
    done = securing.secure_waiting(by=BY, clock=lambda: LATER)
    assert (done.secured, done.failed, done.stopped_by) == (3, 0, "")
    assert all(selectors.is_safe(object_id=obj.id) for obj in old)
    assert events(old[0]) == [EventKind.OBJECT_SECURED, EventKind.OBJECT_SECURED]


def test_the_second_store_down_costs_nothing_but_time(stores, monkeypatch):
    objects = [sealed(bytes([number])) for number in range(3)]
    with monkeypatch.context() as patch:
        stores.take_down("b", patch)
        objects.append(sealed(b"sealed meanwhile"))
        done = securing.secure_waiting(by=BY, clock=lambda: LATER)
        assert done.stopped_by == "The store does not answer."
        assert done.secured == 3  # in the first store, all that can be
        with pytest.raises(Unavailable):
            secure(objects[0])
    status = selectors.status()
    assert (status.objects, status.safe, status.waiting) == (4, 0, 4)
    assert (status.stores["a"].verified, status.stores["b"].verified) == (4, 0)
    assert not any(map(events, objects))
    assert securing.secure_waiting(by=BY, clock=lambda: LATER).secured == 4
    assert [events(obj) for obj in objects] == [[EventKind.OBJECT_SECURED]] * 4


@pytest.mark.parametrize("harm", ["rot", "lose"])
@pytest.mark.parametrize("name", ["a", "b"])
def test_a_bad_copy_is_read_past_recorded_and_mended(stores, harm, name):
    obj = sealed()
    secure(obj)
    getattr(stores, harm)(name, obj)
    reader = services.open_object(obj=obj)
    assert b"".join(reader.read()) == PLAIN
    if name == "a":  # the second copy is only looked at when it is needed
        (damage,) = Damage.objects.filter(repaired_at=None)
        assert (damage.store, damage.code) == (name, "object_lost" if harm == "lose" else "sealed_chunk")
    else:
        assert not Damage.objects.exists()
        with pytest.raises(Integrity) as caught:
            copies.verify_copy(obj=obj, store=configured_stores()[name])
        from tabard.safekeeping.damages import record_damage

        assert record_damage(object_id=obj.id, store=name, error=caught.value, by=BY, at=LATER)
    assert not selectors.is_safe(object_id=obj.id)
    secure_object(str(obj.id))
    assert selectors.is_safe(object_id=obj.id)
    assert stores.path("a", obj).read_bytes() == stores.path("b", obj).read_bytes()
    wanted = [EventKind.OBJECT_SECURED, EventKind.OBJECT_DAMAGED, EventKind.OBJECT_REPAIRED]
    assert events(obj) == wanted


def test_a_range_goes_on_from_the_other_copy_where_the_first_breaks(stores):
    obj = sealed()
    secure(obj)
    stores.rot("a", obj)
    reader = services.open_object(obj=obj)
    pieces = list(reader.read(100, 900_000))
    assert b"".join(pieces) == PLAIN[100:900_000]
    assert reader.verify() == hashlib.sha256(PLAIN).digest()
    assert b"".join(reader.read(0, 10)) == PLAIN[:10]
    assert Damage.objects.count() == 1


def test_both_copies_bad_is_an_integrity_error_and_stays_on_record(stores):
    obj = sealed()
    secure(obj)
    stores.rot("a", obj)
    stores.lose("b", obj)
    with pytest.raises(Integrity):
        list(services.open_object(obj=obj).read())
    with pytest.raises(NoGoodCopy):
        secure(obj)
    assert sorted(Damage.objects.filter(repaired_at=None).values_list("store", flat=True)) == ["a", "b"]
    assert selectors.status().damaged == 1
    done = securing.secure_waiting(by=BY, clock=lambda: LATER)
    assert done.failed == 1


def test_what_is_whole_of_the_only_copy_is_still_given_out(stores, settings):
    settings.TABARD_STORE_B_URL = ""
    obj = sealed()
    stores.rot("a", obj)  # the second chunk of four
    reader = services.open_object(obj=obj)
    for _ in range(2):
        with pytest.raises(Integrity):
            list(reader.read())
        assert b"".join(reader.read(0, 100)) == PLAIN[:100]
        assert b"".join(reader.read(600_000, 900_000)) == PLAIN[600_000:900_000]
    assert Damage.objects.count() == 1


def test_two_copies_damaged_in_different_places_make_one_whole(stores):
    obj = sealed()
    secure(obj)
    stores.rot("a", obj, at=300_000)
    stores.rot("b", obj, at=900_000)
    assert b"".join(services.open_object(obj=obj).read()) == PLAIN
    assert sorted(Damage.objects.values_list("store", flat=True)) == ["a", "b"]


def test_a_first_store_that_is_down_is_read_past_without_calling_it_damaged(stores, monkeypatch):
    obj = sealed()
    secure(obj)
    stores.take_down("a", monkeypatch)
    assert b"".join(services.open_object(obj=obj).read()) == PLAIN
    assert not Damage.objects.exists()


def test_bad_in_one_and_out_of_reach_in_the_other_may_be_asked_again(stores, monkeypatch):
    obj = sealed()
    secure(obj)
    stores.rot("a", obj)
    stores.take_down("b", monkeypatch)
    with pytest.raises(Unavailable):
        list(services.open_object(obj=obj).read())


def test_a_rotten_original_is_never_copied(stores):
    obj = sealed()
    stores.rot("a", obj)
    with pytest.raises(NoGoodCopy):
        secure(obj)
    assert not stores.path("b", obj).exists()
    assert Damage.objects.get().store == "a"
    assert events(obj) == [EventKind.OBJECT_DAMAGED]


def test_a_lost_original_comes_back_from_the_second_store(stores):
    obj = sealed()
    secure(obj)
    stores.lose("a", obj)
    StoredCopy.objects.all().delete()
    secure(obj, LATER + timedelta(days=1))
    assert b"".join(services.open_object(obj=obj).read()) == PLAIN
    assert selectors.is_safe(object_id=obj.id)
    assert EventKind.OBJECT_REPAIRED in events(obj)


def test_disposal_removes_every_copy_and_repeats_until_it_could(stores, monkeypatch):
    obj = sealed()
    secure(obj)
    services.destroy_key(object_id=obj.id, at=LATER)
    with monkeypatch.context() as patch:
        stores.take_down("a", patch)
        with pytest.raises(StoreFailed):
            services.remove(object_id=obj.id, at=LATER)
    assert not stores.path("b", obj).exists()  # not kept waiting by the other
    obj.refresh_from_db()
    assert obj.removed_at is None
    assert services.remove(object_id=obj.id, at=LATER) is True
    assert not stores.path("a", obj).exists()
    assert not StoredCopy.objects.exists()


def test_an_object_disposed_of_while_it_is_copied_is_left_nowhere(stores, monkeypatch):
    obj = sealed()
    real = copies.copy_object

    def dispose_in_between(**named):
        real(**named)
        services.destroy_key(object_id=obj.id, at=LATER)
        for root in stores.roots.values():
            (root / obj.store_key).unlink()
        real_row = SealedObject.objects.get(pk=obj.pk)
        assert not real_row.is_readable

    monkeypatch.setattr(securing, "copy_object", dispose_in_between)
    assert secure(obj) is False
    assert not stores.path("b", obj).exists()
    assert events(obj) == []
    monkeypatch.undo()
    assert secure(obj) is False


@pytest.mark.parametrize("kind", [EventKind.OBJECT_SECURED, EventKind.OBJECT_REPAIRED])
def test_without_its_event_nothing_counts_as_done(stores, monkeypatch, kind):
    obj = sealed()
    if kind is EventKind.OBJECT_REPAIRED:
        secure(obj)
        stores.rot("a", obj)
        list(services.open_object(obj=obj).read())
    before = sorted(StoredCopy.objects.values_list("store", "verified_at"))
    real = custody_services.append

    def broken(**named):
        if named["kind"] is kind:
            raise InterruptedError
        return real(**named)

    with monkeypatch.context() as patch:
        patch.setattr(custody_services, "append", broken)
        with pytest.raises(InterruptedError), transaction.atomic():
            secure(obj, LATER + timedelta(days=1))
    assert sorted(StoredCopy.objects.values_list("store", "verified_at")) == before
    assert not selectors.is_safe(object_id=obj.id)
    secure(obj, LATER + timedelta(days=2))
    assert selectors.is_safe(object_id=obj.id)
    assert events(obj).count(kind) == 1


def test_a_new_recording_is_secured_by_the_job_that_follows(stores, world):
    recording = world.recording([b"one file", b"another"])
    for obj in SealedObject.objects.all():
        assert not selectors.is_safe(object_id=obj.id)
    secure_new(str(recording.id))
    ids = [segment.object_id for segment in recording.segments.all()]
    standing = selectors.standing(object_ids=ids)
    assert (standing.copies, standing.wanted, standing.is_safe) == (2, 2, True)


def test_how_things_stand_counts_the_weakest(stores):
    objects = [sealed(bytes([number])) for number in range(3)]
    ids = [obj.id for obj in objects]
    assert selectors.standing(object_ids=ids).copies == 0
    for obj in objects[:2]:
        secure(obj)
    assert selectors.standing(object_ids=ids[:2]).is_safe
    assert not selectors.standing(object_ids=ids).is_safe
    assert not selectors.standing(object_ids=[]).is_safe
    services.destroy_key(object_id=ids[0], at=LATER)
    assert not selectors.standing(object_ids=ids[:1]).is_safe


def test_one_folder_named_twice_is_no_second_store(settings, tmp_path):
    settings.TABARD_STORE_URL = (tmp_path / "vault").as_uri()
    settings.TABARD_STORE_B_URL = f"file://{tmp_path}/./vault"
    with pytest.raises(Exception, match="first store again") as caught:
        configured_stores()
    assert caught.value.fields["field"] == "TABARD_STORE_B_URL"


def test_a_second_store_names_the_variable_that_is_missing(monkeypatch):
    for name in list(os.environ):
        if "AWS_" in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of the first")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the first")
    for missing in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        with pytest.raises(Exception, match=missing) as caught:
            store_from_url(f"s3://bucket/{missing.lower()}", "b")
        assert caught.value.fields["field"] == f"TABARD_STORE_B_{missing}"
        monkeypatch.setenv(f"TABARD_STORE_B_{missing}", "of the second")
    store_from_url("s3://bucket/now", "b")
    monkeypatch.setenv("AWS_SSE_KMS_KEY_ID", "of the first")
    with pytest.raises(Exception, match="AWS_SSE_KMS_KEY_ID"):
        store_from_url("s3://bucket/then", "b")
    with pytest.raises(Exception, match="TABARD_STORE_B_URL names no store"):
        store_from_url("nowhere://", "b")
