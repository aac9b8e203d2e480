"""Cameras encrypt to our footage key; ciphertext, key file and plain text are all accounted for, and nothing is lost.

OpenSSL plays the camera's part: what it encrypts is what the published example decrypts.
"""

import base64
import json
import os
import subprocess
from datetime import timedelta

import pytest
from tests.integration.media_jail.jail_footage import Recipe, film

from tabard.custody.models import Event
from tabard.custody.sealed_facts import sealed_facts
from tabard.intake import destinations
from tabard.intake.encryption import current_footage_key, decrypt_recording, footage_keys, make_footage_key
from tabard.intake.errors import FootageKeyUnsafe
from tabard.intake.models import ReceivedObject
from tabard.jobs import tasks
from tabard.kernel import clock
from tabard.people.rules import Role
from tabard.people.selectors import viewer_of
from tabard.people.services import create_account
from tabard.recordings.decryption import waiting
from tabard.recordings.models import EncryptedFile, Recording
from tabard.recordings.work_items import settle
from tabard.retention.selectors import object_ids, recordings_of
from tabard.vault.models import SealedObject
from tabard.vault.services import open_object

BOX = "0b0f4c5e_B8A44F000001_20261104T211403Z"
FILE, KEY = "20261104T211403Z_4F2A.mkv", "20261104T211403Z_4F2A.key"
TRAIL = "20261104_211403_4F2A_B8A44F000001_gpstrail.json"
MATROSKA = b"\x1a\x45\xdf\xa3"
FLAG = Recording.Flag.CANNOT_DECRYPT


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.TABARD_HOME = tmp_path / "home"
    (settings.TABARD_HOME / "keys").mkdir(parents=True, mode=0o700)
    return settings.TABARD_HOME


@pytest.fixture
def footage_key(transactional_db, by, day_one):
    return current_footage_key(by=by, at=day_one)


@pytest.fixture
def encrypting(client, destination, footage_key, by, day_one):
    """The destination's connection file says that footage is to be encrypted."""
    key = destinations.renew_key(
        destination=destination, footage_key_id=footage_key.id, by=by, at=day_one + timedelta(days=1)
    )
    client.key = key
    assert client.sign_in().status == 200
    assert client.put(BOX, meta={"StartTimeISO": "2026-11-04T21:14:03Z"}).status == 201
    return client


class Camera:
    """Encrypts as the published example decrypts, by OpenSSL."""

    def __init__(self, folder, public_pem, key_id):
        self.folder, self.key_id = folder, key_id
        (folder / "public.pem").write_bytes(public_pem)

    def encrypt(self, plain, *, digest="sha1", nested=True):
        """The ciphertext and its key file."""
        key, iv = os.urandom(32), os.urandom(16)
        ciphertext = self._openssl(plain, "enc", "-aes-256-cbc", "-K", key.hex(), "-iv", iv.hex())
        wrapped = self._openssl(
            key,
            *("pkeyutl", "-encrypt", "-pubin", "-inkey", str(self.folder / "public.pem")),
            *("-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", f"rsa_oaep_md:{digest}"),
        )
        said = {"EncryptedKey": base64.b64encode(wrapped).decode(), "KeyId": self.key_id}
        rest = {"ContentEncryptionIV": base64.b64encode(iv).decode()}
        body = {"WrappedContentKey": said, **rest} if nested else {**said, **rest}
        return ciphertext, json.dumps(body, indent=2).encode()

    def _openssl(self, given, *command):
        return subprocess.run(["openssl", *command], input=given, capture_output=True, check=True).stdout


@pytest.fixture
def camera_of(tmp_path):
    def make(footage_key):
        folder = tmp_path / footage_key.id
        folder.mkdir()
        return Camera(folder, footage_key.public_pem, footage_key.id)

    return make


@pytest.fixture
def camera(camera_of, footage_key):
    return camera_of(footage_key)


def complete(client):
    assert client.post(BOX, meta={"Status": "Complete"}).status == 204
    return Recording.objects.get()


def decrypt(recording, by):
    opened = decrypt_recording(recording=recording, by=by, at=clock.now())
    recording.refresh_from_db()
    return opened


def bytes_of(sealed):
    return b"".join(open_object(obj=sealed).read())


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize(
    "names", [(FILE, KEY), (FILE, f"{FILE}.key")], ids=["ending replaced", "ending added"]
)
def test_footage_is_decrypted_and_all_three_are_accounted_for(encrypting, camera, by, digest, names):
    name, key_name = names
    plain = MATROSKA + os.urandom(1_500_000 + len(digest))
    ciphertext, key_file = camera.encrypt(plain, digest=digest, nested=digest == "sha1")
    encrypting.put(BOX, name, body=ciphertext)
    encrypting.put(BOX, key_name, body=key_file, meta={"FileType": "key"})
    recording = complete(encrypting)
    segment = recording.segments.get()
    assert bytes_of(segment.object) == ciphertext
    assert (recording.flags.count(FLAG), segment.encrypted_file.reason) == (0, "waiting")

    assert decrypt(recording, by) == 1
    segment.refresh_from_db()
    assert bytes_of(segment.object) == plain
    kept = EncryptedFile.objects.get()
    assert (bytes_of(kept.ciphertext), bytes_of(kept.key_file)) == (ciphertext, key_file)
    assert (kept.plain, kept.footage_key_id, kept.reason) == (segment.object, camera.key_id, "")
    event = Event.objects.get(kind="object.decrypted")
    assert (event.subject_id, json.loads(bytes(event.leaf))["sha256"]) == (
        kept.plain_id,
        bytes(kept.plain.sha256).hex(),
    )
    said = event.particulars.details
    for part, sealed in (("ciphertext", kept.ciphertext), ("key_file", kept.key_file), ("plain", kept.plain)):
        assert said[part] == {"object": str(sealed.pk), "sha256": bytes(sealed.sha256).hex()}


def test_the_log_and_the_disposal_know_every_object_of_it(encrypting, camera, by):
    ciphertext, key_file = camera.encrypt(MATROSKA + b"footage")
    encrypting.put(BOX, FILE, body=ciphertext)
    encrypting.put(BOX, KEY, body=key_file)
    recording = complete(encrypting)
    decrypt(recording, by)
    everything = set(SealedObject.objects.values_list("id", flat=True))
    assert len(everything) == 3
    assert {fact.object_id for fact in sealed_facts()} == everything
    assert set(object_ids(recording.pk)) == everything
    assert recordings_of(everything) == dict.fromkeys(everything, recording.pk)


def test_what_is_decrypted_once_is_not_decrypted_again(encrypting, camera, by):
    ciphertext, key_file = camera.encrypt(MATROSKA + b"footage")
    encrypting.put(BOX, FILE, body=ciphertext)
    encrypting.put(BOX, KEY, body=key_file)
    recording = complete(encrypting)
    assert [decrypt(recording, by), decrypt(recording, by)] == [1, 0]
    assert SealedObject.objects.count() == 3


def test_a_track_is_decrypted_too(encrypting, camera, by):
    trail = {"CoordinateEntries": [{"LocationWKT": "POINT(-0.11 51.46)", "SecondsFromStart": 1.5}]}
    ciphertext, key_file = camera.encrypt(json.dumps(trail).encode())
    encrypting.put(BOX, TRAIL, body=ciphertext, meta={"FileType": "json"})
    encrypting.put(BOX, TRAIL.replace(".json", ".key"), body=key_file)
    recording = complete(encrypting)
    assert (recording.latitude, hasattr(recording, "track")) == (None, False)
    assert decrypt(recording, by) == 1
    recording = Recording.objects.get()
    assert recording.track.points == [[1.5, -0.11, 51.46]]
    assert (recording.latitude, recording.longitude) == (51.46, -0.11)


class TestWhatCannotBeOpened:
    """It is kept, flagged, listed, and tried again when there is something new to try."""

    def waits(self, recording, by, reason):
        assert decrypt(recording, by) == 0
        assert recording.flags.count(FLAG) == 1
        (encrypted,) = waiting()
        assert encrypted.reason == reason
        assert Event.objects.get(kind="object.decryption_failed").particulars.details["reason"] == reason
        assert decrypt(recording, by) == 0
        assert Event.objects.filter(kind="object.decryption_failed").count() == 1, "tried in vain"
        return encrypted

    def opens(self, recording, by, plain):
        assert decrypt(recording, by) == 1
        assert bytes_of(recording.segments.get().object) == plain
        assert not recording.flags.count(FLAG)

    def test_its_key_file_is_missing_and_comes_late(self, encrypting, camera, by):
        plain = MATROSKA + b"footage"
        ciphertext, key_file = camera.encrypt(plain)
        encrypting.put(BOX, FILE, body=ciphertext)
        recording = complete(encrypting)
        self.waits(recording, by, "key_missing")
        assert encrypting.put(BOX, KEY, body=key_file).status == 201
        self.opens(recording, by, plain)

    def test_its_footage_key_is_lost_and_comes_back(self, encrypting, camera, footage_key, home, by):
        plain = MATROSKA + b"footage"
        ciphertext, key_file = camera.encrypt(plain)
        encrypting.put(BOX, FILE, body=ciphertext)
        encrypting.put(BOX, KEY, body=key_file)
        recording = complete(encrypting)
        file = home / "keys" / f"{footage_key.id}.pem"
        aside = file.rename(home / "aside")
        self.waits(recording, by, "key_unknown")
        aside.rename(file)
        self.opens(recording, by, plain)

    def test_its_key_file_is_no_key_file(self, encrypting, camera, by):
        plain = MATROSKA + b"footage"
        ciphertext, key_file = camera.encrypt(plain)
        encrypting.put(BOX, FILE, body=ciphertext)
        encrypting.put(BOX, KEY, body=b"no JSON")
        recording = complete(encrypting)
        self.waits(recording, by, "key_broken")
        encrypting.put(BOX, KEY, body=key_file)  # beside the first, as a conflict
        self.opens(recording, by, plain)

    @pytest.mark.parametrize(
        "spoil",
        [lambda body: body[:-16], lambda body: body + b"x", lambda body: bytes([body[0] ^ 1]) + body[1:]],
    )
    def test_its_bytes_are_not_what_was_encrypted(self, encrypting, camera, spoil, by):
        ciphertext, key_file = camera.encrypt(MATROSKA + b"\0" * 60)
        encrypting.put(BOX, FILE, body=spoil(ciphertext))
        encrypting.put(BOX, KEY, body=key_file)
        recording = complete(encrypting)
        self.waits(recording, by, "content_broken")
        assert bytes_of(recording.segments.get().object) == spoil(ciphertext)
        assert SealedObject.objects.count() == 2, "nothing of a failed try is kept"

    def test_its_key_file_is_another_files(self, encrypting, camera, by):
        (ciphertext, _), (_, key_file) = camera.encrypt(MATROSKA + b"one"), camera.encrypt(MATROSKA + b"two")
        encrypting.put(BOX, FILE, body=ciphertext)
        encrypting.put(BOX, KEY, body=key_file)
        self.waits(complete(encrypting), by, "content_broken")


def test_a_new_footage_key_opens_new_footage_and_the_old_one_still_opens_old(
    encrypting, camera, camera_of, by
):
    newer = camera_of(make_footage_key(by=by, at=clock.now()))
    assert footage_keys().current().id == newer.key_id > camera.key_id
    bodies = {}
    for name, wearer in ((FILE, camera), ("20261104T211503Z_4F2B.mkv", newer)):
        bodies[name] = MATROSKA + name.encode()
        ciphertext, key_file = wearer.encrypt(bodies[name])
        encrypting.put(BOX, name, body=ciphertext)
        encrypting.put(BOX, name.replace(".mkv", ".key"), body=key_file)
    recording = complete(encrypting)
    assert decrypt(recording, by) == 2
    assert {part.name: bytes_of(part.object) for part in recording.segments.all()} == bodies


def test_footage_that_was_recorded_before_encryption_is_left_as_it_is(encrypting, by):
    encrypting.put(BOX, FILE, body=MATROSKA + b"in the clear")
    encrypting.put(BOX, "20261104T211503Z_4F2B.mp4", body=b"\0\0\0\x18ftypisom in the clear")
    encrypting.put(BOX, "20261104T211603Z_4F2C.mp4", body=b"")
    recording = complete(encrypting)
    assert (EncryptedFile.objects.count(), decrypt(recording, by)) == (0, 0)


def test_a_disposed_recording_is_decrypted_no_more(encrypting, camera, by):
    ciphertext, key_file = camera.encrypt(MATROSKA + b"footage")
    encrypting.put(BOX, FILE, body=ciphertext)
    encrypting.put(BOX, KEY, body=key_file)
    recording = complete(encrypting)
    Recording.objects.update(disposed_at=clock.now())
    assert decrypt(recording, by) == 0
    assert SealedObject.objects.count() == ReceivedObject.objects.count() == 2


class TestFootageKeys:
    def test_a_key_is_logged_once_and_made_once(self, footage_key, by, day_one):
        assert current_footage_key(by=by, at=day_one) == footage_key
        assert Event.objects.filter(kind="footage_key.made").count() == 1

    def test_a_key_that_the_log_does_not_know_is_made_known(self, transactional_db, by, day_one):
        made = footage_keys().make()  # killed before the event
        assert current_footage_key(by=by, at=day_one) == made
        assert Event.objects.get(kind="footage_key.made").particulars.details == {"key": made.id}

    def test_a_key_that_others_can_read_or_that_was_swapped_is_not_used(self, footage_key, home):
        file = home / "keys" / f"{footage_key.id}.pem"
        file.chmod(0o640)
        with pytest.raises(FootageKeyUnsafe):
            footage_keys().private(footage_key.id)
        other = footage_keys().make()
        (home / "keys" / f"{other.id}.pem").replace(file)
        with pytest.raises(FootageKeyUnsafe):
            footage_keys().private(footage_key.id)


class TestTheWorker:
    """What the jobs make of it: footage that people can see."""

    def probe(self, recording):
        tasks.probe_recording(subject_id=str(recording.pk))
        return {segment.name: getattr(segment, "probe", None) for segment in recording.segments.all()}

    def test_footage_is_decrypted_and_looked_into_in_one_job(self, encrypting, camera):
        ciphertext, key_file = camera.encrypt(film(Recipe(seconds=2)))
        encrypting.put(BOX, "20261104T211403Z_4F2A.mp4", body=ciphertext)
        encrypting.put(BOX, KEY, body=key_file)
        recording = complete(encrypting)
        (probe,) = self.probe(recording).values()
        assert (probe.is_decodable, probe.segment.object.decrypted_from.segment) == (True, probe.segment)

    def test_what_waits_for_its_key_is_not_called_broken_and_is_seen_once_the_key_is_here(
        self, encrypting, camera
    ):
        ciphertext, key_file = camera.encrypt(film(Recipe(seconds=2)))
        encrypting.put(BOX, "20261104T211403Z_4F2A.mp4", body=ciphertext)
        encrypting.put(BOX, "20261104T211503Z_4F2B.mp4", body=b"\0\0\0\x18ftypisom, in the clear and broken")
        recording = complete(encrypting)
        probes = self.probe(recording)
        assert probes["20261104T211403Z_4F2A.mp4"] is None
        assert not probes["20261104T211503Z_4F2B.mp4"].is_decodable
        tasks.decrypt_waiting(timestamp=0)
        assert Event.objects.filter(kind="object.decryption_failed").count() == 1
        encrypting.put(BOX, KEY, body=key_file)
        tasks.decrypt_waiting(timestamp=0)
        assert recording.segments.get(name="20261104T211403Z_4F2A.mp4").probe.is_decodable
        recording.refresh_from_db()
        assert FLAG not in recording.flags


def test_a_question_that_somebody_settled_is_not_asked_again(encrypting, camera, by):
    ciphertext, _ = camera.encrypt(MATROSKA + b"footage")
    encrypting.put(BOX, FILE, body=ciphertext)
    recording = complete(encrypting)
    decrypt(recording, by)
    amir = create_account(
        username="amir",
        display_name="Amir Solanki",
        password="the-knight-rode-first",
        roles=[Role.BWV_ADMINISTRATOR],
        officer=None,
        by=by,
        at=clock.now(),
    )
    viewer = viewer_of(amir, clock.now())
    settle(recording=recording, flag=FLAG.value, reason="The key is lost", viewer=viewer, at=clock.now())
    encrypting.put(BOX, KEY, body=b"no key file")
    decrypt(recording, by)
    assert (waiting().get().reason, FLAG in recording.flags) == ("key_broken", False)
