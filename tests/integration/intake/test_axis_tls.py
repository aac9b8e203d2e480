"""The door speaks TLS with a certificate that the site made, and a client that we did not write believes it."""

import hashlib
import json
import os
import socket
import ssl
import threading
import warnings
from datetime import timedelta

import pytest

from tabard.cli.check import Level
from tabard.cli.commands.checks import _door
from tabard.cli.door_tls import DoorTls, DoorTlsInvalid, check_may_listen, door_tls, own_pair
from tabard.cli.home import Home
from tabard.cli.supervisor import answers
from tabard.intake.axis.direct import WORTH_BYTES, DirectBody, DoorProtocol
from tabard.intake.certificates import make_certificate
from tabard.intake.issuing import Wanted, issue
from tabard.intake.models import ReceivedObject
from tabard.kernel.clock import now
from tabard.vault.services import open_object

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the client's own imports warn of is its makers' matter
    import swiftclient

BOX = "0b0f4c5e_B8A44F000001_20261104T211403Z"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate and key as `tabard intake door-certificate` makes them."""
    folder = tmp_path_factory.mktemp("tls")
    found = DoorTls(folder / "certificate.pem", folder / "key.pem")
    made = make_certificate(hosts=["127.0.0.1", "door.example"], at=now(), days=30)
    found.certificate.write_bytes(made.certificate)
    found.key.write_bytes(made.key)
    found.check()
    return found


@pytest.fixture(params=["uvloop", "asyncio"])
def door_server(request, pair):
    return {
        "loop": request.param,
        "http": DoorProtocol,
        "ssl_certfile": pair.certificate,
        "ssl_keyfile": pair.key,
    }


@pytest.fixture
def file(door, pair, settings, by, day_one):
    """The connection file that this door gives out."""
    settings.TABARD_DOOR_URL = f"https://127.0.0.1:{door}"
    settings.TABARD_DOOR_CHAIN = str(pair.certificate)
    issued = issue(name="Lewisham docks", username="lewisham", wanted=Wanted(), by=by, at=day_one)
    return json.loads(issued.content)


@pytest.fixture
def connected(file, tmp_path):
    """A Swift client that knows nothing but the connection file."""
    import base64

    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(base64.b64decode(file["HTTPSCertificate"][0]))
    (url,) = file["AuthenticationTokenURI"]
    connection = swiftclient.Connection(
        authurl=url,
        user=file["BlobAPIUserName"],
        key=file["BlobAPIKey"],
        auth_version="1.0",
        retries=0,
        cacert=str(trusted),
    )
    yield connection
    connection.close()


def kept(name):
    return b"".join(open_object(obj=ReceivedObject.objects.get(name=name).object).read())


def test_a_swift_client_with_the_connection_file_alone_sends_footage_over_tls(connected, monkeypatch):
    read_directly = []
    read_into = DirectBody.read_into

    async def counted(direct, buffer, silence_s):
        filled = await read_into(direct, buffer, silence_s)
        read_directly.append(filled)
        return filled

    monkeypatch.setattr(DirectBody, "read_into", counted)
    small, large = os.urandom(5000), os.urandom(5 * WORTH_BYTES + 12_345)
    connected.put_container(BOX)
    for name, body in (("a.mkv", small), ("b.mkv", large), ("c.mkv", small + b"x")):
        md5 = hashlib.md5(body).hexdigest()  # noqa: S324 - as the protocol
        connected.put_object(BOX, name, body, content_length=len(body), etag=md5)
    assert (kept("a.mkv"), kept("b.mkv"), kept("c.mkv")) == (small, large, small + b"x")
    assert sum(read_directly) == len(large), "the large body, and it alone, was read straight into its buffer"
    assert connected.url.startswith("https://127.0.0.1:")


def test_many_large_bodies_over_tls_do_not_mix(connected, file, pair):
    bodies = {f"{number}.mkv": os.urandom(2 * WORTH_BYTES + number) for number in range(4)}
    connected.put_container(BOX)

    def send(name):
        own = swiftclient.Connection(
            preauthurl=connected.url, preauthtoken=connected.token, retries=0, cacert=str(pair.certificate)
        )
        own.put_object(BOX, name, bodies[name], content_length=len(bodies[name]))
        own.close()

    threads = [threading.Thread(target=send, args=[name]) for name in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {name: kept(name) for name in bodies} == bodies


def test_whoever_does_not_trust_it_or_speaks_no_tls_gets_nothing(door, connected, file):
    (url,) = file["AuthenticationTokenURI"]
    stranger = swiftclient.Connection(
        authurl=url, user="lewisham", key=file["BlobAPIKey"], auth_version="1.0", retries=0
    )
    with pytest.raises(OSError, match="certificate verify failed"):
        stranger.get_auth()
    stranger.close()
    with socket.create_connection(("127.0.0.1", door), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in plain.recv(100)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.maximum_version = old.minimum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", door), timeout=10) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(raw)


def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing(door, connected, pair, stored):
    connected.put_container(BOX)
    path = f"{connected.url.partition(str(door))[2]}/{BOX}/a.mkv"
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {connected.token}\r\nContent-Length: 9000000\r\n\r\n"
    trusting = ssl.create_default_context(cafile=str(pair.certificate))
    with (
        socket.create_connection(("127.0.0.1", door), timeout=10) as raw,
        trusting.wrap_socket(raw, server_hostname="127.0.0.1") as wire,
    ):
        wire.sendall(head.encode() + bytes(3_000_000))
        wait_until(lambda: stored() == (0, 1))
    wait_until(lambda: stored() == (0, 0))
    assert not ReceivedObject.objects.exists()


def test_the_supervisor_can_tell_that_it_lives(door):
    assert answers(f"https://127.0.0.1:{door}/healthz")
    assert not answers(f"http://127.0.0.1:{door}/healthz")


def wait_until(is_so):
    from tests.integration.intake.test_axis_door import wait_until as wait

    wait(is_so)


class TestWhichCertificate:
    def test_what_the_environment_names_is_used_else_what_the_site_made_else_none(self, tmp_path, pair):
        home = Home(tmp_path)
        home.keys.mkdir()
        assert door_tls(home, {}) is None
        own_pair(home).certificate.touch()
        assert door_tls(home, {}) is None, "a certificate without its key is none"
        own_pair(home).key.touch()
        assert door_tls(home, {}) == own_pair(home)
        named = {"TABARD_DOOR_TLS_CERT": str(pair.certificate), "TABARD_DOOR_TLS_KEY": str(pair.key)}
        assert door_tls(home, named) == pair
        with pytest.raises(DoorTlsInvalid, match="TABARD_DOOR_TLS_KEY"):
            door_tls(home, {"TABARD_DOOR_TLS_CERT": str(pair.certificate)})

    def test_a_key_that_does_not_belong_to_it_is_said_before_anything_starts(self, tmp_path, pair):
        other = tmp_path / "other.pem"
        other.write_bytes(make_certificate(hosts=["door.example"], at=now(), days=1).key)
        with pytest.raises(DoorTlsInvalid, match="belong together"):
            DoorTls(pair.certificate, other).check()
        with pytest.raises(DoorTlsInvalid, match="cannot be read"):
            DoorTls(pair.certificate, tmp_path / "none.pem").check()

    def test_beyond_this_machine_the_door_takes_nothing_in_the_clear_by_accident(self, pair):
        check_may_listen("127.0.0.1", None, plain_http=False)
        check_may_listen("0.0.0.0", pair, plain_http=False)  # noqa: S104 - asked, not listened on
        check_may_listen("0.0.0.0", None, plain_http=True)  # noqa: S104
        with pytest.raises(DoorTlsInvalid, match="in the clear"):
            check_may_listen("0.0.0.0", None, plain_http=False)  # noqa: S104


class TestTheCheck:
    def look(self, home, hosts, days):
        own = own_pair(home)
        made = make_certificate(hosts=hosts, at=now() - timedelta(days=2), days=days)
        own.certificate.write_bytes(made.certificate)
        own.key.write_bytes(made.key)
        return _door(home)

    def test_a_certificate_that_ends_soon_or_has_ended_is_named_with_the_cure(self, tmp_path):
        home = Home(tmp_path)
        home.keys.mkdir()
        assert (_door(home).level, "plain HTTP" in _door(home).words) == (Level.OK, True)
        for days, level in ((60, Level.OK), (20, Level.WARNING), (1, Level.PROBLEM)):
            found = self.look(home, ["door.example"], days)
            assert found.level is level
            assert bool(found.cure) is (level is not Level.OK)
