"""The Axis body-worn system's side of the protocol, judged by what arrives at a real socket."""

import base64
import hashlib
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from threading import Lock, Thread
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tabard.kernel.errors import Denied, Integrity, Invalid, NotFound, Unavailable
from tabard.simulation.axis import AxisSystem, Rejected
from tabard.simulation.dock import Docking, dock
from tabard.simulation.footage import FootageSpec
from tabard.simulation.force import make_force
from tabard.simulation.recording import NOMINAL_SEGMENT, RecordingPlan, record, record_files
from tabard.simulation.upload import BookmarkUpload, RecordingUpload, SegmentUpload

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)
USER = "0b0f4c5e-5d4c-4a75-9c3a-111111111111"
ACCOUNT = "/v1/AUTH_tabard"


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def meta(self, kind):
        prefix = f"x-{kind}-meta-"
        return {
            key.removeprefix(prefix): value for key, value in self.headers.items() if key.startswith(prefix)
        }


@dataclass
class Door:
    """A content destination that writes down what it is asked, and answers as told."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    logins: int = 0
    lock: Lock = field(default_factory=Lock)

    def stored(self):
        return [request for request in self.asked if request.path != "/auth/v1.0"]

    def system(self, **options):
        return AxisSystem(f"{self.url}/auth/v1.0", "scu", "secret", pause=lambda _: None, **options)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    door: Door

    def answer(self, status, headers=None, body=b""):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        door = self.door
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {key.lower(): value for key, value in self.headers.items()}
        with door.lock:
            door.asked.append(Asked(self.command, self.path, headers, body))
            queued = door.answers.get((self.command, self.path.removeprefix(ACCOUNT)), [])
            forced = queued.pop(0) if queued else None
        if self.path == "/auth/v1.0":
            self.log_in(headers, forced)
        elif headers.get("x-auth-token") != f"token-{door.logins}":
            self.answer(401)
        elif forced is not None:
            self.answer(forced)
        else:
            self.serve()

    def log_in(self, headers, forced):
        if forced or (headers.get("x-auth-user"), headers.get("x-auth-key")) != ("scu", "secret"):
            return self.answer(forced or 401)
        self.door.logins += 1
        token = {"X-Auth-Token": f"token-{self.door.logins}", "X-Storage-Url": f"{self.door.url}{ACCOUNT}"}
        return self.answer(200, token)

    def serve(self):
        if self.command == "GET":
            body, etag = self.door.objects.get(self.path.removeprefix(ACCOUNT), (None, ""))
            return self.answer(404) if body is None else self.answer(200, {"ETag": etag}, body)
        if self.command == "HEAD":
            return self.answer(
                204, {"X-Container-Meta-Status": "Complete", "X-Container-Meta-Note": "caf%C3%A9"}
            )
        return self.answer(204 if self.command == "POST" else 201)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, *_):
        pass


@contextmanager
def open_door(identity: Path | None = None) -> Iterator[Door]:
    door = Door()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"door": door}))
    server.daemon_threads = True
    door.url = f"{'https' if identity else 'http'}://127.0.0.1:{server.server_port}"
    if identity:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def door():
    with open_door() as opened:
        yield opened


def upload(folder: Path, serial="SIMCAM000001", **changes) -> RecordingUpload:
    segments = []
    for number, content in enumerate((b"first segment", b"second")):
        path = folder / f"{serial}-{number}.mp4"
        path.write_bytes(content)
        began = BEGAN + timedelta(seconds=8 * number)
        segments.append(
            SegmentUpload(content=path, started_at=began, stopped_at=began + timedelta(seconds=8))
        )
    facts = {
        "user_id": USER,
        "camera_serial": serial,
        "camera_model": "W120",
        "controller_serial": "SIM-DOCK-EK-1",
        "started_at": BEGAN,
        "triggered_at": BEGAN + timedelta(seconds=2),
        "ended_at": BEGAN + timedelta(seconds=16),
        "stopped_at": BEGAN + timedelta(seconds=16),
        "recording_id": "7CF7",
        "segments": tuple(segments),
    }
    return RecordingUpload(**(facts | changes))


def test_a_recording_is_sent_in_the_published_order_with_complete_last(door, tmp_path):
    bookmark = BookmarkUpload(
        at=BEGAN, text="café, knife seen", category_id="12", category_name="Stop & search"
    )
    recording = upload(tmp_path, bookmarks=(bookmark,), track=b"{}")
    with door.system() as axis:
        sent = axis.send_recording(recording)
    base = f"{ACCOUNT}/{USER}_SIMCAM000001_20261104T211405Z"
    assert [(request.method, request.path) for request in door.asked] == [
        ("GET", "/auth/v1.0"),
        ("PUT", base),
        ("PUT", f"{base}/20261104_211403_7CF7.mp4"),
        ("PUT", f"{base}/20261104_211411_7CF7.mp4"),
        ("PUT", f"{base}/bookmark_20261104_211403_1"),
        ("PUT", f"{base}/20261104_211403_7CF7_SIMCAM000001_gpstrail.json"),
        ("POST", base),
    ]
    _, container, first, second, note, track, last = door.asked
    assert container.meta("container") == {
        "containername": recording.container,
        "bwcserialnumber": "SIMCAM000001",
        "scuserialnumber": "SIM-DOCK-EK-1",
        "firmwareversion": "11.11.94-sim",
        "userid": USER,
        "bwcmodel": "W120",
        "triggeron": "Button",
        "triggeroff": "Button",
        "timezone": "Europe%2FLondon",
        "triggerontime": "1793826845",
        "triggerontimeiso": "2026-11-04T21:14:05.000Z",
        "triggerofftime": "1793826859",
        "triggerofftimeiso": "2026-11-04T21:14:19.000Z",
        "starttime": "1793826843",
        "starttimeiso": "2026-11-04T21:14:03.000Z",
        "stoptime": "1793826859",
        "stoptimeiso": "2026-11-04T21:14:19.000Z",
        "status": "Transferring",
    }
    assert (first.body, second.body) == (b"first segment", b"second")
    assert first.headers["content-length"] == "13"
    assert "transfer-encoding" not in first.headers
    assert first.meta("object") == {
        "starttime": "1793826843",
        "starttimeiso": "2026-11-04T21:14:03.000Z",
        "stoptime": "1793826851",
        "stoptimeiso": "2026-11-04T21:14:11.000Z",
        "containertype": "mp4",
    }
    assert note.body.decode() == "café, knife seen"
    assert note.meta("object")["categoryname"] == "Stop%20%26%20search"
    assert track.meta("object") == {"filetype": "json"}
    assert last.meta("container") == {"status": "Complete"}
    assert (sent.container, sent.objects, sent.size_bytes) == (recording.container, 4, 13 + 6 + 17 + 2)


def test_an_encrypted_segment_is_followed_by_its_key(door, tmp_path):
    plain = upload(tmp_path)
    secret = SegmentUpload(
        content=plain.segments[0].content,
        started_at=BEGAN,
        stopped_at=plain.stopped_at,
        key=b'{"EncryptedKey": ""}',
    )
    with door.system() as axis:
        sent = axis.send_recording(upload(tmp_path, segments=(secret,)))
    names = [request.path.rsplit("/", 1)[1] for request in door.stored() if "/2026" in request.path]
    assert names == ["20261104_211403_7CF7.mp4", "20261104_211403_7CF7.key"]
    key = next(request for request in door.stored() if request.path.endswith(".key"))
    assert (key.body, key.meta("object")) == (b'{"EncryptedKey": ""}', {"filetype": "key"})
    assert sent.objects == 2


def test_it_logs_in_with_the_credentials_of_the_connection_file(door):
    content = json.dumps(
        {
            "AuthenticationTokenURI": [f"{door.url}/auth/v1.0"],
            "BlobAPIUserName": "scu",
            "BlobAPIKey": "secret",
        }
    )
    with AxisSystem.from_connection_file(content.encode()) as axis:
        axis.log_in()
    assert door.asked[0].headers["x-auth-user"] == "scu"
    assert door.asked[0].headers["x-auth-key"] == "secret"


def self_signed(path: Path) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "door")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return certificate


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_it_trusts_the_certificate_of_the_connection_file_and_no_other(encoding, tmp_path):
    ours, other = self_signed(tmp_path / "ours.pem"), self_signed(tmp_path / "other.pem")
    with open_door(tmp_path / "ours.pem") as door:
        facts = {
            "AuthenticationTokenURI": [f"{door.url}/auth/v1.0"],
            "BlobAPIUserName": "scu",
            "BlobAPIKey": "secret",
        }

        def trusting(certificate):
            text = base64.b64encode(certificate.public_bytes(encoding)).decode()
            content = json.dumps(facts | {"HTTPSCertificate": [text]}).encode()
            return AxisSystem.from_connection_file(content, pause=lambda _: None)

        with trusting(ours) as axis:
            axis.log_in()
        with trusting(other) as axis, pytest.raises(Unavailable):
            axis.log_in()
    assert door.logins == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"AuthenticationTokenURI": [], "BlobAPIUserName": "", "BlobAPIKey": ""}',
        json.dumps({"HTTPSCertificate": [base64.b64encode(b"no certificate").decode()]}).encode(),
    ],
)
def test_what_is_not_a_connection_file_is_refused(content):
    with pytest.raises(Invalid, match="not a connection file"):
        AxisSystem.from_connection_file(content)


def test_wrong_credentials_are_denied_without_another_try(door):
    with AxisSystem(f"{door.url}/auth/v1.0", "scu", "wrong") as axis, pytest.raises(Denied):
        axis.log_in()
    assert len(door.asked) == 1


def test_it_logs_in_again_when_the_token_has_expired(door):
    with door.system() as axis:
        axis.log_in()
        door.logins = 7
        axis.put_device("SIMCAM000001", name="Camera 1", model="W120")
    assert [request.path for request in door.asked].count("/auth/v1.0") == 2
    assert door.asked[-1].headers["x-auth-token"] == "token-8"


def test_it_tries_again_while_the_door_is_busy_and_sends_the_whole_body_again(door, tmp_path):
    recording = upload(tmp_path)
    place = f"/{recording.container}/20261104_211403_7CF7.mp4"
    door.answers["PUT", place] = [503, 503]
    with door.system() as axis:
        axis.send_recording(recording)
    assert [request.body for request in door.asked if request.path.endswith("211403_7CF7.mp4")] == [
        b"first segment"
    ] * 3


def test_it_waits_longer_each_time_and_then_gives_up(door):
    waits = []
    door.answers["PUT", "/Devices"] = [503] * 20
    with (
        AxisSystem(f"{door.url}/auth/v1.0", "scu", "secret", pause=waits.append) as axis,
        pytest.raises(Unavailable),
    ):
        axis.put_device("SIMCAM000001", name="Camera 1", model="W120")
    assert len(waits) == 5
    assert all(later > earlier for earlier, later in pairwise(waits))


def test_nobody_at_the_address_is_unavailable():
    with open_door() as gone:
        address = gone.url
    with (
        AxisSystem(f"{address}/auth/v1.0", "scu", "secret", pause=lambda _: None) as axis,
        pytest.raises(Unavailable),
    ):
        axis.log_in()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (403, Denied),
        (404, NotFound),
        (422, Integrity),
        (500, Unavailable),
        (507, Unavailable),
    ],
)
def test_a_refusal_stops_the_recording_before_complete(status, error, door, tmp_path):
    recording = upload(tmp_path)
    door.answers["PUT", f"/{recording.container}/20261104_211411_7CF7.mp4"] = [status]
    with door.system() as axis, pytest.raises(error):
        axis.send_recording(recording)
    assert not [request for request in door.asked if request.method == "POST"]


def test_system_users_and_devices_are_registered_under_their_ids(door):
    system_id, user_id = UUID(int=1), UUID(int=2)
    with door.system() as axis:
        axis.put_system(system_id, connection_id="c-1", name="Camden dock")
        axis.put_user(user_id, name="Bridget Ng", given_id="SIM000001")
        axis.put_device("SIMCAM000001", name="Camera 1", model="W120", active=False)
    asked = {request.path.removeprefix(ACCOUNT): request for request in door.stored()}
    assert list(asked) == [
        *(
            "/System",
            f"/System/{system_id}",
            "/Users",
            f"/Users/{user_id}",
            "/Devices",
            "/Devices/SIMCAM000001",
        ),
    ]
    assert asked[f"/System/{system_id}"].meta("object") == {
        "connectionid": "c-1",
        "systemname": "Camden%20dock",
    }
    assert asked[f"/Users/{user_id}"].meta("object") == {
        "active": "True",
        "name": "Bridget%20Ng",
        "userid": "SIM000001",
    }
    assert asked["/Devices/SIMCAM000001"].meta("object") == {
        "active": "False",
        "name": "Camera%201",
        "model": "W120",
    }
    assert all(request.method == "PUT" and request.body == b"" for request in asked.values())


def test_metadata_is_read_back_decoded(door):
    with door.system() as axis:
        assert axis.read_back("some_container") == {"status": "Complete", "note": "café"}
        assert door.asked[-1].method == "HEAD"
        door.answers["HEAD", "/none/a%2Fb"] = [404]
        with pytest.raises(NotFound):
            axis.read_back("none", "a/b")


def test_capabilities_and_categories_are_checked_against_their_etag(door):
    body = json.dumps([{"Name": "Stop and search", "Id": "12"}]).encode()
    door.objects["/System/Categories.json"] = (body, hashlib.md5(body, usedforsecurity=False).hexdigest())
    door.objects["/System/Capabilities.json"] = (b"{}", "0" * 32)
    with door.system() as axis:
        assert axis.categories() == [{"Name": "Stop and search", "Id": "12"}]
        with pytest.raises(Integrity, match="object corrupt"):
            axis.capabilities()


def test_a_destination_without_categories_has_none(door):
    with door.system() as axis:
        assert axis.categories() == []
        assert axis.capabilities() == {}


def test_cameras_dock_side_by_side_and_one_failure_does_not_stop_the_rest(door, tmp_path):
    serials = [f"SIMCAM{number:06d}" for number in range(1, 5)]
    dockings = [Docking(serial, (upload(tmp_path, serial),)) for serial in serials]
    bad = dockings[1].recordings[0].container
    door.answers["PUT", f"/{bad}"] = [400]
    with door.system() as axis:
        results = dock(dockings, axis, lanes=3)
    assert [result.camera_serial for result in results] == serials
    assert door.logins == 1
    assert [result.sent is not None for result in results] == [True, False, True, True]
    assert isinstance(results[1].failure, Rejected)
    completed = {request.path for request in door.asked if request.method == "POST"}
    assert len(completed) == 3


def plan(**changes):
    force = make_force(teams_per_borough=1, officers_per_team=1)
    camera = force.cameras_of("EK")[0]
    spec = FootageSpec(
        started_at=BEGAN,
        serial=camera.serial,
        seed=3,
        width=128,
        height=72,
        fps=5,
        duration_s=1,
        form="h264-mkv",
    )
    facts = {
        "officer": force.wearer(camera),
        "camera": camera,
        "controller_serial": force.dock_of("EK").serial,
        "place": force.unit("EK").place,
        "footage": spec,
    }
    return RecordingPlan(**(facts | changes))


def test_a_planned_recording_is_filmed_and_docked(door, tmp_path):
    recording = record(plan(segments=2, bookmarks=(BookmarkUpload(at=BEGAN),)), tmp_path)
    with door.system() as axis:
        sent = axis.send_recording(recording)
    bodies = [request.body for request in door.stored() if request.path.endswith(".mkv")]
    assert bodies == [segment.content.read_bytes() for segment in recording.segments]
    assert recording.segments[1].started_at == recording.segments[0].stopped_at
    assert sent.objects == 4
    assert len(json.loads(recording.track or b"")["CoordinateEntries"]) == 3


def test_real_files_are_sent_as_they_are(door, tmp_path):
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"")
    fine = tmp_path / "fine.mp4"
    fine.write_bytes(b"not a video at all")
    recording = record_files(plan(), [broken, fine])
    with door.system() as axis:
        axis.send_recording(recording)
    videos = [request for request in door.stored() if request.path.endswith((".avi", ".mp4"))]
    assert [request.body for request in videos] == [b"", b"not a video at all"]
    assert videos[0].meta("object")["containertype"] == "avi"
    assert recording.stopped_at - recording.started_at == 2 * NOMINAL_SEGMENT
