"""Who signed this text?

C2SP signed-note: a UTF-8 text, an empty line, and lines `— <key name> <base64(key id || signature)>`. A
signature by a key we do not know is ignored, so that keys can be rotated and witnesses added; one by a key we
know must be right, and one at least must be there. Signature types go by one byte: Ed25519 is 0x01, the timestamped
cosignature of a witness (C2SP tlog-cosignature, cosignature/v1) 0x04, and others can join `_ALGORITHMS`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tabard.kernel.errors import Integrity, Invalid

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100

_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_LATEST_TIME_S = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^ ]+) (?P<blob>[^ ]+)")
_VKEY = re.compile(r"(?P<name>[^+]+)\+(?P<key_id>[0-9a-fA-F]{8})\+(?P<key>[0-9A-Za-z+/=]+)")


class InvalidNote(Integrity):
    """The note is malformed, or its signatures do not show that someone we trust signed it."""

    code = "invalid_note"


class InvalidVerifierKey(Invalid):
    """The verifier key or the key name cannot be used."""

    code = "invalid_verifier_key"


class Algorithm(Protocol):
    """One signature type: what its public keys are, and when a signature holds."""

    def is_key(self, public_key: bytes) -> bool:
        """True when the bytes are a public key of this type."""

    def holds(self, public_key: bytes, text: bytes, signature: bytes) -> bool:
        """True when the key made the signature over the note text."""


class _Ed25519:
    """Ed25519 over the note text itself (signed-note, "Ed25519 signatures"; RFC 8032)."""

    def is_key(self, public_key: bytes) -> bool:
        return len(public_key) == 32

    def holds(self, public_key: bytes, text: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


class _CosignatureV1:
    """Eight bytes of POSIX time, then Ed25519 over time and text (tlog-cosignature, "Ed25519 signed message")."""

    def is_key(self, public_key: bytes) -> bool:
        return len(public_key) == 32

    def holds(self, public_key: bytes, text: bytes, signature: bytes) -> bool:
        time_s = int.from_bytes(signature[:_TIME_BYTES], "big")
        if len(signature) != _TIME_BYTES + 64 or time_s > _LATEST_TIME_S:
            return False
        return _Ed25519().holds(public_key, _cosigned(time_s, text), signature[_TIME_BYTES:])


_ALGORITHMS: Mapping[int, Algorithm] = {ED25519: _Ed25519(), COSIGNATURE_V1: _CosignatureV1()}


@dataclass(frozen=True)
class VerifierKey:
    """A public key under a name, as a vkey line gives it: `<name>+<key id in hex>+<base64(type || key)>`.

    Raises:
        InvalidVerifierKey: The name is not allowed, the type unknown or the key not of that type.
    """

    name: str
    public_key: bytes
    algorithm: int = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        algorithm = _ALGORITHMS.get(self.algorithm)
        if algorithm is None:
            raise InvalidVerifierKey("The type of that key is unknown.", field="vkey", type=self.algorithm)
        if not algorithm.is_key(self.public_key):
            raise InvalidVerifierKey("That is not a public key of its type.", field="vkey")

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || 0x0A || type || key)."""
        return sha256(self.name.encode() + b"\n" + self._typed_key).digest()[:_KEY_ID_BYTES]

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """The key that a vkey line holds; one newline at its end is allowed.

        Raises:
            InvalidVerifierKey: The line is malformed, or its key id is not the key's.
        """
        match = _VKEY.fullmatch(vkey.removesuffix("\n"))
        typed_key = decode_base64(match["key"]) if match else None
        if match is None or not typed_key:
            raise InvalidVerifierKey("That is not a verifier key.", field="vkey")
        key = cls(match["name"], typed_key[1:], typed_key[0])
        if key.key_id.hex() != match["key_id"].lower():
            raise InvalidVerifierKey("The verifier key's id is not its own.", field="vkey")
        return key

    def encode(self) -> str:
        """The vkey line, without a newline."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self._typed_key)}"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """True when this key made the signature over the note text."""
        return _ALGORITHMS[self.algorithm].holds(self.public_key, text, signature)

    @property
    def _typed_key(self) -> bytes:
        return bytes([self.algorithm]) + self.public_key


class NoteSignature(NamedTuple):
    """One signature line: who says to have signed, and the signature without its key id."""

    name: str
    key_id: bytes
    signature: bytes

    def encode(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class SignedNote:
    """A text with its signature lines; `verified_by` holds the known keys whose signatures were checked.

    Raises:
        InvalidNote: The text or the signatures could not be written as a note.
    """

    text: str
    signatures: tuple[NoteSignature, ...]
    verified_by: tuple[VerifierKey, ...] = ()

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not 0 < len(self.signatures) <= MAX_SIGNATURES:
            raise InvalidNote("A note carries 1 to 100 signatures.", signatures=len(self.signatures))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The text and signatures of a note. Nothing is verified: do not trust the text; see `open_note`.

        Raises:
            InvalidNote: The note is malformed.
        """
        if len(data) > MAX_NOTE_BYTES:
            raise InvalidNote("The note is too long.", size_bytes=len(data))
        try:
            note = data.decode()
        except UnicodeDecodeError as error:
            raise InvalidNote("The note is not UTF-8.") from error
        text, separator, lines = note.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise InvalidNote("The note does not end in signature lines.")
        return cls(text + "\n", parse_signatures(lines))

    def encode(self) -> bytes:
        """The note as it is published; `parse` gives back the same text and signatures."""
        return (self.text + "\n" + "".join(line.encode() for line in self.signatures)).encode()

    def with_signatures(self, *signatures: NoteSignature) -> Self:
        """The same note with more signatures after those it has, as a witness's cosignature."""
        return replace(self, signatures=self.signatures + signatures)


@dataclass(frozen=True)
class Signer:
    """Signs notes with an Ed25519 key under a name.

    Raises:
        InvalidVerifierKey: The name is not allowed.
    """

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def vkey(self) -> VerifierKey:
        """The key that checks this signer's signatures."""
        return VerifierKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> NoteSignature:
        """The signature line over exactly this text.

        Raises:
            InvalidNote: The text could not be a note's.
        """
        _check_text(text)
        return NoteSignature(self.name, self.vkey.key_id, self.private_key.sign(text.encode()))


@dataclass(frozen=True)
class CosignatureSigner:
    """Cosigns checkpoints as a witness does: "as of this time, this is the largest consistent tree I have seen".

    One key must not serve two witnesses: the signed message does not hold the witness's name (tlog-cosignature).

    Raises:
        InvalidVerifierKey: The name is not allowed.
    """

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def vkey(self) -> VerifierKey:
        """The key that checks this witness's cosignatures."""
        return VerifierKey(self.name, self.private_key.public_key().public_bytes_raw(), COSIGNATURE_V1)

    def sign(self, text: str, *, at: datetime) -> NoteSignature:
        """The cosignature line over exactly this text, at this time to the second below.

        Raises:
            InvalidNote: The text could not be a note's, or the time is before 1970.
        """
        _check_text(text)
        time_s = (at - _EPOCH) // timedelta(seconds=1)
        if time_s < 0:
            raise InvalidNote("A cosignature's time cannot be before 1970.")
        signature = self.private_key.sign(_cosigned(time_s, text.encode()))
        return NoteSignature(self.name, self.vkey.key_id, time_s.to_bytes(_TIME_BYTES, "big") + signature)


def cosigned_at(line: NoteSignature) -> datetime:
    """When a cosignature says that it was made, UTC. Only for a line that a cosignature key was found to hold.

    Raises:
        InvalidNote: The line is too short to be a cosignature, or its time is past the year 9999.
    """
    if len(line.signature) <= _TIME_BYTES:
        raise InvalidNote("That signature holds no time.", name=line.name)
    try:
        return _EPOCH + timedelta(seconds=int.from_bytes(line.signature[:_TIME_BYTES], "big"))
    except OverflowError as error:
        raise InvalidNote("The cosignature's time is not possible.", name=line.name) from error


def sign_note(text: str, *signers: Signer) -> SignedNote:
    """The text signed by every signer, in order.

    Raises:
        InvalidNote: The text could not be a note's, or there is no signer.
    """
    signatures = tuple(signer.sign(text) for signer in signers)
    return SignedNote(text, signatures, tuple(signer.vkey for signer in signers))


def open_note(data: bytes, verifiers: Sequence[VerifierKey]) -> SignedNote:
    """The note, only if a known key signed it and no signature under a known key's name and id is wrong.

    Returns:
        The whole note, signatures of unknown keys included; `verified_by` holds the keys that were checked.

    Raises:
        InvalidNote: The note is malformed, a known key's signature is wrong, or no known key signed.
        InvalidVerifierKey: Two of the verifiers share a name and key id but are different keys.
    """
    note = SignedNote.parse(data)
    known = _by_name_and_id(verifiers)
    text = note.text.encode()
    verified: dict[VerifierKey, None] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.holds(text, line.signature):
            raise InvalidNote("A signature on the note is wrong.", name=line.name)
        verified[key] = None
    if not verified:
        raise InvalidNote("No key that we know signed the note.")
    return replace(note, verified_by=tuple(verified))


def vouched_by(note: SignedNote, keys: Iterable[VerifierKey]) -> set[VerifierKey]:
    """Those of the keys that signed the note: there is a line under the key's name and id, and each such line holds."""
    text, found = note.text.encode(), set()
    for key in keys:
        lines = [line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
        if lines and all(key.holds(text, line.signature) for line in lines):
            found.add(key)
    return found


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """The signature lines in a text of nothing else, as a witness answers with. Nothing is verified.

    Raises:
        InvalidNote: A line is malformed or does not end in a newline.
    """
    if not lines.endswith("\n"):
        raise InvalidNote("A signature line does not end in a newline.")
    return tuple(map(_parse_signature, lines[:-1].split("\n")))


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes | None:
    """The bytes, or None unless the text is exactly how `encode_base64` writes them."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return None
    # A second spelling of one signature or hash would let a proof be altered without failing.
    return data if encode_base64(data) == text else None


def _cosigned(time_s: int, text: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time_s + text


def _by_name_and_id(verifiers: Sequence[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in verifiers:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise InvalidVerifierKey("Two keys share a name and an id.", field="verifiers", name=key.name)
    return known


def _parse_signature(line: str) -> NoteSignature:
    match = _SIGNATURE_LINE.fullmatch(line)
    blob = decode_base64(match["blob"]) if match else None
    if match is None or blob is None or len(blob) <= _KEY_ID_BYTES or not _is_name(match["name"]):
        raise InvalidNote("A signature line of the note is malformed.")
    return NoteSignature(match["name"], blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])


def _check_text(text: str) -> None:
    if not text.endswith("\n") or not _is_printable(text.replace("\n", "")):
        raise InvalidNote("The note's text must end in a newline and hold no control characters.")


def _check_name(name: str) -> None:
    if not _is_name(name):
        raise InvalidVerifierKey("A key name must not be empty or hold spaces or plus signs.", field="name")


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name)) and _is_printable(name)


def _is_printable(text: str) -> bool:
    """True when the text has no ASCII control character and nothing that UTF-8 cannot carry."""
    return not any(character < " " or "\ud800" <= character <= "\udfff" for character in text)
