"""Damage at random, over real sealed objects in two stores: all of it found, all repaired, nothing else touched.

Store A is a folder; store B is a bucket of a real S3 server where there is one, else a second folder. `make flips` runs
1,000 flips; `TABARD_FLIPS` and `TABARD_FLIPS_SEED` choose. Each round damages every object in one of its two copies,
scrubs both stores, and compares every byte in both with what was sealed.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from tests.object_server import program

from tabard.custody.actors import Actor
from tabard.custody.models import Event
from tabard.kernel.clock import now
from tabard.safekeeping.scrub import scrub
from tabard.safekeeping.securing import secure
from tabard.vault.errors import ObjectMissing
from tabard.vault.models import Damage, SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_stores

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BY = Actor.system("test")
FLIPS = int(os.environ.get("TABARD_FLIPS", "20"))
SEED = int(os.environ.get("TABARD_FLIPS_SEED", "20261121"))
KIB = 1024
# Empty, a byte, a page; a chunk and its neighbours; several chunks; more than one read of 4 MiB.
SIZES = [
    0,
    1,
    4 * KIB,
    256 * KIB - 1,
    256 * KIB,
    256 * KIB + 1,
    700 * KIB,
    1024 * KIB,
    4500 * KIB,
    33,
    65,
    90_001,
]


@dataclass
class Vault:
    """Objects in two stores, what their sealed bytes were, and what was done to them and found."""

    choose: random.Random
    stores: dict[str, ObjectStore]
    objects: list[SealedObject]
    originals: dict[SealedObject, bytes]
    done: Counter = field(default_factory=Counter)

    def put(self, store: str, obj: SealedObject, data: bytes) -> None:
        """As someone does who has the store's own credentials."""
        with self.stores[store].replace(obj.store_key) as writer:
            writer.write(data)
            writer.commit()

    def bytes_of(self, store: str, obj: SealedObject) -> bytes:
        return self.stores[store].read(obj.store_key, 0, 2 * obj.sealed_size_bytes + 1)

    def scrub_all(self) -> dict[SealedObject, str]:
        """Which copies were found damaged: each object with its store."""
        runs = [scrub(store=name, by=BY, clock=now) for name in self.stores]
        assert all(run.row.copies == len(self.objects) for run in runs)
        culprits = [culprit for run in runs for culprit in run.culprits]
        assert all(culprit.repaired for culprit in culprits), culprits
        return {culprit.object: culprit.store for culprit in culprits}

    def check_whole(self) -> None:
        for store in self.stores:
            for obj in self.objects:
                assert self.bytes_of(store, obj) == self.originals[obj], (store, obj)

    def a_round(self, damage: Callable[[random.Random, bytes], bytes], objects: list[SealedObject]) -> None:
        """Every one of the objects is damaged in one of the stores, found there, and whole again afterwards."""
        wanted = {}
        for obj in objects:
            store = self.choose.choice(sorted(self.stores))
            damaged = damage(self.choose, self.originals[obj])
            assert damaged != self.originals[obj]
            self.put(store, obj, damaged)
            wanted[obj] = store
        found = self.scrub_all()
        self.done.update(planted=len(wanted), found=len(found.items() & wanted.items()))
        self.done.update(false_alarms=len(found.items() - wanted.items()))
        assert found == wanted
        self.check_whole()
        self.done.update(repaired=len(wanted))


@pytest.fixture
def vault(settings, tmp_path, world, monkeypatch, request):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = (tmp_path / "a").as_uri()
    settings.TABARD_STORE_B_URL = (tmp_path / "b").as_uri()
    if program() is not None:
        server = request.getfixturevalue("object_server")
        settings.TABARD_STORE_B_URL = f"s3://{server.bucket('b')}/vault"
        for name, value in server.environ("b", "TABARD_STORE_B_").items():
            monkeypatch.setenv(name, value)
    choose = random.Random(SEED)  # noqa: S311 - damage that can be repeated
    recording = world.recording([choose.randbytes(size) for size in SIZES])
    objects = [segment.object for segment in recording.segments.select_related("object")]
    for obj in objects:
        assert secure(object_id=obj.pk, by=BY, at=now())
    stores = dict(configured_stores())
    originals = {obj: stores["a"].read(obj.store_key, 0, obj.sealed_size_bytes) for obj in objects}
    made = Vault(choose, stores, objects, originals)
    yield made
    kind = type(stores["b"]).__name__
    print(json.dumps({"seed": SEED, "store_b": kind, "test": request.node.name, **made.done}))


def flip(choose: random.Random, data: bytes) -> bytes:
    place = choose.randrange(len(data) * 8)
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def zero_a_block(choose: random.Random, data: bytes) -> bytes:
    start = choose.randrange(-(-len(data) // 4096)) * 4096
    return data[:start] + bytes(len(data[start : start + 4096])) + data[start + 4096 :]


def swap_two_bytes(choose: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    while changed == data:
        one, two = choose.randrange(len(data)), choose.randrange(len(data))
        changed[one], changed[two] = changed[two], changed[one]
    return bytes(changed)


DAMAGES = {
    "truncated": lambda choose, data: data[: choose.randrange(len(data))],
    "one byte short": lambda _, data: data[:-1],
    "extended": lambda choose, data: data + choose.randbytes(choose.randrange(1, 5000)),
    "a block zeroed": zero_a_block,
    "all zeroed": lambda _, data: bytes(len(data)),
    "emptied": lambda _choose, _data: b"",
    "start cut off": lambda choose, data: data[choose.randrange(1, len(data)) :],
    "two bytes swapped": swap_two_bytes,
    "other bytes": lambda choose, data: choose.randbytes(len(data)),
}


def test_every_flipped_bit_is_found_and_repaired(vault):
    left = FLIPS
    while left:
        count = min(left, len(vault.objects))
        vault.a_round(flip, vault.choose.sample(vault.objects, count))
        left -= count
    assert vault.done == {"planted": FLIPS, "found": FLIPS, "repaired": FLIPS, "false_alarms": 0}
    assert Damage.objects.filter(repaired_at__isnull=False).count() == FLIPS
    for kind in ("object.damaged", "object.repaired"):
        assert Event.objects.filter(kind=kind).count() == FLIPS


@pytest.mark.parametrize("name", DAMAGES)
def test_every_other_damage_is_found_and_repaired(vault, name):
    vault.a_round(DAMAGES[name], vault.objects)


def test_objects_that_changed_places_are_found_and_put_back(vault):
    for store in vault.stores:
        one, two = vault.choose.sample(vault.objects, 2)
        vault.put(store, one, vault.originals[two])
        vault.put(store, two, vault.originals[one])
        assert vault.scrub_all() == {one: store, two: store}
        vault.check_whole()


def test_chunks_that_changed_places_within_an_object_are_found(vault):
    obj = next(each for each in vault.objects if each.size_bytes == 1024 * KIB)
    data, step = vault.originals[obj], 256 * KIB + 16
    first, second = data[64 : 64 + step], data[64 + step : 64 + 2 * step]
    vault.put("a", obj, data[:64] + second + first + data[64 + 2 * step :])
    assert vault.scrub_all() == {obj: "a"}
    vault.check_whole()


def test_an_older_sealing_of_the_same_footage_is_found(vault):
    """The same plain bytes, rightly sealed under the same id, but by another key: what a replay would bring back."""
    from tabard.sealing import Sealer

    obj = next(each for each in vault.objects if each.size_bytes == 700 * KIB)
    replayed = bytearray()
    sealer = Sealer(obj.pk, bytes(32), obj.key_id, replayed.extend)
    sealer.update(bytes(obj.size_bytes))
    sealer.finish()
    assert len(replayed) == obj.sealed_size_bytes
    vault.put("b", obj, bytes(replayed))
    assert vault.scrub_all() == {obj: "b"}
    vault.check_whole()


def test_every_deleted_copy_is_put_back(vault):
    wanted = {obj: vault.choose.choice(sorted(vault.stores)) for obj in vault.objects}
    for obj, store in wanted.items():
        vault.stores[store].delete(obj.store_key)
        with pytest.raises(ObjectMissing):
            vault.stores[store].size(obj.store_key)
    assert vault.scrub_all() == wanted
    vault.check_whole()


def test_clean_stores_give_no_alarm(vault):
    for _ in range(5):
        assert vault.scrub_all() == {}
    assert not Damage.objects.exists()
