"""What every object store must do, whichever adapter it is: one suite, run against each."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import obstore
import pytest
from obstore.store import MemoryStore, S3Store
from tests.object_server import REGION

from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.vault.adapters.cloud import PART_BYTES, CloudStore
from tabard.vault.adapters.local import LocalStore
from tabard.vault.errors import ObjectExists, ObjectMissing, StoreKeyInvalid, WriterClosed
from tabard.vault.ports import Entry, NearStore

KEY = "ff/0a/one"


@pytest.fixture(scope="session")
def s3_bucket(object_server):
    """A bucket of a real S3 server."""
    return S3Store(
        object_server.bucket("a"),
        endpoint=object_server.endpoint,
        region=REGION,
        access_key_id=object_server.a.access_key,
        secret_access_key=object_server.a.secret_key,
        client_options={"allow_http": True},
    )


@pytest.fixture(params=["local", "memory", "s3"])
def store(request, tmp_path):
    if request.param == "local":
        return LocalStore(tmp_path / "vault")
    if request.param == "memory":
        return CloudStore(MemoryStore())
    bucket = request.getfixturevalue("s3_bucket")
    for page in obstore.list(bucket):
        obstore.delete(bucket, [item["path"] for item in page])
    return CloudStore(bucket)


def put(store, key, *pieces):
    with store.create(key) as writer:
        for piece in pieces:
            writer.write(piece)
        writer.commit()


def keys(store, prefix=""):
    return [entry.key for entry in store.entries(prefix)]


def test_an_object_reads_back_as_it_was_written(store):
    put(store, KEY, b"one ", bytearray(b"two "), memoryview(b"three"))
    assert store.size(KEY) == 13
    assert store.read(KEY, 0, 13) == b"one two three"


def test_an_empty_object_is_an_object(store):
    put(store, KEY)
    assert store.size(KEY) == 0
    assert store.read(KEY, 0, 0) == b""
    assert keys(store) == [KEY]


def test_a_large_object_streams_through(store):
    piece = os.urandom(1024 * 1024)
    count = 2 * PART_BYTES // len(piece) + 1  # three parts where there are parts
    put(store, KEY, *[piece] * count)
    assert store.size(KEY) == count * len(piece)
    assert store.read(KEY, len(piece) - 3, len(piece) + 3) == piece[-3:] + piece[:3]
    assert store.read(KEY, (count - 1) * len(piece), count * len(piece)) == piece


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, 1, b"0"), (3, 6, b"345"), (8, 10, b"89"), (8, 99, b"89"), (10, 20, b""), (50, 60, b""), (4, 4, b"")],
)
def test_a_range_ends_where_the_object_ends(store, start, stop, expected):
    put(store, KEY, b"0123456789")
    assert store.read(KEY, start, stop) == expected
    if isinstance(store, NearStore):
        buffer = bytearray(stop - start)
        assert store.read_into(KEY, start, memoryview(buffer)) == len(expected)
        assert bytes(buffer[: len(expected)]) == expected


def test_a_file_that_is_whole_is_adopted_and_stays(store, tmp_path):
    whole = tmp_path / "whole"
    whole.write_bytes(b"grown elsewhere" * 1000)
    store.adopt(KEY, whole)
    assert store.read(KEY, 0, store.size(KEY)) == whole.read_bytes()
    with pytest.raises(ObjectExists):
        store.adopt(KEY, whole)
    store.delete(KEY)
    assert whole.exists()
    assert keys(store) == []


def test_a_file_of_another_file_system_is_copied(tmp_path, monkeypatch):
    store, whole, link = LocalStore(tmp_path / "vault"), tmp_path / "whole", os.link
    whole.write_bytes(b"grown elsewhere" * 1000)

    def only_within(source, target):
        if source == whole:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(source, target)

    monkeypatch.setattr("tabard.vault.adapters.local.os.link", only_within)
    store.adopt(KEY, whole)
    assert store.read(KEY, 0, store.size(KEY)) == whole.read_bytes()
    with pytest.raises(ObjectExists):
        store.adopt(KEY, whole)


def test_the_writer_takes_bytes_over_before_it_returns(store):
    buffer = bytearray(b"first")
    with store.create(KEY) as writer:
        writer.write(buffer)
        buffer[:] = b"other"
        writer.commit()
    assert store.read(KEY, 0, 5) == b"first"


def test_nothing_is_visible_before_commit(store):
    with store.create(KEY) as writer:
        writer.write(bytes(2 * PART_BYTES))
        assert keys(store) == []
        with pytest.raises(ObjectMissing):
            store.size(KEY)
        writer.commit()
    assert keys(store) == [KEY]


def test_a_writer_left_without_commit_leaves_nothing(store):
    with store.create(KEY) as writer:
        writer.write(b"half an object")
    with pytest.raises(ObjectMissing):
        store.read(KEY, 0, 1)
    assert keys(store) == []
    put(store, KEY, b"a second attempt is free to succeed")


def test_abort_after_commit_and_twice_does_nothing(store):
    writer = store.create(KEY)
    writer.write(b"kept")
    writer.commit()
    writer.abort()
    writer.abort()
    assert store.read(KEY, 0, 4) == b"kept"


def test_a_closed_writer_takes_nothing_more(store):
    writer = store.create(KEY)
    writer.abort()
    with pytest.raises(WriterClosed):
        writer.write(b"late")
    with pytest.raises(WriterClosed):
        writer.commit()


def test_an_existing_object_is_never_replaced(store):
    put(store, KEY, b"the first stands")
    with pytest.raises(ObjectExists) as caught:
        put(store, KEY, b"the second does not")
    assert isinstance(caught.value, Conflict)
    assert store.read(KEY, 0, 99) == b"the first stands"
    assert keys(store) == [KEY]


def test_of_many_writers_at_once_exactly_one_wins(store):
    writers = [store.create(KEY) for _ in range(8)]
    for number, writer in enumerate(writers):
        writer.write(bytes([number]) * 1000)

    def commit(writer):
        try:
            writer.commit()
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(len(writers)) as pool:
        won = list(pool.map(commit, writers))
    assert won.count(True) == 1
    assert store.read(KEY, 0, 2000) == bytes([won.index(True)]) * 1000
    assert keys(store) == [KEY]


def test_delete_is_idempotent(store):
    store.delete(KEY)
    put(store, KEY, b"x")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(ObjectMissing) as caught:
        store.read(KEY, 0, 1)
    assert isinstance(caught.value, NotFound)
    assert keys(store) == []


def test_a_missing_object_has_no_bytes_and_no_size(store):
    with pytest.raises(ObjectMissing):
        store.read(KEY, 0, 0)
    if isinstance(store, NearStore):
        with pytest.raises(ObjectMissing):
            store.read_into(KEY, 0, memoryview(bytearray(1)))
    with pytest.raises(ObjectMissing):
        store.size(KEY)


def test_list_finds_whole_segments_only(store):
    for key in ("aa/01/x", "aa/02/y", "aab/01/z", "top"):
        put(store, key, b"x")
    assert sorted(keys(store)) == ["aa/01/x", "aa/02/y", "aab/01/z", "top"]
    assert sorted(keys(store, "aa")) == ["aa/01/x", "aa/02/y"]
    assert keys(store, "aa/02") == ["aa/02/y"]
    assert keys(store, "nothing/here") == []


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".partial/x", "A", "a b", "a\0b", "é"]
)
def test_a_key_cannot_climb_out_or_name_the_stores_own_files(store, key):
    for call in (store.create, store.replace, store.size, store.delete, lambda key: store.read(key, 0, 1)):
        with pytest.raises(StoreKeyInvalid) as caught:
            call(key)
    assert isinstance(caught.value, Invalid)


def test_cleaning_leaves_objects_and_living_writers_alone(store):
    put(store, "kept", b"x")
    with store.create(KEY) as writer:
        writer.write(b"still ")
        assert store.clean() == 0
        writer.write(b"here")
        writer.commit()
    assert sorted(keys(store)) == [KEY, "kept"]
    assert store.read(KEY, 0, 99) == b"still here"


def test_entries_tell_the_size_of_each_object(store):
    put(store, "aa/01/x", b"four")
    put(store, "aa/02/y")
    put(store, "top", bytes(70_000))
    assert set(store.entries()) == {Entry("aa/01/x", 4), Entry("aa/02/y", 0), Entry("top", 70_000)}


def test_many_objects_are_each_listed_once(store):
    wanted = {f"{number % 7:02x}/{number:04}" for number in range(300)}
    for key in wanted:
        put(store, key, b"x")
    found = keys(store)
    assert len(found) == 300
    assert set(found) == wanted


def replace(store, key, *pieces):
    with store.replace(key) as writer:
        for piece in pieces:
            writer.write(piece)
        writer.commit()


def test_a_repair_takes_the_place_of_what_stood_there(store):
    put(store, KEY, b"rotten bytes")
    replace(store, KEY, b"good ", b"ones")
    assert store.read(KEY, 0, 99) == b"good ones"
    assert list(store.entries()) == [Entry(KEY, 9)]


def test_a_repair_puts_back_what_is_missing(store):
    replace(store, KEY, bytes(2 * PART_BYTES + 1))
    assert store.size(KEY) == 2 * PART_BYTES + 1


def test_a_repair_that_is_not_committed_changes_nothing(store):
    put(store, KEY, b"as it stood")
    with store.replace(KEY) as writer:
        writer.write(b"half a rep")
        assert store.read(KEY, 0, 99) == b"as it stood"
    assert store.read(KEY, 0, 99) == b"as it stood"
    with pytest.raises(WriterClosed):
        writer.commit()


def test_a_key_freed_by_a_repair_is_still_taken(store):
    put(store, KEY, b"one")
    replace(store, KEY, b"two")
    with pytest.raises(ObjectExists):
        put(store, KEY, b"three")
    assert store.read(KEY, 0, 99) == b"two"
