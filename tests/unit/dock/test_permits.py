"""Every way a permit can be wrong, and the one way it is right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tabard.dock.errors import PermitWrong
from tabard.dock.permits import FileAtHand, check_permit, open_permit
from tabard.merkle.note import CosignatureSigner, Signer, sign_note

ISSUED = datetime(2026, 11, 27, 21, tzinfo=UTC)
SIGNER = Signer("tabard.example/permits", Ed25519PrivateKey.from_private_bytes(bytes(32)))
STRANGER = Signer("tabard.example/permits", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
FILE = FileAtHand("dock-1", "C344", "GX010001.MP4", 12, "ab" * 32, "object-1")
TEXT = f"""tabard/erase-permit/v1
0192f0c4-1111
dock dock-1
camera C344
file GX010001.MP4
size 12
sha256 {"ab" * 32}
object object-1
checkpoint 7 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
issued 2026-11-27T21:00:00Z
expires 2026-11-27T21:10:00Z
"""


def judge(text=TEXT, file=FILE, *, signer=SIGNER, key=SIGNER.vkey, at=ISSUED + timedelta(minutes=1)):
    """The permit, or the word for what is wrong with it."""
    try:
        permit = open_permit(sign_note(text, signer).encode(), [key])
        check_permit(permit, file, at=at)
    except PermitWrong as error:
        return error.fields["why"]
    return permit


def test_a_permit_for_this_file_in_its_ten_minutes():
    permit = judge()
    assert permit.file == FILE
    assert permit.id == "0192f0c4-1111"
    assert permit.expires_at - permit.issued_at == timedelta(minutes=10)


WRONG = {
    "another dock's": ({"file": replace(FILE, dock="dock-2")}, "dock"),
    "another camera's": ({"file": replace(FILE, camera="C345")}, "camera"),
    "another file's": ({"file": replace(FILE, name="GX010002.MP4")}, "name"),
    "another size": ({"file": replace(FILE, size_bytes=13)}, "size"),
    "other bytes": ({"file": replace(FILE, sha256="cd" * 32)}, "sha256"),
    "another object": ({"file": replace(FILE, object_id="object-2")}, "object"),
    "too late": ({"at": ISSUED + timedelta(minutes=10)}, "expired"),
    "years too late": ({"at": ISSUED + timedelta(days=7300)}, "expired"),
    "signed by a stranger under the same name": ({"signer": STRANGER}, "signature"),
    "a key that we do not know": ({"key": STRANGER.vkey}, "signature"),
    "a witness's key": (
        {"key": CosignatureSigner("tabard.example/permits", SIGNER.private_key).vkey},
        "signature",
    ),
    "good for a year": ({"text": TEXT.replace("expires 2026", "expires 2027")}, "lifetime"),
    "expired before it was issued": ({"text": TEXT.replace("21:10:00Z", "20:59:00Z")}, "lifetime"),
    "resting on an empty log": ({"text": TEXT.replace("checkpoint 7", "checkpoint 0")}, "checkpoint"),
    "of another version": ({"text": TEXT.replace("/v1", "/v2")}, "malformed"),
    "a line too many": ({"text": TEXT + "note hello\n"}, "malformed"),
    "a line too few": ({"text": TEXT.replace("object object-1\n", "")}, "malformed"),
    "a line twice": ({"text": TEXT.replace("size 12\n", "size 12\nsize 12\n")}, "malformed"),
    "lines in another order": (
        {"text": TEXT.replace("dock dock-1\ncamera C344", "camera C344\ndock dock-1")},
        "malformed",
    ),
    "a size spelt otherwise": ({"text": TEXT.replace("size 12", "size 012")}, "malformed"),
    "a hash in capitals": ({"text": TEXT.replace("ab" * 32, "AB" * 32)}, "malformed"),
    "a time without an offset": ({"text": TEXT.replace("21:10:00Z", "21:10:00")}, "malformed"),
    "a time that does not exist": ({"text": TEXT.replace("21:10:00Z", "21:61:00Z")}, "malformed"),
    "a checkpoint, not a permit": (
        {"text": "log.example\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"},
        "malformed",
    ),
}


@pytest.mark.parametrize(("change", "why"), WRONG.values(), ids=WRONG)
def test_a_permit_that_is_wrong(change, why):
    assert judge(**change) == why


def test_while_keys_change_either_will_do():
    note = sign_note(TEXT, STRANGER, SIGNER).encode()
    assert open_permit(note, [SIGNER.vkey]).file == FILE
    assert open_permit(sign_note(TEXT, SIGNER).encode(), [STRANGER.vkey, SIGNER.vkey]).file == FILE
    with pytest.raises(PermitWrong):
        open_permit(note, [])


NOTES = {
    "nothing": b"",
    "not UTF-8": b"\xff\n\n",
    "no signature": TEXT.encode(),
    "an empty signature part": f"{TEXT}\n".encode(),
    "endless": TEXT.encode() * 200,
}


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
def test_what_is_no_signed_note_is_no_permit(note):
    with pytest.raises(PermitWrong):
        open_permit(note, [SIGNER.vkey])


@given(st.data())
def test_no_byte_of_a_permit_can_be_changed(data):
    note = bytearray(sign_note(TEXT, SIGNER).encode())
    place = data.draw(st.integers(0, len(note) - 1))
    note[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PermitWrong):
        check_permit(open_permit(bytes(note), [SIGNER.vkey]), FILE, at=ISSUED)
