"""tus-js-client and tuspy, which we did not write, bring files home, though the door is killed while they send."""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
from django.conf import settings as configured
from django.db import connection
from tests.conftest import REPOSITORY
from tests.integration.docks.conftest import Dock
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tabard.cli.supervisor import answers, free_ports

MIB = 1024 * 1024
KILLS = int(os.environ.get("TABARD_TUS_KILLS", "2"))
SCRIPT = Path(__file__).with_name("send_by_tus_js.mjs")
SERVE = """
import sys, uvicorn
from tabard.config.asgi import door
from tabard.intake.axis.direct import DoorProtocol
uvicorn.run(door, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http=DoorProtocol, log_level="warning")
"""


class DoorProcess:
    """A door of its own, over the tests' database, to be killed by its process id."""

    def __init__(self, store):
        self.port = free_ports(1)[0]
        at = connection.settings_dict
        where = urlencode({"host": at["HOST"], "port": at["PORT"]})
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TABARD_")},
            "DATABASE_URL": f"postgresql://{at['USER']}@/{at['NAME']}?{where}",
            "DJANGO_SETTINGS_MODULE": "tabard.config.settings",
            "TABARD_HOME": str(configured.TABARD_HOME),
            "TABARD_SECRET_KEY": configured.SECRET_KEY,
            "TABARD_STORE_URL": store.as_uri(),
            "TABARD_LOW_WATER_BYTES": "1",
        }

    def start(self):
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, str(self.port)], env=self._environ)
        deadline = time.monotonic() + 60
        while not answers(f"http://127.0.0.1:{self.port}/healthz"):
            assert self.process.poll() is None, "the door did not come up"
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def killable(vault_folder):
    door = DoorProcess(vault_folder)
    door.start()
    yield door
    door.kill()


@pytest.fixture
def client(dock, killable):
    """The dock, at the door that will be killed."""
    there = Dock(killable.port, private=dock.private, row=dock.row, key=dock.key)
    assert there.sign_in().status == 200
    return there


@pytest.fixture
def big(footage, tmp_path):
    path = tmp_path / "GX010001.MP4"
    path.write_bytes(footage(48 * MIB + 321))
    return path


def begin(client, place, offset, data, size):
    """Sends as much of a body as the door takes until it dies; how much that was is nobody's business."""
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {client.host}\r\nAuthorization: Bearer {client.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {size - offset}\r\n\r\n"
    )
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", client.port), timeout=30) as sender,
    ):
        sender.sendall(head.encode())
        for start in range(0, len(data), 65_536):
            sender.sendall(data[start : start + 65_536])
            time.sleep(0.0005)
        sender.recv(1)


@pytest.mark.slow
def test_after_a_kill_at_any_moment_the_offset_is_the_truth(client, killable, footage, read_back):
    """Other bytes are sent each time: what comes out tells just which were acknowledged."""
    chance, size = random.Random(os.environ.get("TABARD_TUS_SEED", "")), 64 * MIB + 1  # noqa: S311 - a test
    place, kept = client.opened(size), b""
    for _ in range(KILLS):
        sent = footage(size - len(kept) - 1)
        sender = Thread(target=begin, args=(client, place, len(kept), sent, size))
        sender.start()
        time.sleep(chance.uniform(0, 0.8))
        killable.kill()
        sender.join()
        killable.start()
        kept += sent[: client.head(place).offset - len(kept)]
    rest = footage(size - len(kept))
    assert client.patch(place, len(kept), rest).status == 204
    assert read_back(client.sealed.get().pk) == kept + rest


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
@pytest.mark.skipif(not (REPOSITORY / "node_modules" / "tus-js-client").is_dir(), reason="not installed")
@pytest.mark.parametrize("chunk_size", [None, 5_000_000])
def test_tus_js_client_goes_on_after_the_door_was_killed(client, killable, big, read_back, chunk_size):
    said = {
        "endpoint": f"http://127.0.0.1:{killable.port}/tus/",
        "token": client.token,
        "path": str(big),
        "chunkSize": chunk_size,
        "metadata": {"filename": big.name, "camera": "B8A44F01"},
    }
    with subprocess.Popen(
        ["node", str(SCRIPT), json.dumps(said)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as sender:
        killed, told = 0, []
        for line in sender.stderr:  # how much was sent
            told += [] if line.strip().isdecimal() else [line]
            if killed < 2 and line.strip().isdecimal() and int(line) > (killed + 1) * 12 * MIB:
                killable.kill()
                killed += 1
                killable.start()
        answer = sender.stdout.read()
    assert sender.returncode == 0, told
    answer = json.loads(answer)
    assert killed == 2
    assert answer["sha256"] == hashlib.sha256(big.read_bytes()).hexdigest()
    assert read_back(answer["object"]) == big.read_bytes()
    assert client.sealed.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("has_checksum", [False, True])
def test_tuspy_goes_on_after_the_door_was_killed(client, killable, footage, read_back, has_checksum):
    data = footage(12 * MIB + 7)
    sender = TusClient(
        f"http://127.0.0.1:{killable.port}/tus/", headers={"Authorization": f"Bearer {client.token}"}
    )
    uploader = sender.uploader(
        file_stream=BytesIO(data),
        chunk_size=3_000_000,
        metadata={"filename": "GX010001.MP4"},
        upload_checksum=has_checksum,
        retries=0,
    )
    uploader.upload_chunk()
    place = uploader.url
    durable = uploader.offset
    while durable < len(data):
        killer = Thread(target=killable.kill)
        killer.start()
        with contextlib.suppress(TusCommunicationError, OSError):
            uploader.upload_chunk()
        killer.join()
        killable.start()
        uploader = sender.uploader(
            url=place,
            file_stream=BytesIO(data),
            chunk_size=6_000_000,
            upload_checksum=has_checksum,
            retries=0,
        )
        assert uploader.offset >= durable
        durable = uploader.offset
        if durable < len(data):
            uploader.upload_chunk()
            durable = uploader.offset
    assert read_back(client.sealed.get().pk) == data


def test_tuspy_is_told_of_bytes_that_were_changed_on_the_way(client, killable, footage):
    sender = TusClient(
        f"http://127.0.0.1:{killable.port}/tus/", headers={"Authorization": f"Bearer {client.token}"}
    )
    uploader = sender.uploader(
        file_stream=BytesIO(footage(MIB)),
        metadata={"filename": "a.mp4"},
        upload_checksum=True,
        chunk_size=MIB,
    )
    uploader._BaseUploader__checksum_algorithm = lambda _: hashlib.sha1(b"other")  # noqa: S324
    with pytest.raises(TusCommunicationError) as failed:
        uploader.upload_chunk()
    assert failed.value.status_code == 460
    assert not client.sealed.exists()
