"""A camera forgets a file only with a permit, and there is none unless the footage is safe: each way to be wrong."""

import hashlib
import secrets
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from tests.integration.docks.conftest import BY

from tabard.custody import sequencer
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.custody.services import append
from tabard.fleet.docks import revoke_key
from tabard.intake.docks import permits, safety
from tabard.intake.models import ErasePermit
from tabard.kernel import clock
from tabard.kernel.ids import new_id
from tabard.merkle.note import CosignatureSigner, VerifierKey, open_note
from tabard.safekeeping import securing
from tabard.vault import services as vault
from tabard.vault.models import Damage, SealedObject, StoredCopy

CAMERA = "B8A44F01"


@pytest.fixture
def data(footage):
    return footage(300_000)


@pytest.fixture
def upload(dock, data, secured):
    sent = dock.send(data, camera=CAMERA)
    secured()
    return sent


@pytest.fixture
def sealed(dock, upload):
    return dock.sealed.get()


def permit_id(answer):
    return answer.body.decode().splitlines()[1]


def test_a_permit_is_a_signed_note_for_this_file_on_this_card(dock, data, upload, sealed):
    answer = dock.ask_permit(upload, data)
    assert answer.status == 200, answer.body
    vkeys = dock.ask("GET", "/dock/v1/permit.vkey").body.decode().splitlines()
    note = open_note(answer.body, [VerifierKey.parse(line) for line in vkeys])
    lines = note.text.splitlines()
    assert lines[0] == "tabard/erase-permit/v1"
    said = dict(line.split(" ", 1) for line in lines[2:])
    assert said["dock"] == str(dock.row.pk)
    assert (said["camera"], said["file"], said["size"]) == (CAMERA, "GOPR0001.MP4", str(len(data)))
    assert (said["sha256"], said["object"]) == (hashlib.sha256(data).hexdigest(), str(sealed.pk))
    issued, expires = (datetime.fromisoformat(said[name]) for name in ("issued", "expires"))
    assert expires - issued == timedelta(minutes=10)
    permit = ErasePermit.objects.get(pk=lines[1])
    assert said["checkpoint"].split(" ")[0] == str(permit.tree_size)
    assert Event.objects.filter(subject_id=sealed.pk, kind=EventKind.ERASE_PERMIT_ISSUED.value).count() == 1
    assert dock.status(upload)["state"] == "permitted"


def test_no_permit_before_every_copy_was_read_back_and_a_checkpoint_signed(dock, data):
    upload = dock.send(data, camera=CAMERA)
    answer = dock.ask_permit(upload, data)
    assert (answer.status, answer.code) == (409, "not_safe_yet")
    assert answer.said["waits_for"] == ["store a", "checkpoint"]
    securing.secure_waiting(by=BY, clock=clock.now)
    assert dock.ask_permit(upload, data).said["waits_for"] == ["checkpoint"]
    sequencer.sequence()
    assert dock.ask_permit(upload, data).said["waits_for"] == ["checkpoint"]
    sequencer.sign_checkpoint(at=clock.now(), signer=log_signer())
    assert dock.ask_permit(upload, data).status == 200


def test_no_permit_for_half_a_file(dock, data):
    place = dock.opened(len(data), camera=CAMERA)
    dock.patch(place, 0, data[:1000])
    answer = dock.ask_permit(place.removeprefix("/tus/"), data)
    assert (answer.code, answer.said["waits_for"]) == ("not_safe_yet", ["the rest of the file"])


def test_no_permit_until_witnesses_have_seen_the_checkpoint(dock, data, upload, settings, tmp_path):
    witness = CosignatureSigner("witness.example", Ed25519PrivateKey.generate()).vkey.encode()
    policy = tmp_path / "policy"
    policy.write_text(f"log {log_signer().vkey}\nwitness w {witness}\nquorum w\n")
    settings.TABARD_WITNESS_POLICY = str(policy)
    assert dock.ask_permit(upload, data).said["waits_for"] == ["witnesses"]
    settings.TABARD_WITNESS_POLICY = str(tmp_path / "absent")
    assert dock.ask_permit(upload, data).said["waits_for"] == ["witnesses"]


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": hashlib.sha256(b"another").hexdigest()},
        {"size_bytes": 299_999},
        {"camera": "B8A44F02"},
        {"camera": ""},
    ],
)
def test_no_permit_for_a_file_that_differs(dock, data, upload, change):
    answer = dock.ask_permit(upload, data, **change)
    assert (answer.status, answer.code) == (409, "file_differs")
    assert not ErasePermit.objects.filter(upload=upload).exists()


def test_no_permit_for_another_docks_file(data, upload, another_dock):
    assert another_dock().ask_permit(upload, data).status == 403


def test_no_permit_where_a_second_store_was_set_up_later(dock, data, upload, settings, tmp_path):
    settings.TABARD_STORE_B_URL = (tmp_path / "b").as_uri()
    assert dock.ask_permit(upload, data).said["waits_for"] == ["store b"]
    assert dock.status(upload)["waits_for"] == ["store b"]
    securing.secure_waiting(by=BY, clock=clock.now)
    assert dock.ask_permit(upload, data).status == 200


def test_no_permit_where_a_store_is_another_by_now(dock, data, upload, settings, tmp_path):
    """Rows say that store b holds it; somebody has pointed store b elsewhere."""
    settings.TABARD_STORE_B_URL = (tmp_path / "b").as_uri()
    securing.secure_waiting(by=BY, clock=clock.now)
    settings.TABARD_STORE_B_URL = (tmp_path / "c").as_uri()
    assert dock.ask_permit(upload, data).said["waits_for"] == ["store b"]


def test_no_permit_where_both_stores_are_one(dock, data, upload, settings, vault_folder):
    settings.TABARD_STORE_B_URL = f"{vault_folder.as_uri()}/"
    StoredCopy.objects.create(object=dock.sealed.get(), store="b", verified_at=clock.now())
    assert dock.ask_permit(upload, data).status == 503
    assert not ErasePermit.objects.filter(upload=upload).exists()


@pytest.mark.parametrize("harm", ["gone", "short", "changed"])
def test_no_permit_where_the_bytes_are_not_there(dock, data, upload, vault_folder, harm):
    """A restored database knows of copies that the store has lost since."""
    sealed = dock.sealed.get()
    file = vault_folder / sealed.store_key
    whole = file.read_bytes()
    file.chmod(0o600)
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(whole[:-1] if harm == "short" else whole[:-1] + bytes([whole[-1] ^ 1]))
    assert dock.ask_permit(upload, data).said["waits_for"] == ["store a"]
    assert Damage.objects.filter(object=sealed, repaired_at__isnull=True).exists()
    assert dock.ask_permit(upload, data).code == "not_safe_yet"


def test_no_permit_while_damage_is_open(dock, data, upload, sealed):
    Damage.objects.create(object=sealed, store="a", code="sealed_chunk", words="x", found_at=clock.now())
    assert dock.ask_permit(upload, data).said["waits_for"] == ["repair"]


def test_no_permit_on_the_word_of_a_database_that_was_restored(dock, data, upload, sealed):
    with transaction.atomic():
        append(
            kind=EventKind.BACKUP_RESTORED,
            subject=Subject("log", new_id()),
            at=clock.now(),
            by=BY,
            details={"events": 0, "replayed": 0},
        )
    assert dock.ask_permit(upload, data).said["waits_for"] == ["store a"]
    StoredCopy.objects.filter(object=sealed).update(
        verified_at=clock.now()
    )  # read back since, as a scrub does
    assert dock.ask_permit(upload, data).status == 200


def test_no_permit_where_the_row_is_not_what_the_log_says(dock, data, upload, sealed, vault_folder):
    other = hashlib.sha256(b"other").digest()
    SealedObject.objects.filter(pk=sealed.pk).update(sha256=other)
    assert dock.ask_permit(upload, data).code == "file_differs"
    answer = dock.ask_permit(upload, data, sha256=other.hex())
    assert answer.said["waits_for"] == ["checkpoint"]


def test_no_permit_where_the_footage_was_disposed_of(dock, data, upload, sealed):
    with transaction.atomic():
        vault.destroy_key(object_id=sealed.pk, at=clock.now())
    answer = dock.ask_permit(upload, data)
    assert (answer.status, answer.code) == (409, "footage_disposed")
    assert dock.status(upload)["waits_for"] == ["disposed of"]


def test_no_permit_where_the_footage_goes_while_it_is_asked_for(dock, data, upload, sealed, monkeypatch):
    looking = safety.by_looking

    def and_then_disposed(obj):
        found = looking(obj)
        with transaction.atomic():
            vault.destroy_key(object_id=sealed.pk, at=clock.now())
        return found

    monkeypatch.setattr(permits.safety, "by_looking", and_then_disposed)
    assert dock.ask_permit(upload, data).code == "footage_disposed"
    assert not ErasePermit.objects.filter(upload=upload).exists()


def test_no_permit_for_a_key_that_is_revoked_while_it_is_asked_for(dock, data, upload, monkeypatch):
    looking = safety.by_looking

    def and_then_revoked(obj):
        revoke_key(key=dock.key, by=BY, at=clock.now())
        return looking(obj)

    monkeypatch.setattr(permits.safety, "by_looking", and_then_revoked)
    assert dock.ask_permit(upload, data).status == 401
    assert not ErasePermit.objects.filter(upload=upload).exists()


def test_the_same_bytes_on_two_cards_take_two_permits(dock, data, secured):
    """Each is for the camera that its upload named, though the bytes are kept once."""
    one, two = dock.send(data, camera="CAM-1"), dock.send(data, camera="CAM-2")
    secured()
    assert dock.sealed.count() == 1
    assert dock.ask_permit(one, data, camera="CAM-2").code == "file_differs"
    for upload, camera in ((one, "CAM-1"), (two, "CAM-2")):
        assert f"camera {camera}\n" in dock.ask_permit(upload, data, camera=camera).body.decode()


def test_an_edited_file_is_permitted_as_what_it_is(dock, data, secured):
    """A conflict: both are kept, and either card may forget just the bytes that it sent."""
    edited = data + b"!"
    one = dock.send(data, camera=CAMERA, recording="R")
    two = dock.send(edited, camera=CAMERA, recording="R")
    secured()
    assert dock.ask_permit(one, edited).code == "file_differs"
    assert dock.ask_permit(two, data).code == "file_differs"
    assert dock.ask_permit(one, data).status == dock.ask_permit(two, edited).status == 200


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [("erased", EventKind.CAMERA_FILE_ERASED), ("not_erased", EventKind.CAMERA_FILE_KEPT)],
)
def test_what_became_of_a_permit_is_logged_once(dock, data, upload, outcome, kind):
    permit = permit_id(dock.ask_permit(upload, data))
    said = {"permit": permit, "erased_at": clock.now().isoformat(), "outcome": outcome, "why": "card\nfull"}
    for _ in range(2):
        assert dock.post("erasures", said).said == {"permit": permit, "outcome": outcome}
    event = Event.objects.get(subject_id=dock.sealed.get().pk, kind=kind.value)
    assert event.particulars.details["why"] == "card\\x0afull"
    other = "erased" if outcome == "not_erased" else "not_erased"
    assert dock.post("erasures", {**said, "outcome": other}).code == "outcome_differs"
    assert dock.status(upload)["state"] == ("erased" if outcome == "erased" else "secured")


def test_nobody_tells_of_another_docks_permit(dock, data, upload, another_dock):
    permit = permit_id(dock.ask_permit(upload, data))
    said = {"permit": permit, "erased_at": clock.now().isoformat(), "outcome": "erased"}
    assert another_dock().post("erasures", said).code == "permit_unknown"
    assert dock.post("erasures", {**said, "permit": str(new_id())}).status == 404


def test_a_permit_that_ran_out_is_no_state(dock, data, upload):
    dock.ask_permit(upload, data)
    ErasePermit.objects.filter(upload=upload).update(expires_at=clock.now() - timedelta(seconds=1))
    assert dock.status(upload)["state"] == "secured"


def test_a_file_with_a_strange_name_is_permitted_by_that_name(dock, data, secured):
    name = f"line\nbreak {secrets.token_hex(2)} 🎥.mp4"
    upload = dock.send(data, camera=CAMERA, filename=name)
    secured()
    assert f"file {name.replace(chr(10), chr(92) + 'x0a')}\n" in dock.ask_permit(upload, data).body.decode()
