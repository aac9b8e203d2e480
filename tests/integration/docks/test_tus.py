"""Uploads by tus 1.0.0, request by request, as docs/reference/dock-protocol.md says."""

import base64
import hashlib
import itertools
import socket
import time
from datetime import timedelta

import pytest
from tests.integration.docks.conftest import BY, CHUNK

from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.fleet.docks import revoke_key
from tabard.intake.docks.asgi import dock_door
from tabard.intake.models import Upload
from tabard.kernel import clock
from tabard.vault import spool as spool_module
from tabard.vault.models import PartialObject
from tabard.vault.stores import configured_spool

SMALL = b"a few bytes of footage"


def checksum(data, algorithm="sha256"):
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


def events(kind, subject_id):
    return Event.objects.filter(kind=kind.value, subject_id=subject_id).count()


def forgotten():
    """The door's process has died: nothing it held in memory is there any more."""
    dock_door._tus._held.close()


def test_a_file_sent_in_pieces_is_sealed_with_its_last_byte(dock, footage, read_back):
    data = footage(3 * CHUNK + 17)
    place = dock.opened(len(data), camera="B8A44F01")
    for start in range(0, len(data), 100_000):
        piece = data[start : start + 100_000]
        answer = dock.patch(place, start, piece)
        assert (answer.status, answer.offset) == (204, start + len(piece)), answer.body
        assert ("tabard-object" in answer.headers) == (start + len(piece) == len(data))
    assert answer.headers["tabard-sha256"] == hashlib.sha256(data).hexdigest()
    assert read_back(answer.headers["tabard-object"]) == data
    assert not PartialObject.objects.filter(pk__in=dock.uploads.values("pk")).exists()
    assert events(EventKind.OBJECT_SEALED, dock.sealed.get().pk) == 1
    received = dock.received.get()
    assert (received.name, received.metadata["camera"]) == ("GOPR0001.MP4", "B8A44F01")


def test_a_door_that_died_goes_on_at_the_last_durable_byte(dock, footage, read_back, vault_folder):
    data = footage(5 * CHUNK + 99)
    place = dock.opened(len(data))
    cuts = [0, 17, CHUNK - 1, CHUNK, 2 * CHUNK + 5, 2 * CHUNK + 5, 4 * CHUNK, len(data)]
    seen = set()
    for start, stop in itertools.pairwise(cuts):
        forgotten()
        assert dock.head(place).offset == start
        assert dock.patch(place, start, data[start:stop]).status == 204
        seen |= set(PartialObject.objects.filter(pk__in=dock.uploads).values_list("object_id", flat=True))
    assert len(seen) > 4  # each life has another id and another key
    assert read_back(dock.sealed.get().pk) == data
    assert not any((vault_folder / ".spool" / str(each)).exists() for each in seen)


def test_no_byte_of_footage_lies_in_the_clear(dock, vault_folder):
    secret = b"nobody may read this off the disk "
    place = dock.opened(3 * CHUNK)
    dock.patch(place, 0, secret * 9000)
    row = dock.partial
    file = vault_folder / ".spool" / str(row.object_id)
    assert file.stat().st_size > CHUNK
    assert secret not in file.read_bytes() + bytes(row.tail)
    assert row.offset_bytes == len(secret) * 9000


def test_a_creation_can_bring_the_file(dock, footage):
    data = footage(CHUNK + 1)
    answer = dock.create(len(data), body=data)
    assert (answer.status, answer.offset) == (201, len(data))
    assert answer.headers["tabard-object"] == str(dock.sealed.get().pk)
    assert dock.head(answer.headers["location"]).headers["tabard-object"] == answer.headers["tabard-object"]


def test_a_creation_can_bring_the_beginning(dock, footage):
    data = footage(2 * CHUNK)
    answer = dock.create(len(data), body=data[:1000])
    assert (answer.status, answer.offset) == (201, 1000)
    assert dock.patch(answer.headers["location"], 1000, data[1000:]).status == 204


def test_an_empty_file_is_a_file(dock, read_back):
    answer = dock.create(0)
    assert (answer.status, answer.offset) == (201, 0)
    assert read_back(answer.headers["tabard-object"]) == b""


def test_the_same_patch_after_a_lost_answer_is_told_the_same(dock, footage):
    data = footage(CHUNK + 5)
    place = dock.opened(len(data))
    dock.patch(place, 0, data[:100])
    first = dock.patch(place, 100, data[100:])
    again = dock.patch(place, 100, data[100:])
    assert first.headers["tabard-object"] == again.headers["tabard-object"]
    assert (again.status, again.offset) == (204, len(data))
    assert dock.sealed.count() == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_piece_that_differs_from_its_checksum_does_not_count(dock, footage, read_back, algorithm):
    data = footage(3 * CHUNK)
    place = dock.opened(len(data))
    assert dock.patch(place, 0, data[:10], checksum(data[:10], algorithm)).status == 204
    answer = dock.patch(place, 10, data[10:], checksum(data[11:], algorithm))
    assert (answer.status, answer.code) == (460, "checksum_differs")
    assert dock.head(place).offset == 10
    assert dock.patch(place, 10, data[10:], checksum(data[10:], algorithm)).offset == len(data)
    assert read_back(dock.sealed.get().pk) == data


def test_a_refused_piece_meets_no_key_of_the_object(dock, footage, vault_folder):
    place = dock.opened(4 * CHUNK)
    before = dock.partial
    dock.patch(place, 0, footage(2 * CHUNK), checksum(b"other"))
    after = dock.partial
    assert after.object_id == before.object_id
    assert (vault_folder / ".spool" / str(after.object_id)).read_bytes() == b""


def test_a_file_that_differs_from_its_announced_hash_has_to_be_sent_anew(dock, footage):
    data = footage(CHUNK)
    place = dock.opened(len(data), sha256=hashlib.sha256(b"other").hexdigest())
    answer = dock.patch(place, 0, data)
    assert (answer.status, answer.code) == (460, "checksum_differs")
    assert dock.head(place).status == 410
    assert not dock.sealed.exists()
    assert events(EventKind.UPLOAD_GIVEN_UP, dock.uploads.get().pk) == 1


def test_a_sender_that_hangs_up_loses_nothing_that_came(dock, footage):
    size = 20 * CHUNK
    place = dock.opened(size)
    sent = footage(size)[: 7 * CHUNK + 321]
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {dock.host}\r\nAuthorization: Bearer {dock.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {size}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", dock.port)) as sender:
        sender.sendall(head.encode() + sent)
    assert eventually(lambda: dock.head(place).offset == len(sent))


def test_two_writers_at_once_are_one_and_a_locked_one(dock, footage):
    size = 8 * CHUNK
    place = dock.opened(size)
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {dock.host}\r\nAuthorization: Bearer {dock.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {size}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", dock.port)) as sender:
        sender.sendall(head.encode() + b"x")
        assert eventually(lambda: dock.partial.pk in dock_door._tus._held._busy)
        assert dock.patch(place, 0, b"y").status == 423
        assert dock.delete(place).status == 423
    assert eventually(lambda: dock.patch(place, 1, b"y").status == 204)


def test_another_process_that_writes_locks_ours_out(dock, vault_folder):
    place = dock.opened(CHUNK)
    forgotten()
    elsewhere = spool_module.Spool(vault_folder / ".spool").open(dock.partial.object_id)
    answer = dock.patch(place, 0, b"y")
    assert (answer.status, answer.headers["retry-after"]) == (423, "5")
    elsewhere.close()
    assert dock.patch(place, 0, b"y").status == 204


def test_what_another_process_went_on_with_is_read_back(dock, footage, read_back):
    from tabard.vault import partials

    data = footage(2 * CHUNK + 9)
    place = dock.opened(len(data))
    dock.patch(place, 0, data[:100])
    theirs = partials.resume(partial_id=dock.partial.pk)
    theirs.write(data[100 : CHUNK + 3])
    theirs.sync()
    partials.acknowledge(growing=theirs, mark=theirs.mark(), at=clock.now())
    theirs.close()
    assert dock.patch(place, 100, data[100:]).status == 409
    assert dock.patch(place, CHUNK + 3, data[CHUNK + 3 :]).status == 204
    assert read_back(dock.sealed.get().pk) == data


def test_what_was_given_up_is_gone(dock, vault_folder):
    place = dock.opened(CHUNK)
    dock.patch(place, 0, b"some")
    file = vault_folder / ".spool" / str(dock.partial.object_id)
    assert file.exists()
    assert dock.delete(place).status == 204
    assert (dock.head(place).status, dock.patch(place, 4, b"m").status) == (410, 410)
    assert dock.delete(place).status == 410
    assert not file.exists()


def test_what_is_sealed_cannot_be_given_up(dock):
    upload = dock.send(SMALL)
    assert dock.delete(f"/tus/{upload}").status == 403


def test_what_nobody_goes_on_with_expires(dock, settings):
    place = dock.opened(CHUNK)
    assert "upload-expires" in dock.head(place).headers
    PartialObject.objects.filter(pk=dock.partial.pk).update(touched_at=clock.now() - timedelta(days=7))
    assert dock.head(place).status == 410
    assert dock.uploads.get().end == Upload.End.EXPIRED
    assert not PartialObject.objects.filter(pk__in=dock.uploads).exists()


def test_what_is_lost_from_the_spool_is_never_said_to_be_there(dock, vault_folder):
    place = dock.opened(CHUNK)
    dock.patch(place, 0, b"some")
    forgotten()
    (vault_folder / ".spool" / str(dock.partial.object_id)).unlink()
    assert dock.head(place).status == 410
    assert dock.uploads.get().end == Upload.End.LOST


def test_what_was_damaged_in_the_spool_is_sent_anew(dock, footage, vault_folder):
    place = dock.opened(3 * CHUNK)
    dock.patch(place, 0, footage(2 * CHUNK))
    forgotten()
    file = vault_folder / ".spool" / str(dock.partial.object_id)
    torn = bytearray(file.read_bytes())
    torn[CHUNK] ^= 1
    file.write_bytes(torn)
    assert dock.patch(place, 2 * CHUNK, b"x").status == 410
    assert dock.uploads.get().end == Upload.End.LOST


def test_what_the_file_holds_beyond_its_row_is_nobodys(dock, footage, read_back, vault_folder):
    """A kill between the write and the row: the row is true, and other bytes may take the place of the torn ones."""
    place = dock.opened(3 * CHUNK)
    first, second = footage(CHUNK), footage(2 * CHUNK)
    dock.patch(place, 0, first)
    forgotten()
    with (vault_folder / ".spool" / str(dock.partial.object_id)).open("ab") as file:
        file.write(footage(CHUNK + 77))
    assert dock.head(place).offset == CHUNK
    assert dock.patch(place, CHUNK, second).status == 204
    assert read_back(dock.sealed.get().pk) == first + second


def test_every_upload_of_another_dock_is_another_docks(dock, another_dock):
    place = dock.opened(CHUNK)
    other = another_dock()
    assert {other.head(place).status, other.patch(place, 0, b"x").status, other.delete(place).status} == {403}


def test_without_a_session_nothing_is_said(dock):
    place = dock.opened(CHUNK)
    dock.token = ""
    assert {dock.head(place).status, dock.patch(place, 0, b"x").status, dock.create(3).status} == {401}
    dock.token = "forged"
    assert dock.head(place).status == 401


def test_a_revoked_key_is_out_at_once(dock):
    place = dock.opened(CHUNK)
    revoke_key(key=dock.key, by=BY, at=clock.now())
    assert dock.patch(place, 0, b"x").code == "not_signed_in"


def test_a_revoked_key_is_out_in_the_middle_of_a_body_and_nothing_of_it_counts(dock):
    place = dock.opened(40 * CHUNK)
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {dock.host}\r\nAuthorization: Bearer {dock.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {40 * CHUNK}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", dock.port), timeout=20) as sender:
        sender.sendall(head.encode() + b"x" * 1000)
        revoke_key(key=dock.key, by=BY, at=clock.now())
        assert sender.recv(4096).startswith(b"HTTP/1.1 401 ")
    assert dock.partial.offset_bytes == 0


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Offset": "5"}, 409, "offset_differs"),
        ({"Upload-Offset": "-1"}, 400, "invalid"),
        ({"Upload-Offset": ""}, 400, "invalid"),
        ({"Content-Type": "text/plain"}, 415, "media_type"),
        ({"Tus-Resumable": "0.2.0"}, 412, "tus_version"),
        ({"Upload-Checksum": "crc32 AAAA"}, 400, "invalid"),
        ({"Upload-Checksum": "sha256 AAAA"}, 400, "invalid"),
        ({"Upload-Checksum": "sha256"}, 400, "invalid"),
    ],
)
def test_a_patch_that_is_not_as_it_should_be(dock, headers, status, code):
    answer = dock.patch(dock.opened(CHUNK), 0, b"xyz", headers)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Length": ""}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Concat": "partial"}, 400),
        ({"Upload-Metadata": "filename not*base64"}, 400),
        ({"Upload-Metadata": ""}, 400),
        ({"Upload-Metadata": "filename YQ==,sha256 YQ=="}, 400),
        ({"Upload-Metadata": "filename YQ==,files YQ=="}, 400),
        ({"Tus-Resumable": ""}, 412),
        ({"Upload-Length": str(10**15)}, 400),
        ({"Upload-Length": str(10**14)}, 413),
    ],
)
def test_a_creation_that_is_not_as_it_should_be(dock, headers, status):
    assert dock.create(3, headers=headers).status == status
    assert not dock.uploads.exists()


def test_more_than_the_file_was_said_to_have_is_refused(dock):
    place = dock.opened(3)
    assert dock.patch(place, 0, b"four").status == 413
    assert dock.patch(place, 0, iter([b"fo", b"ur"])).status == 413
    assert dock.head(place).offset == 0
    assert dock.patch(place, 0, iter([b"tw", b"o"])).status == 204


def test_no_such_upload_or_place(dock):
    assert dock.head("/tus/nothing").status == 404
    assert dock.head("/tus/01980000-0000-7000-8000-000000000000").status == 404
    assert dock.tus("GET", dock.opened(3)).status == 405
    assert dock.tus("PUT", "/tus/").status == 405


def test_what_the_door_offers_is_told_to_anyone(dock):
    dock.token = ""
    answer = dock.ask("OPTIONS", "/tus/")
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-with-upload,checksum,termination,expiration"
    assert answer.headers["tus-checksum-algorithm"] == "sha256,sha1,md5"
    assert int(answer.headers["tus-max-size"]) > 2**30


def test_a_method_can_be_given_in_a_header(dock):
    place = dock.opened(3)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    headers["Content-Type"] = "application/offset+octet-stream"
    assert dock.tus("POST", place, headers, b"abc").status == 204


def test_a_head_tells_what_was_announced(dock):
    place = dock.opened(3, camera="B8A44F01", note="ä")
    answer = dock.head(place)
    assert (answer.offset, answer.headers["upload-length"]) == (0, "3")
    assert answer.headers["cache-control"] == "no-store"
    assert f"camera {base64.b64encode(b'B8A44F01').decode()}" in answer.headers["upload-metadata"]


def test_a_dock_has_so_many_uploads_open(dock, settings):
    settings.TABARD_DOCK_UPLOADS = 2
    dock.opened(3)
    second = dock.opened(3)
    assert (dock.create(3).status, dock.create(3).code) == (429, "too_many_uploads")
    dock.patch(second, 0, b"abc")
    assert dock.create(3).status == 201


def test_an_upload_that_was_idle_gives_way(dock, settings):
    settings.TABARD_DOCK_UPLOADS = 1
    first = dock.opened(3)
    PartialObject.objects.filter(pk=dock.partial.pk).update(touched_at=clock.now() - timedelta(hours=2))
    assert dock.create(3).status == 201
    assert dock.head(first).status == 410
    assert Upload.objects.get(pk=first.removeprefix("/tus/")).end == Upload.End.CROWDED_OUT


def test_too_little_room_is_told_before_it_runs_out(dock, settings):
    place = dock.opened(3)
    settings.TABARD_LOW_WATER_BYTES = configured_spool().free_bytes + 2**30
    answer = dock.create(3)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "store_low", "5")
    assert dock.patch(place, 0, b"abc").status == 503
    settings.TABARD_LOW_WATER_BYTES = configured_spool().total_bytes
    assert dock.create(3).status == 507


def test_names_that_could_do_harm_are_kept_harmlessly(dock):
    said = {
        "../../etc/passwd": "passwd",
        "..": "\\x2e\\x2e",
        "a\nb\x00c.mp4": "a\\x0ab\\x00c.mp4",
        "CON": "CON",
        "🎥" * 63 + ".mp4": "🎥" * 63 + ".mp4",
    }
    for name in said:
        dock.send(name.encode(), filename=name)
    assert sorted(dock.received.values_list("name", flat=True)) == sorted(said.values())


def test_a_name_that_is_too_long_to_file_is_told_from_others(dock):
    for number in range(2):
        dock.send(b"%d" % number, filename="x" * 400 + str(number), recording="R1")
    assert len(set(dock.received.values_list("name", flat=True))) == 2


def test_files_of_one_recording_come_together(dock):
    for number in (1, 2, 3):
        assert dock.row.containers.filter(closed_at__isnull=False).count() == 0
        dock.send(b"%d" % number, filename=f"GX0{number}.MP4", recording="REC", files=3)
    container = dock.row.containers.get()
    assert (container.name, container.source, container.dock) == ("REC", "dock", dock.row)
    assert container.closed_at is not None


def test_a_recording_of_unknown_length_is_completed_by_word(dock):
    assert dock.post("recordings/complete", {"recording": "REC"}).status == 404
    dock.send(b"1", filename="1.MP4", recording="REC")
    dock.send(b"2", filename="2.MP4", recording="REC")
    for _ in range(2):
        said = dock.post("recordings/complete", {"recording": "REC"}).said
        assert said == {"recording": "REC", "files": 2, "is_complete": True}


def test_the_same_file_again_is_one_file(dock):
    first, again = dock.send(SMALL, camera="B8A44F01"), dock.send(SMALL, camera="B8A44F01")
    assert first != again
    assert dock.status(first)["object"] == dock.status(again)["object"]
    assert (dock.sealed.count(), dock.row.containers.count()) == (1, 1)


def test_other_bytes_under_one_name_are_both_kept(dock):
    dock.send(b"one", filename="1.MP4", recording="REC")
    dock.send(b"two", filename="1.MP4", recording="REC")
    assert dock.sealed.count() == 2
    assert dock.received.filter(conflicts_with__isnull=False).count() == 1


def test_a_large_file_is_acknowledged_while_it_comes(dock, footage):
    """So that the death of the door in a body of any length costs little."""
    size = 120 * CHUNK
    place = dock.opened(size)
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {dock.host}\r\nAuthorization: Bearer {dock.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {size}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", dock.port)) as sender:
        sender.sendall(head.encode() + footage(100 * CHUNK))
        assert eventually(lambda: dock.head(place).offset >= 32 * CHUNK)


def eventually(holds, within_s=15):
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
