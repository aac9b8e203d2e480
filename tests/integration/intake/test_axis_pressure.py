"""Before memory or disk runs out the door says that it is busy, keeps what it has, and goes on when there is room."""

import os
import select
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tabard.intake import space
from tabard.intake.axis.asgi import MOST_UPLOADS
from tabard.intake.models import ReceivedObject
from tabard.vault.services import open_object

BOX = "box"
MIB = 1024 * 1024
SENDERS = 300


@pytest.fixture
def box(client):
    assert client.put(BOX).status == 201
    return BOX


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB, or a skip where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def vault_folder(request, tmp_path, settings):
    """The store is on the small disk where a test asks for one."""
    is_small = "small_disk" in request.fixturenames
    folder = (request.getfixturevalue("small_disk") if is_small else tmp_path) / "vault"
    settings.TABARD_STORE_URL = folder.as_uri()
    return folder


def whole(received):
    return len(b"".join(open_object(obj=received.object).read())) == received.object.size_bytes


def test_a_disk_that_runs_low_is_told_before_it_is_full(small_disk, client, box, settings):
    settings.TABARD_LOW_WATER_BYTES = 8 * MIB
    statuses = []
    while (status := client.put(box, f"{len(statuses)}.mkv", body=os.urandom(3 * MIB)).status) == 201:
        statuses.append(status)
    assert (status, len(statuses)) == (503, 5)
    assert space.free_bytes() >= 8 * MIB
    answer = client.put(box, "again.mkv", body=os.urandom(3 * MIB))
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "store_low", "60")
    assert all(whole(each) for each in ReceivedObject.objects.all())
    settings.TABARD_LOW_WATER_BYTES = MIB  # room was made
    assert client.put(box, "again.mkv", body=os.urandom(3 * MIB)).status == 201


def test_what_others_have_announced_counts(small_disk, client, box, settings):
    settings.TABARD_LOW_WATER_BYTES = 4 * MIB
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as first:
        head = f"PUT {client.path(box, 'first.mkv')} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {client.token}\r\n"
        first.sendall(f"{head}Content-Length: {12 * MIB}\r\n\r\n".encode() + b"x")
        wait_until(lambda: any(path.is_file() for path in small_disk.rglob("*")))  # it has begun
        assert client.put(box, "second.mkv", body=bytes(10 * MIB)).status == 503
        first.sendall(bytes(12 * MIB - 1))
        assert b" 201 " in first.makefile("rb").readline()


def test_a_disk_that_is_full_all_the_same_says_so_and_what_it_has_stays_whole(
    small_disk, client, box, settings
):
    settings.TABARD_LOW_WATER_BYTES = 0
    filler = small_disk / "filler"
    filler.write_bytes(bytes(10 * MIB))
    statuses = [client.put(box, f"{n}.mkv", body=iter([os.urandom(3 * MIB)])).status for n in range(6)]
    assert statuses[:4] == [201] * 4
    assert set(statuses[4:]) == {507}
    assert [whole(each) for each in ReceivedObject.objects.all()] == [True] * 4
    filler.unlink()
    assert client.put(box, "after.mkv", body=os.urandom(3 * MIB)).status == 201


def test_three_hundred_slow_senders_take_bounded_memory_and_the_last_are_told_to_come_back(
    client, box, stored
):
    head = f"PUT {client.path(box)}/%d.mkv HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {client.token}\r\n"
    head += f"Content-Length: {50 * MIB}\r\n\r\n"
    piece = bytes(MIB)
    before = resident_bytes()
    senders = []
    try:
        for number in range(SENDERS):
            sender = socket.create_connection(("127.0.0.1", client.port), timeout=60)
            senders.append(sender)
            sender.sendall((head % number).encode())
            sender.sendall(piece)
        wait_until(lambda: len(answered(senders)) == SENDERS - MOST_UPLOADS)
        refused = [sender.makefile("rb").readline() for sender in answered(senders)]
        assert {line.split()[1] for line in refused} == {b"503"}
        grown = resident_bytes() - before
        assert client.ask("GET", "/healthz").status == 200
        assert client.sign_in().status == 200, "who only signs in is let in all the same"
    finally:
        for sender in senders:
            sender.close()
    print(f"{SENDERS} slow senders: {grown / MIB:.0f} MiB")
    # Each upload has a chunk in the clear and sealed, and two small batches; a few have large ones.
    assert grown < 240 * MIB
    wait_until(lambda: stored() == (0, 0))
    assert client.put(box, "after.mkv", body=b"x").status == 201


def answered(senders):
    """Those that have been told something."""
    return select.select(senders, [], [], 0)[0]


def resident_bytes():
    """What this process, which runs the door, has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def wait_until(is_so):
    for _ in range(3000):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to be")
