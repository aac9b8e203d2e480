"""How does one open a file that a camera encrypted? With the key file beside it and the footage key it names. Pure.

A key file is JSON: `EncryptedKey` is the content key, wrapped to the footage key by RSA-OAEP; `ContentEncryptionIV`
begins the content's AES-256-CBC with PKCS#7 padding. The protocol does not say where in the JSON they stand, nor which
hash OAEP uses: its example decrypts with OpenSSL's default, which is SHA-1. Both SHA-1 and SHA-256 are accepted.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from tabard.intake.errors import ContentBroken

KEY_FILE_BYTES = 64 * 1024
BEGINNING_BYTES = 16
_KEY_ID_NAMES = ("PublicKeyId", "KeyId")
_BLOCK_BYTES = 16
_CONTENT_KEY_BYTES = 32
_DEEPEST = 4
_MATROSKA = b"\x1a\x45\xdf\xa3"
_MP4_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"uuid"})
_SHA1, _SHA256 = hashes.SHA1(), hashes.SHA256()  # noqa: S303 - as the cameras do; OAEP does not rest on collisions
_OAEP = tuple(
    padding.OAEP(padding.MGF1(mask), digest, None)
    for digest, mask in ((_SHA1, _SHA1), (_SHA256, _SHA256), (_SHA256, _SHA1))
)


class KeyFile(NamedTuple):
    """What a key file says. `key_id` is empty where it names no footage key."""

    wrapped: bytes
    iv: bytes
    key_id: str


def key_names(name: str) -> frozenset[str]:
    """What the key file of an object of this name may be called: with its ending replaced, or after it."""
    stem = name.rpartition(".")[0] or name
    return frozenset({f"{stem}.key", f"{name}.key"})


def parse_key_file(body: bytes) -> KeyFile | None:
    """What the key file says; None if it is none."""
    try:
        named = dict(_strings(json.loads(body), _DEEPEST))
        wrapped = base64.b64decode(named["EncryptedKey"], validate=True)
        iv = base64.b64decode(named["ContentEncryptionIV"], validate=True)
    except (ValueError, KeyError, RecursionError, binascii.Error):
        return None
    key_id = next((named[name] for name in _KEY_ID_NAMES if name in named), "")
    return KeyFile(wrapped, iv, key_id) if len(iv) == _BLOCK_BYTES else None


def content_key(key_file: KeyFile, private: rsa.RSAPrivateKey) -> bytes | None:
    """The content key, if this footage key unwraps it."""
    for oaep in _OAEP:
        try:
            key = private.decrypt(key_file.wrapped, oaep)
        except ValueError:
            continue
        if len(key) == _CONTENT_KEY_BYTES:
            return key
    return None


def decrypted(ciphertext: Iterable[bytes], key: bytes, iv: bytes) -> Iterator[bytes]:
    """The plain text, piece by piece; a piece of it in memory at a time.

    Raises:
        ContentBroken: at the end, where it is not whole blocks, or its padding is wrong.
    """
    cipher, padded = Cipher(AES256(key), CBC(iv)).decryptor(), PKCS7(AES256.block_size).unpadder()
    try:
        for piece in ciphertext:
            yield padded.update(cipher.update(piece))
        yield padded.update(cipher.finalize()) + padded.finalize()
    except ValueError as error:
        raise ContentBroken("What the key opens does not end as it should.") from error


def looks_like_footage(beginning: bytes) -> bool:
    """Whether bytes begin as Matroska or MP4 do: CBC opens with any key; this tells that it was the right one."""
    return beginning.startswith(_MATROSKA) or beginning[4:8] in _MP4_BOXES


def _strings(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Every named string in the JSON, outer ones last, so that they count."""
    if not isinstance(value, Mapping) or not depth:
        return
    for inner in value.values():
        yield from _strings(inner, depth - 1)
    yield from ((name, text) for name, text in value.items() if isinstance(text, str))
