"""A real door on a real socket, a dock with a key of its own, and requests written by hand."""

import base64
import hashlib
import http.client
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from tabard.custody import sequencer
from tabard.custody.actors import Actor
from tabard.custody.adapters import log_signer
from tabard.fleet.docks import enrol_key, key_id_of
from tabard.fleet.services import install_dock
from tabard.intake.axis.direct import DoorProtocol
from tabard.intake.models import ReceivedObject, Upload
from tabard.kernel import clock
from tabard.people.services import create_unit
from tabard.safekeeping import securing
from tabard.vault.models import PartialObject, SealedObject

BY = Actor.system("test")
DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHUNK = 256 * 1024


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def said(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.said["code"]

    @property
    def offset(self):
        return int(self.headers["upload-offset"])


@dataclass
class Dock:
    """A dock's agent that does exactly as it is told, right or wrong."""

    port: int
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    token: str = ""
    row: object = None
    key: object = None

    @property
    def uploads(self):
        return Upload.objects.filter(dock=self.row)

    @property
    def partial(self):
        """The row of its one upload that is under way."""
        return PartialObject.objects.get(pk__in=self.uploads.values("pk"))

    @property
    def sealed(self):
        """The objects that were sealed of its files."""
        return SealedObject.objects.filter(received__container__dock=self.row)

    @property
    def received(self):
        return ReceivedObject.objects.filter(container__dock=self.row)

    @property
    def public(self):
        return self.private.public_key().public_bytes_raw()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def ask(self, method, path, headers=None, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            signed_in = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            connection.request(method, path, body=body, headers={**signed_in, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def statement(self, *, at=None, nonce=None, host=None, private=None, key_id=None):
        signed_at = (at or clock.now()).isoformat()
        nonce, key_id = nonce or secrets.token_hex(16), key_id or key_id_of(self.public)
        lines = ("tabard-dock-session-v1", host or self.host, key_id, signed_at, nonce)
        signature = (private or self.private).sign("".join(f"{line}\n" for line in lines).encode())
        return {
            "key_id": key_id,
            "signed_at": signed_at,
            "nonce": nonce,
            "signature": base64url(signature),
        }

    def sign_in(self, said=None):
        answer = self.ask("POST", "/dock/v1/session", body=json.dumps(said or self.statement()))
        if answer.status == 200:
            self.token = answer.said["token"]
        return answer

    def post(self, place, said):
        return self.ask("POST", f"/dock/v1/{place}", body=json.dumps(said))

    def status(self, upload):
        return self.ask("GET", f"/dock/v1/uploads/{upload}").said

    def tus(self, method, path, headers=None, body=None):
        return self.ask(method, path, {"Tus-Resumable": "1.0.0", **(headers or {})}, body)

    def create(self, size, *, body=None, headers=None, **metadata):
        pairs = {"filename": "GOPR0001.MP4", **metadata}
        said = ",".join(
            f"{key} {base64.b64encode(str(value).encode()).decode()}"
            for key, value in pairs.items()
            if value is not None
        )
        sent = {"Upload-Length": str(size), "Upload-Metadata": said, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/offset+octet-stream"
        return self.tus("POST", "/tus/", sent, body)

    def opened(self, size, **metadata):
        answer = self.create(size, **metadata)
        assert answer.status == 201, answer
        return answer.headers["location"]

    def head(self, place):
        return self.tus("HEAD", place)

    def patch(self, place, offset, body, headers=None):
        sent = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.tus("PATCH", place, {**sent, **(headers or {})}, body)

    def delete(self, place):
        return self.tus("DELETE", place)

    def send(self, data, **metadata):
        """The whole file at once; the upload's id."""
        answer = self.create(len(data), body=data, **metadata)
        assert answer.status == 201, answer
        assert answer.headers["tabard-sha256"] == hashlib.sha256(data).hexdigest()
        return answer.headers["location"].removeprefix("/tus/")

    def ask_permit(self, upload, data, camera="B8A44F01", **more):
        said = {"upload": upload, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        return self.post("permits", {**said, "camera": camera, **more})


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker):
    """Commits for real, for a whole module: each test has a dock of its own, and looks at what is that dock's.

    Named as pytest-django names its own, which is how that knows that a test needs the database.
    """
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)


@pytest.fixture(scope="module")
def vault_folder(db, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vault")
    with override_settings(TABARD_STORE_URL=folder.as_uri(), TABARD_LOW_WATER_BYTES=0):
        yield folder


@pytest.fixture(scope="module")
def door(vault_folder):
    """The port of a door that runs for the module, as production serves it."""
    from tabard.config.asgi import door as door_app  # sets Django up, so not at the top

    config = uvicorn.Config(
        door_app,
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
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def unit(db):
    return create_unit(kind="force", code="PL", name="Lewisham", parent=None, by=BY, at=DAY_ONE)


@pytest.fixture
def another_dock(door, unit):
    """A dock that is installed, enrolled and signed in."""

    def make():
        serial = f"D-{secrets.token_hex(4)}"
        row = install_dock(serial=serial, site="Lewisham", unit=unit, bays=8, by=BY, at=DAY_ONE)
        dock = Dock(door, row=row)
        dock.key = enrol_key(
            dock=row, public_key=base64url(dock.public), name="station PC", by=BY, at=DAY_ONE
        )
        assert dock.sign_in().status == 200
        return dock

    return make


@pytest.fixture
def dock(another_dock):
    return another_dock()


@pytest.fixture
def footage():
    return os.urandom


@pytest.fixture
def read_back():
    """The plain bytes of a sealed object, authenticated."""
    from tabard.vault.services import open_object

    def read(object_id):
        return b"".join(open_object(obj=SealedObject.objects.get(pk=object_id)).read())

    return read


@pytest.fixture
def secured():
    """Everything that is sealed is read back, sequenced and under a checkpoint."""

    def make():
        securing.secure_waiting(by=BY, clock=clock.now)
        sequencer.sequence()
        sequencer.sign_checkpoint(at=clock.now(), signer=log_signer())

    return make
