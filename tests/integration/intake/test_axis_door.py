"""The door answers as the published protocol says, and keeps nothing that did not end well."""

import hashlib
import http.client
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from tabard.custody.models import Event
from tabard.intake.axis.asgi import AxisDoor
from tabard.intake.destinations import open_destination, revoke_destination
from tabard.intake.errors import UsernameTaken
from tabard.intake.models import Container, Destination, ReceivedObject
from tabard.kernel import clock
from tabard.recordings.models import Category
from tabard.vault.adapters.local import LocalWriter
from tabard.vault.errors import StoreFull
from tabard.vault.models import SealedObject
from tabard.vault.services import open_object

BOX = "0b0f4c5e_B8A44F000001_20261104T211403Z"
FILE = "20261104T211403Z_4F2A.mkv"


@pytest.fixture
def box(client):
    assert client.put(BOX).status == 201
    return BOX


def kept_bytes(received):
    return b"".join(open_object(obj=received.object).read())


def events():
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


class TestSigningIn:
    def test_good_credentials_get_a_token_and_the_way_back(self, stranger, opened):
        destination, key = opened
        stranger.username, stranger.key = destination.username, key
        answer = stranger.sign_in()
        assert answer.status == 200
        assert answer.headers["x-storage-url"] == f"http://127.0.0.1:{stranger.port}/v1/{destination.pk}"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-Auth-User": "lewisham"},
            {"X-Auth-User": "lewisham", "X-Auth-Key": "wrong"},
            {"X-Auth-User": "nobody", "X-Auth-Key": "wrong"},
            {"X-Auth-User": "lewisham", "X-Auth-Key": "\xff\xfe"},
        ],
    )
    def test_anything_else_is_refused(self, stranger, opened, headers):
        answer = stranger.ask("GET", "/auth/v1.0", headers)
        assert (answer.status, answer.code) == (401, "not_signed_in")
        assert "x-auth-token" not in answer.headers

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
    def test_signing_in_is_a_get(self, stranger, method):
        assert stranger.ask(method, "/auth/v1.0").status == 400

    def test_a_host_that_is_no_host_is_not_sent_back(self, stranger, opened, settings):
        settings.TABARD_DOOR_URL = "http://door.example"
        destination, key = opened
        headers = {"X-Auth-User": destination.username, "X-Auth-Key": key, "Host": 'evil"<x>/'}
        answer = stranger.ask("GET", "/auth/v1.0", headers)
        assert answer.headers["x-storage-url"] == f"http://door.example/v1/{destination.pk}"

    @pytest.mark.parametrize("token", ["", "made-up", "a:b:c"])
    def test_a_call_without_a_good_token_is_refused(self, client, token):
        client.token = token
        for answer in (
            client.put(BOX),
            client.post(BOX),
            client.head(BOX),
            client.get("System", "Capabilities.json"),
        ):
            assert answer.status == 401
        assert not Container.objects.exists()

    def test_a_revoked_destination_is_out_at_once_and_what_it_sent_stays(self, client, box, destination, by):
        assert client.put(box, FILE, body=b"footage").status == 201
        revoke_destination(destination=destination, by=by, at=clock.now())
        assert client.put(box, "another.mkv", body=b"x").status == 401
        assert client.sign_in().status == 401
        assert ReceivedObject.objects.count() == 1
        assert events()[-1] == "destination.revoked"

    def test_a_token_opens_its_own_account_alone(self, client, box, another_client):
        intruder = another_client("hackney")
        assert intruder.head(box).status == 404
        intruder.prefix = client.prefix
        assert intruder.put(box, FILE, body=b"x").status == 403
        assert intruder.post(box, meta={"Status": "Complete"}).status == 403
        assert Container.objects.get().completed_at is None

    def test_the_key_is_kept_hashed(self, opened):
        _, key = opened
        assert bytes(Destination.objects.get().key_sha256) == hashlib.sha256(key.encode()).digest()
        assert len(key.encode()) <= 64

    def test_a_user_name_is_one_destinations(self, opened, by, day_one):
        with pytest.raises(UsernameTaken):
            open_destination(name="Twice", username="lewisham", by=by, at=day_one)
        assert events() == ["destination.opened"]


class TestContainers:
    def test_a_container_is_made_once_and_its_metadata_merged(self, client):
        assert client.put(BOX, meta={"UserID": "101PL", "TriggerOn": "button"}).status == 201
        assert client.put(BOX, meta={"UserID": "202PL"}).status == 202
        assert client.post(BOX, meta={"TriggerOn": "", "Made-Up": "é"}).status == 204
        assert Container.objects.get().metadata == {"Userid": "202PL", "Made-Up": "é"}
        answer = client.head(BOX)
        assert (answer.status, answer.headers["x-container-meta-made-up"]) == (204, "%C3%A9")

    def test_an_unknown_container_is_not_found(self, client):
        assert client.post(BOX, meta={"Status": "Complete"}).status == 404
        assert client.head(BOX).status == 404
        assert client.put(BOX, FILE, body=b"x").status == 404
        assert not Container.objects.exists()

    def test_two_who_make_one_container_at_once_both_succeed(self, client):
        statuses = together(lambda n: client.put(BOX, meta={f"Key-{n}": "1"}).status, 6)
        assert sorted(statuses) == [201, 202, 202, 202, 202, 202]
        assert set(Container.objects.get().metadata) == {f"Key-{n}" for n in range(6)}

    @pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS", "COPY"])
    def test_any_other_method_is_a_bad_request(self, client, box, method):
        headers = {"X-Auth-Token": client.token}
        assert client.ask(method, client.path(box), headers).status == 400

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/{account}/a/b/c",
            "/v1/{account}/a/..",
            "/v1/{account}/..%2Fx",
            "/v1/{account}/a%00",
            "/v1/{account}",
        ],
    )
    def test_a_path_that_cannot_be_kept_is_a_bad_request(self, client, path, destination):
        answer = client.ask("PUT", path.format(account=destination.pk), {"X-Auth-Token": client.token}, b"x")
        assert answer.status == 400
        assert not Container.objects.exists()

    @pytest.mark.parametrize("path", ["/", "/v2/x/y", "/auth", "/favicon.ico"])
    def test_a_place_that_the_door_has_not_is_a_bad_request(self, stranger, path):
        assert stranger.ask("GET", path).status == 400

    def test_the_door_says_that_it_is_well(self, stranger):
        assert stranger.ask("GET", "/healthz").status == 200


class TestObjects:
    def test_an_object_is_sealed_logged_and_committed_before_it_is_acknowledged(self, client, box):
        body = os.urandom(700_001)
        assert client.put(box, FILE, body=body, meta={"StartTime": "1793826843"}).status == 201
        received = ReceivedObject.objects.get()
        assert (received.name, received.metadata) == (FILE, {"Starttime": "1793826843"})
        assert kept_bytes(received) == body
        event = Event.objects.get(kind="object.sealed")
        assert (event.subject_type, event.subject_id) == ("object", received.object_id)
        assert json.loads(bytes(event.leaf))["sha256"] == hashlib.sha256(body).hexdigest()
        assert event.particulars.actor_name == "Lewisham docks"

    @pytest.mark.parametrize("size", [0, 1, 65_536, 262_144, 3_000_000])
    def test_every_size_arrives_whole(self, client, box, size):
        body = os.urandom(size)
        assert client.put(box, FILE, body=body).status == 201
        assert kept_bytes(ReceivedObject.objects.get()) == body

    def test_a_body_in_chunks_without_a_length_arrives_whole(self, client, box):
        assert client.put(box, FILE, body=iter([b"a" * 1000, b"", b"b" * 5])).status == 201
        assert kept_bytes(ReceivedObject.objects.get()) == b"a" * 1000 + b"b" * 5

    def test_the_same_bytes_again_are_kept_once(self, client, box, stored):
        for _ in range(3):
            assert client.put(box, FILE, body=b"footage").status == 201
        assert ReceivedObject.objects.count() == SealedObject.objects.count() == 1
        assert stored() == (1, 0)
        assert events().count("object.sealed") == 1

    def test_other_bytes_under_a_taken_name_are_kept_beside_the_first(self, client, box):
        assert client.put(box, FILE, body=b"first").status == 201
        assert client.put(box, FILE, body=b"second").status == 201
        assert client.put(box, FILE, body=b"second").status == 201
        first, second = ReceivedObject.objects.order_by("received_at")
        assert (kept_bytes(first), kept_bytes(second)) == (b"first", b"second")
        assert (first.conflicts_with, second.conflicts_with) == (None, first)
        assert events()[-2:] == ["object.sealed", "object.conflicted"]

    def test_many_who_put_one_name_at_once_all_keep_their_bytes(self, client, box, stored):
        statuses = together(lambda n: client.put(box, FILE, body=b"copy %d" % (n % 3)).status, 9)
        assert statuses == [201] * 9
        received = list(ReceivedObject.objects.all())
        assert sorted(map(kept_bytes, received)) == [b"copy 0", b"copy 1", b"copy 2"]
        assert [part.conflicts_with for part in received].count(None) == 1
        assert stored() == (3, 0)

    def test_posting_replaces_an_objects_metadata_and_the_log_remembers_the_old(self, client, box):
        client.put(box, FILE, body=b"x", meta={"A": "1", "B": "2"})
        assert client.post(box, FILE, meta={"C": "3"}).status == 202
        assert ReceivedObject.objects.get().metadata == {"C": "3"}
        sealed, described = Event.objects.order_by("id").filter(subject_type="object")
        assert sealed.particulars.details["metadata"] == {"A": "1", "B": "2"}
        assert (described.kind, described.particulars.details["metadata"]) == ("object.described", {"C": "3"})
        assert client.post(box, "nothing.mkv", meta={"C": "3"}).status == 404

    def test_metadata_is_read_back_but_never_the_object(self, client, box):
        client.put(box, FILE, body=b"12345", meta={"StartLocation": "+51.5-0.1"})
        head = client.head(box, FILE)
        assert (head.status, head.headers["content-length"]) == (200, "5")
        assert head.headers["x-object-meta-startlocation"] == "%2B51.5-0.1"
        assert (client.get(box, FILE).status, client.head(box, "nothing").status) == (403, 404)

    @pytest.mark.parametrize("quoted", [False, True])
    def test_a_checksum_that_is_right_is_accepted(self, client, box, quoted):
        md5 = hashlib.md5(b"footage").hexdigest()  # noqa: S324 - as the protocol
        assert (
            client.put(box, FILE, body=b"footage", ETag=f'"{md5.upper()}"' if quoted else md5).status == 201
        )

    def test_a_checksum_that_is_wrong_keeps_nothing(self, client, box, stored):
        assert client.put(box, FILE, body=b"footage", ETag="0" * 32).status == 422
        assert not ReceivedObject.objects.exists()
        assert stored() == (0, 0)

    def test_nobody_writes_the_servers_own_documents(self, client):
        client.put("System")
        assert client.put("System", "Capabilities.json", body=b"{}").status == 403


class TestWhatDoesNotEndWell:
    def test_a_sender_that_hangs_up_leaves_nothing(self, client, box, stored):
        head = f"PUT {client.path(box, FILE)} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {client.token}\r\n"
        with socket.create_connection(("127.0.0.1", client.port)) as sender:
            sender.sendall(f"{head}Content-Length: 10000000\r\n\r\n".encode() + b"x" * 5_000_000)
            wait_until(lambda: stored() == (0, 1))
        wait_until(lambda: stored() == (0, 0))
        assert not SealedObject.objects.exists()
        assert client.put(box, FILE, body=b"all of it").status == 201

    def test_a_full_store_says_so_and_keeps_what_it_had(self, client, box, stored, monkeypatch):
        assert client.put(box, "before.mkv", body=b"before").status == 201
        write = LocalWriter.write

        def full(writer, data):
            if len(data) > 1000:
                writer.abort()
                raise StoreFull("The store is full.")
            write(writer, data)

        with monkeypatch.context() as patch:
            patch.setattr(LocalWriter, "write", full)
            assert client.put(box, FILE, body=b"x" * 3_000_000).status == 507
        assert [part.name for part in ReceivedObject.objects.all()] == ["before.mkv"]
        assert stored() == (1, 0)
        assert client.put(box, FILE, body=b"x" * 3_000_000).status == 201

    def test_a_database_that_fails_is_told_as_busy_and_nothing_is_lost(self, client, box, monkeypatch):
        def down(**_):
            raise OperationalError("the connection is lost")

        with monkeypatch.context() as patch:
            patch.setattr("tabard.intake.services.append", down)
            assert client.put(box, FILE, body=b"footage").status == 503
        assert not ReceivedObject.objects.exists()
        assert client.put(box, FILE, body=b"footage").status == 201
        assert kept_bytes(ReceivedObject.objects.get()) == b"footage"

    def test_a_database_that_is_down_before_the_body_leaves_nothing(self, client, box, stored, monkeypatch):
        def down(**_):
            raise OperationalError("no connection")

        with monkeypatch.context() as patch:
            patch.setattr("tabard.intake.axis.handlers.services.receive", down)
            assert client.put(box, FILE, body=b"footage").status == 503
        assert stored() == (0, 0)

    def test_an_unexpected_error_is_an_answer_too(self, client, box, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr("tabard.intake.axis.handlers.services.receive", lambda **_: 1 / 0)
            answer = client.put(box, FILE, body=b"footage")
        assert (answer.status, answer.code) == (500, "error")


class TestBusyDoor:
    @pytest.fixture
    def door_app(self):
        return AxisDoor(most_uploads=1)

    def test_one_upload_too_many_is_told_to_try_again_soon(self, client, box, stored):
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        connection.putrequest("PUT", client.path(box, "slow.mkv"))
        connection.putheader("X-Auth-Token", client.token)
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"12345")
        wait_until(lambda: stored() == (0, 1))
        answer = client.put(box, FILE, body=b"x")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        connection.send(b"67890")
        assert connection.getresponse().status == 201
        connection.close()
        assert client.put(box, FILE, body=b"x").status == 201


class TestDocuments:
    def test_capabilities_are_served_with_their_md5(self, client):
        answer = client.get("System", "Capabilities.json")
        assert answer.status == 200
        assert answer.headers["etag"] == hashlib.md5(answer.body).hexdigest()  # noqa: S324 - as the protocol
        capabilities = json.loads(answer.body)
        assert capabilities["Read"] == {"ReadCategories": True}
        assert capabilities["StoreAndRead"] == {"StoreReadSystemID": True}
        assert set(capabilities["Store"]) == {
            "StoreBookmarks",
            "StoreRejectedContent",
            "StoreUserIDKey",
            "StoreSignedVideo",
            "StoreGNSSTrackRecording",
        }

    def test_categories_are_those_on_offer(self, client, stop_search):
        Category.objects.create(code="old", name="No longer used", is_offered=False)
        answer = client.get("System", "Categories.json")
        assert answer.headers["etag"] == hashlib.md5(answer.body).hexdigest()  # noqa: S324 - as the protocol
        assert json.loads(answer.body) == [{"Name": "Stop and search", "Id": "stop-search"}]


class TestRegistries:
    def test_a_system_finds_its_own_id_again(self, client):
        system_id = "6e0e8b63-0000-4000-8000-1b2c3d4e5f60"
        assert client.put("System").status == 201
        meta = {"ConnectionId": "c1", "SystemName": "Lewisham äöü"}
        assert client.put("System", system_id, meta=meta).status == 201
        head = client.head("System", system_id)
        assert head.headers["x-object-meta-connectionid"] == "c1"
        assert client.head("System", "another").status == 404
        assert events()[-1] == "destination.registered"

    def test_what_is_told_of_users_is_kept_up_to_date(self, client):
        client.put("Users")
        assert client.put("Users", "u1", meta={"Name": "Lena Barrow", "UserID": "101PL"}).status == 201
        assert client.put("Users", "u1", meta={"Name": "Lena Barrow-Okafor", "UserID": "101PL"}).status == 201
        assert (
            client.post(
                "Users", "u1", meta={"Name": "L. Barrow", "UserID": "101PL", "Active": "False"}
            ).status
            == 202
        )
        assert ReceivedObject.objects.get().metadata["Active"] == "False"


def together(call, count):
    """The results of so many calls made at the same time, in order."""
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(call, range(count)))


def wait_until(is_so):
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to be")
