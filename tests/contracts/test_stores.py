"""What every object store must do, whichever adapter it is: one suite, run against each."""

import os
import random
import shutil
import socket
import subprocess
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import obstore
import pytest
from obstore.store import MemoryStore, S3Store

from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.vault.adapters.cloud import PART_BYTES, CloudStore
from tabard.vault.adapters.local import LocalStore
from tabard.vault.errors import ObjectExists, ObjectMissing, StoreKeyInvalid, WriterClosed

KEY = "ff/0a/one"


def _weed():
    installed = Path(sysconfig.get_path("scripts")) / "weed"
    return str(installed) if installed.exists() else shutil.which("weed")


def _free_port():
    """A free port whose twin 10,000 above, which the server takes for gRPC, is free too."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as one, socket.socket() as twin:
            try:
                one.bind(("127.0.0.1", port))
                twin.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
    pytest.fail("no free port")


@pytest.fixture(scope="session")
def s3_bucket(tmp_path_factory):
    """A bucket of a real S3 server on loopback."""
    weed = _weed()
    if weed is None:
        pytest.skip("no S3 server: the `weed` program of seaweedfs is not installed")
    folder, port = tmp_path_factory.mktemp("weed"), _free_port()
    options = [f"-dir={folder}", "-ip=127.0.0.1", f"-s3.port={port}", f"-master.port={_free_port()}"]
    options += [f"-volume.port={_free_port()}", f"-filer.port={_free_port()}", "-filer.disableHttp"]
    options += ["-master.telemetry=false"]
    with subprocess.Popen([weed, "server", "-s3", *options], stderr=subprocess.DEVNULL) as server:
        try:
            yield _ready_bucket(port)
        finally:
            server.terminate()


def _ready_bucket(port):
    endpoint = f"http://127.0.0.1:{port}"
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
        client.put(f"{endpoint}/vault").raise_for_status()
    bucket = S3Store(
        "vault",
        endpoint=endpoint,
        region="us-east-1",
        skip_signature=True,
        client_options={"allow_http": True},
    )
    for _ in range(100):
        try:
            obstore.put(bucket, "ready", b"")
        except obstore.exceptions.BaseError:
            time.sleep(0.2)
        else:
            obstore.delete(bucket, "ready")
            return bucket
    pytest.fail("the S3 server did not become ready")


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


def test_an_object_reads_back_as_it_was_written(store):
    put(store, KEY, b"one ", bytearray(b"two "), memoryview(b"three"))
    assert store.size(KEY) == 13
    assert store.read(KEY, 0, 13) == b"one two three"


def test_an_empty_object_is_an_object(store):
    put(store, KEY)
    assert store.size(KEY) == 0
    assert store.read(KEY, 0, 0) == b""
    assert list(store.list()) == [KEY]


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
        assert list(store.list()) == []
        with pytest.raises(ObjectMissing):
            store.size(KEY)
        writer.commit()
    assert list(store.list()) == [KEY]


def test_a_writer_left_without_commit_leaves_nothing(store):
    with store.create(KEY) as writer:
        writer.write(b"half an object")
    with pytest.raises(ObjectMissing):
        store.read(KEY, 0, 1)
    assert list(store.list()) == []
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
    assert list(store.list()) == [KEY]


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
    assert list(store.list()) == [KEY]


def test_delete_is_idempotent(store):
    store.delete(KEY)
    put(store, KEY, b"x")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(ObjectMissing) as caught:
        store.read(KEY, 0, 1)
    assert isinstance(caught.value, NotFound)
    assert list(store.list()) == []


def test_a_missing_object_has_no_bytes_and_no_size(store):
    with pytest.raises(ObjectMissing):
        store.read(KEY, 0, 0)
    with pytest.raises(ObjectMissing):
        store.size(KEY)


def test_list_finds_whole_segments_only(store):
    for key in ("aa/01/x", "aa/02/y", "aab/01/z", "top"):
        put(store, key, b"x")
    assert sorted(store.list()) == ["aa/01/x", "aa/02/y", "aab/01/z", "top"]
    assert sorted(store.list("aa")) == ["aa/01/x", "aa/02/y"]
    assert list(store.list("aa/02")) == ["aa/02/y"]
    assert list(store.list("nothing/here")) == []


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".partial/x", "A", "a b", "a\0b", "é"]
)
def test_a_key_cannot_climb_out_or_name_the_stores_own_files(store, key):
    for call in (store.create, store.size, store.delete, lambda key: store.read(key, 0, 1)):
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
    assert sorted(store.list()) == [KEY, "kept"]
    assert store.read(KEY, 0, 99) == b"still here"
