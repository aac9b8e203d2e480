"""Footage that came encrypted, as an Axis system sends it, and what must hold once it is to be decrypted."""

import base64
import json
import os
from functools import cache

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from tests.faults.injection.common import BY, Say, content, now, read_back

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import history
from tabard.intake import services as intake
from tabard.intake.encryption import current_footage_key, decrypt_recording
from tabard.intake.models import Container, Destination
from tabard.recordings.models import EncryptedFile, Recording
from tabard.vault import services as vault

MATROSKA = b"\x1a\x45\xdf\xa3"


def footage(number: int) -> bytes:
    """What the camera filmed; as long as every other object, and it begins as footage does."""
    return MATROSKA + content(number)[len(MATROSKA) :]


def arrive(number: int) -> None:
    """A recording of one encrypted file and its key file, complete."""
    destination = Destination.objects.get()
    facts = {"metadata": {"StartTimeISO": "2026-11-04T21:14:03Z"}, "by": BY, "at": now()}
    intake.put_container(destination=destination, name=_name(number), **facts)
    ciphertext, key_file = _encrypted(footage(number))
    container = Container.objects.get(name=_name(number))
    for name, body, metadata in (("Clip.mkv", ciphertext, {}), ("Clip.key", key_file, {"FileType": "key"})):
        with vault.start() as pending:
            pending.write(body)
            pending.seal()
            intake.receive(
                container_id=container.pk, name=name, metadata=metadata, pending=pending, by=BY, at=now()
            )
    intake.complete(container=container, by=BY, at=now())


def decrypt(number: int, say: Say) -> None:
    """What the worker's job does; what is said is that the footage is open from now on."""
    decrypt_recording(recording=_recording(number), by=BY, at=now())
    if _file(number).plain is not None:
        say(f"decrypted {number}")


def violations(number: int, answer: str) -> list[str]:
    """The plain text is whole, pointed at and logged, or not there at all and still waited for."""
    kept = _file(number)
    if kept.plain is None:
        return _not_decrypted(kept, answer)
    found = []
    if read_back(kept.plain) != footage(number):
        found.append("the plain text is not what the camera filmed")
    if _recording(number).segments.get().object_id != kept.plain_id:
        found.append("the segment does not point at its plain text")
    if EventKind.OBJECT_DECRYPTED.value not in [event.kind for event in history([kept.plain.pk])]:
        found.append("decrypted without its event")
    return found


def _not_decrypted(kept: EncryptedFile, answer: str) -> list[str]:
    found = ["acknowledged, but nothing is decrypted"] if answer.startswith("decrypted") else []
    if kept.reason != EncryptedFile.Reason.WAITING:
        found.append(f"given up for good: {kept.reason}")
    return found


def _name(number: int) -> str:
    return f"Encrypted_{number}"


def _recording(number: int) -> Recording:
    recording = Container.objects.get(name=_name(number)).recording
    assert recording is not None
    return recording


def _file(number: int) -> EncryptedFile:
    return EncryptedFile.objects.select_related("plain").get(recording=_recording(number))


def _encrypted(plain: bytes) -> tuple[bytes, bytes]:
    """The ciphertext and its key file."""
    key, iv, padder = os.urandom(32), os.urandom(16), padding.PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    encryptor = Cipher(AES256(key), CBC(iv)).encryptor()
    key_id, public = _footage_key()
    digest = hashes.SHA256()
    wrapped = public.encrypt(key, rsa_padding.OAEP(rsa_padding.MGF1(digest), digest, None))
    said = {
        "EncryptedKey": base64.b64encode(wrapped).decode(),
        "KeyId": key_id,
        "ContentEncryptionIV": base64.b64encode(iv).decode(),
    }
    return encryptor.update(padded) + encryptor.finalize(), json.dumps(said).encode()


@cache
def _footage_key() -> tuple[str, RSAPublicKey]:
    key = current_footage_key(by=BY, at=now())
    public = serialization.load_pem_public_key(key.public_pem)
    assert isinstance(public, RSAPublicKey)
    return key.id, public
