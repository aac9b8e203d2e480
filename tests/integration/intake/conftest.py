"""A real door on a real socket, a real database, and a small force that wears cameras."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import pytest
import uvicorn

from tabard.custody.actors import Actor
from tabard.fleet.services import assign_camera, receive_camera
from tabard.intake.axis.asgi import AxisDoor
from tabard.intake.axis.direct import DoorProtocol
from tabard.intake.destinations import open_destination
from tabard.people.models import Unit
from tabard.people.services import create_unit, enrol_officer
from tabard.recordings.models import Category

DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BY = Actor.system("test")


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def code(self):
        return json.loads(self.body)["code"]


@dataclass
class Client:
    """A sender that does exactly as it is told, right or wrong."""

    port: int
    username: str = ""
    key: str = ""
    token: str = ""
    prefix: str = ""
    timeout_s: float = 30
    connections: list = field(default_factory=list)

    def ask(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def sign_in(self):
        answer = self.ask("GET", "/auth/v1.0", {"X-Auth-User": self.username, "X-Auth-Key": self.key})
        if answer.status == 200:
            self.token = answer.headers["x-auth-token"]
            self.prefix = urlsplit(answer.headers["x-storage-url"]).path
        return answer

    def path(self, *names):
        return "/".join([self.prefix, *(quote(name, safe="") for name in names)])

    def put(self, *names, body=b"", meta=None, **headers):
        return self._store("PUT", names, body, meta, headers)

    def post(self, *names, meta=None, **headers):
        return self._store("POST", names, None, meta, headers)

    def head(self, *names):
        return self.ask("HEAD", self.path(*names), {"X-Auth-Token": self.token})

    def get(self, *names):
        return self.ask("GET", self.path(*names), {"X-Auth-Token": self.token})

    def _store(self, method, names, body, meta, headers):
        kind = "Container" if len(names) == 1 else "Object"
        said = {f"X-{kind}-Meta-{key}": quote(text) for key, text in (meta or {}).items()}
        headers = {"X-Auth-Token": self.token, **said, **headers}
        return self.ask(method, self.path(*names), headers, body)


@pytest.fixture
def by():
    return BY


@pytest.fixture
def day_one():
    return DAY_ONE


@pytest.fixture
def vault_folder(tmp_path, settings):
    folder = tmp_path / "vault"
    settings.TABARD_STORE_URL = folder.as_uri()
    return folder


@pytest.fixture
def door_app():
    return AxisDoor()


@pytest.fixture
def door_server():
    """How the door is served: as in production."""
    return {"loop": "uvloop", "http": DoorProtocol}


@pytest.fixture
def door(transactional_db, vault_folder, door_app, door_server):
    """The port of a door that runs until the test ends."""
    config = uvicorn.Config(
        door_app,
        host="127.0.0.1",
        port=0,
        **door_server,
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def opened(transactional_db):
    return open_destination(name="Lewisham docks", username="lewisham", by=BY, at=DAY_ONE)


@pytest.fixture
def destination(opened):
    return opened[0]


@pytest.fixture
def stranger(door):
    return Client(door)


@pytest.fixture
def client(door, opened):
    destination, key = opened
    client = Client(door, destination.username, key)
    assert client.sign_in().status == 200
    return client


@pytest.fixture
def another_client(door):
    """A second body-worn system, signed in."""

    def make(username):
        destination, key = open_destination(name=username, username=username, by=BY, at=DAY_ONE)
        client = Client(door, destination.username, key)
        assert client.sign_in().status == 200
        return client

    return make


@pytest.fixture
def stored(vault_folder):
    """The names of all objects that are visible in the store, and how many are half-written."""

    def look():
        files = [path for path in vault_folder.rglob("*") if path.is_file()]
        return len([path for path in files if ".partial" not in path.parts]), len(
            [path for path in files if ".partial" in path.parts]
        )

    return look


@pytest.fixture
def lewisham(transactional_db):
    force = create_unit(
        kind=Unit.Kind.FORCE, code="MPS", name="Metropolitan Police", parent=None, by=BY, at=DAY_ONE
    )
    kind = Unit.Kind.BOROUGH_COMMAND
    return create_unit(kind=kind, code="PL", name="Lewisham", parent=force, by=BY, at=DAY_ONE)


@pytest.fixture
def enrol(lewisham):
    def make(number, family_name):
        return enrol_officer(
            given_name="Lena",
            family_name=family_name,
            rank="PC",
            warrant_number=f"W{number}",
            shoulder_number=f"{number}PL",
            unit=lewisham,
            by=BY,
            at=DAY_ONE,
        )

    return make


@pytest.fixture
def barrow(enrol):
    return enrol("101", "Barrow")


@pytest.fixture
def camera(lewisham):
    return receive_camera(
        serial="B8A44F000001", make="Axis", model="W120", mount="chest", unit=lewisham, by=BY, at=DAY_ONE
    )


@pytest.fixture
def worn(camera, barrow):
    return assign_camera(camera=camera, officer=barrow, by=BY, at=DAY_ONE)


@pytest.fixture
def stop_search(transactional_db):
    return Category.objects.create(code="stop-search", name="Stop and search")
