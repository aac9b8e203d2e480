"""How each service of the Axis door is called: who may send, and what came encrypted."""

import base64
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.integration.api.access_world import DONE_AT
from tests.integration.logged.acts_on_recordings import container, destination, pending, put
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.intake import destinations, encryption, issuing
from tabard.intake import services as intake
from tabard.recordings import decryption
from tabard.recordings.models import EncryptedFile, Recording

FILE, KEY = "20260314T224107Z_a.mp4", "20260314T224107Z_a.key"


@act("intake.destinations.open_destination", E.DESTINATION_OPENED)
def open_destination(stage: Stage) -> Call:
    return lambda: destinations.open_destination(name="D", username="d", by=BY, at=AT)[0].pk


@act("intake.destinations.renew_key", E.DESTINATION_RENEWED)
def renew_key(stage: Stage) -> Call:
    found = destination()
    return lambda: destinations.renew_key(destination=found, by=BY, at=AT) and found.pk


@act("intake.destinations.revoke_destination", E.DESTINATION_REVOKED)
def revoke_destination(stage: Stage) -> Call:
    found = destination()
    return lambda: destinations.revoke_destination(destination=found, by=BY, at=AT) or found.pk


@act("intake.encryption.make_footage_key", E.FOOTAGE_KEY_MADE)
def make_footage_key(stage: Stage) -> Call:
    return lambda: encryption.subject_of(encryption.make_footage_key(by=BY, at=AT).id).id


@act("intake.encryption.current_footage_key", E.FOOTAGE_KEY_MADE)
def current_footage_key(stage: Stage) -> Call:
    return lambda: encryption.subject_of(encryption.current_footage_key(by=BY, at=AT).id).id


def _encrypt(plain: bytes) -> tuple[bytes, bytes]:
    """What a camera sends: the ciphertext and its key file."""
    public = load_pem_public_key(encryption.current_footage_key(by=BY, at=DONE_AT).public_pem)
    key, iv = os.urandom(32), os.urandom(16)
    padder, cipher = PKCS7(128).padder(), Cipher(AES256(key), CBC(iv)).encryptor()
    ciphertext = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - as the cameras do
    said = {"EncryptedKey": public.encrypt(key, oaep), "ContentEncryptionIV": iv}
    return ciphertext, json.dumps(
        {name: base64.b64encode(value).decode() for name, value in said.items()}
    ).encode()


def _secret(*, has_key: bool = True) -> Recording:
    """A complete recording whose footage came encrypted."""
    ciphertext, key_file = _encrypt(b"\x1a\x45\xdf\xa3 footage")
    into = container()
    put(into, FILE, ciphertext)
    put(into, KEY, key_file if has_key else b"none")
    found = intake.complete(container=into, by=BY, at=DONE_AT)
    assert found is not None
    return found


@act("intake.issuing.issue", E.DESTINATION_OPENED)
def issue(stage: Stage) -> Call:
    wanted = issuing.Wanted()
    return lambda: issuing.issue(name="D", username="d", wanted=wanted, by=BY, at=AT).destination.pk


@act("intake.issuing.renew", E.DESTINATION_RENEWED)
def renew(stage: Stage) -> Call:
    found = destination()
    return lambda: issuing.renew(destination=found, wanted=issuing.Wanted(), by=BY, at=AT) and found.pk


@act("intake.services.end_transfer", E.RECORDING_SEALED)
def end_transfer(stage: Stage) -> Call:
    into, viewer = container(), stage.viewer
    put(into, FILE, b"first")
    return lambda: intake.end_transfer(container=into, reason="lost", viewer=viewer, at=AT).pk


@act("intake.encryption.decrypt_recording", E.OBJECT_DECRYPTED)
def decrypt_recording(stage: Stage) -> Call:
    recording = _secret()

    def call():
        assert encryption.decrypt_recording(recording=recording, by=BY, at=AT) == 1
        return EncryptedFile.objects.get().plain_id

    return call


@act("intake.encryption.decrypt_recording#in vain", E.OBJECT_DECRYPTION_FAILED)
def decrypt_in_vain(stage: Stage) -> Call:
    recording = _secret(has_key=False)

    def call():
        assert encryption.decrypt_recording(recording=recording, by=BY, at=AT) == 0
        return EncryptedFile.objects.get().ciphertext_id

    return call


@act("recordings.decryption.keep_decrypted", E.OBJECT_DECRYPTED)
def keep_decrypted(stage: Stage) -> Call:
    encrypted = _secret().encrypted_files.get()

    def call():
        with pending(b"plain") as plain:
            opened = decryption.Opened(plain, encrypted.recording.attachments.get().object, "key")
            decryption.keep_decrypted(encrypted=encrypted, opened=opened, by=BY, at=AT)
            return plain.object_id

    return call


@act("recordings.decryption.note_failure", E.OBJECT_DECRYPTION_FAILED)
def note_failure(stage: Stage) -> Call:
    encrypted = _secret().encrypted_files.get()
    reason = EncryptedFile.Reason.KEY_UNKNOWN

    def call():
        decryption.note_failure(encrypted=encrypted, reason=reason, tried_with="x", by=BY, at=AT)
        return encrypted.ciphertext_id

    return call
