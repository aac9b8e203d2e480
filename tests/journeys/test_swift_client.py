"""A Swift client that we did not write plays the camera: it signs in, docks a whole recording, and is told no."""

import hashlib
import json
import threading
import time
import warnings
from datetime import UTC, datetime

import pytest
import uvicorn

from tabard.custody.actors import Actor
from tabard.custody.models import Event
from tabard.intake.axis.asgi import AxisDoor
from tabard.intake.axis.direct import DoorProtocol
from tabard.intake.destinations import open_destination
from tabard.recordings.models import Category, Recording
from tabard.vault.services import open_object

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the client's own imports warn of is its makers' matter
    import swiftclient
    from swiftclient.exceptions import ClientException

DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAME = "0b0f4c5e-5d4c-4a75-9c3a-111111111111_B8A44F000001_20261104T211403Z"


@pytest.fixture
def door(transactional_db, tmp_path, settings):
    settings.TABARD_STORE_URL = (tmp_path / "vault").as_uri()
    config = uvicorn.Config(
        AxisDoor(),
        host="127.0.0.1",
        port=0,
        loop="uvloop",
        http=DoorProtocol,
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def camera(door):
    """A Swift connection with the credentials of a connection file."""
    _, key = open_destination(name="Lewisham docks", username="lewisham", by=Actor.system("test"), at=DAY_ONE)
    connection = swiftclient.Connection(
        authurl=f"{door}/auth/v1.0", user="lewisham", key=key, auth_version="1.0", retries=0
    )
    yield connection
    connection.close()


def test_a_swift_client_docks_a_whole_recording(camera, samples):
    Category.objects.create(code="stop-search", name="Stop and search")
    footage = [samples / "people_vehicles" / name for name in ("book.mkv", "walk.mkv")]

    camera.put_container("System")
    camera.put_object("System", "6e0e8b63", b"", headers={"X-Object-Meta-SystemName": "Lewisham nick"})
    assert camera.head_object("System", "6e0e8b63")["x-object-meta-systemname"] == "Lewisham nick"
    headers, body = camera.get_object("System", "Capabilities.json")
    assert headers["etag"] == hashlib.md5(body).hexdigest()  # noqa: S324 - as the protocol
    assert json.loads(body)["Store"]["StoreSignedVideo"] is True
    assert json.loads(camera.get_object("System", "Categories.json")[1])[0]["Id"] == "stop-search"

    about = {
        "X-Container-Meta-UserID": "101PL",
        "X-Container-Meta-BWCSerialNumber": "B8A44F000001",
        "X-Container-Meta-StartTimeISO": "2026-11-04T21:14:03Z",
        "X-Container-Meta-StopTimeISO": "2026-11-04T21:16:03Z",
        "X-Container-Meta-Status": "Transferring",
    }
    camera.put_container(NAME, headers=about)
    for number, path in enumerate(footage):
        with path.open("rb") as file:
            camera.put_object(
                NAME,
                f"20261104T211{4 + number}03Z_4F2A.mkv",
                file,
                content_length=path.stat().st_size,
                etag=hashlib.md5(path.read_bytes()).hexdigest(),  # noqa: S324 - as the protocol
                headers={"X-Object-Meta-StartTimeISO": f"2026-11-04T21:1{4 + number}:03Z"},
            )
    choice = {"X-Object-Meta-CategoryID": "stop-search", "X-Object-Meta-StartTime": "2026-11-04T21:15:00Z"}
    camera.put_object(NAME, "bookmark_2026-11-04T21:15:00Z_1", "Café, 21:15".encode(), headers=choice)
    assert not Recording.objects.exists()
    camera.post_container(NAME, {"X-Container-Meta-Status": "Complete"})

    recording = Recording.objects.get()
    kept = [b"".join(open_object(obj=segment.object).read()) for segment in recording.segments.all()]
    assert kept == [path.read_bytes() for path in footage]
    assert (recording.category_id, recording.bookmarks.get().text) == ("stop-search", "Café, 21:15")
    assert recording.duration_s == 120
    assert Event.objects.filter(kind="recording.sealed", subject_id=recording.pk).count() == 1
    assert camera.head_container(NAME)["x-container-meta-status"] == "Complete"


def test_a_swift_client_is_told_why_not(camera):
    def status(call, *arguments, **options):
        with pytest.raises(ClientException) as refused:
            call(*arguments, **options)
        return refused.value.http_status

    assert status(camera.put_object, NAME, "a.mkv", b"footage") == 404
    camera.put_container(NAME)
    assert status(camera.put_object, NAME, "a.mkv", b"footage", etag="0" * 32) == 422
    assert status(camera.put_object, NAME, "deep/er.mkv", b"footage") == 400
    camera.put_object(NAME, "a.mkv", b"footage")
    assert status(camera.get_object, NAME, "a.mkv") == 403
    assert status(camera.delete_object, NAME, "a.mkv") == 400
    assert status(camera.get_account) == 400
    camera.key, camera.token, camera.url = "wrong", None, None
    assert status(camera.put_container, NAME) == 401
