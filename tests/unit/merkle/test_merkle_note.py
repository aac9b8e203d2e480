from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.note import (
    InvalidNote,
    InvalidVerifierKey,
    NoteSignature,
    SignedNote,
    Signer,
    VerifierKey,
    decode_base64,
    encode_base64,
    open_note,
    sign_note,
)

texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n")).map("{}\n".format)


def signer(name="log.example/custody", seed=1):
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


LOG = signer()
WITNESS = signer("witness.example", 2)
NOTE = sign_note("one\n\ntwo\n", LOG, WITNESS)


@given(texts)
def test_notes_round_trip_and_open(text):
    note = sign_note(text, LOG, WITNESS)
    parsed = SignedNote.parse(note.encode())
    assert (parsed.text, parsed.signatures, parsed.verified_by) == (text, note.signatures, ())
    assert open_note(note.encode(), [LOG.vkey, WITNESS.vkey]) == note


@given(st.integers(0, len(NOTE.encode()) * 8 - 1))
def test_an_altered_bit_anywhere_stops_the_note(bit):
    data = bytearray(NOTE.encode())
    data[bit // 8] ^= 1 << bit % 8
    try:
        opened = open_note(bytes(data), [LOG.vkey, WITNESS.vkey])
    except InvalidNote:
        return
    # Only a signature line that no longer names a known key may change: then that key vouches no more.
    assert opened.text == NOTE.text
    assert len(opened.verified_by) == 1


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"t\n\n— {text}\n".encode()))
def test_garbage_raises_only_an_invalid_note(data):
    with pytest.raises(InvalidNote):
        open_note(data, [LOG.vkey])


@given(st.text(max_size=90))
def test_garbage_raises_only_an_invalid_key(vkey):
    with pytest.raises(InvalidVerifierKey):
        VerifierKey.parse(vkey)


def test_a_verifier_key_round_trips_and_may_end_in_a_newline():
    assert VerifierKey.parse(LOG.vkey.encode() + "\n") == LOG.vkey
    assert VerifierKey.parse(VerifierKey("bad.example", bytes(32)).encode()).name == "bad.example"


def test_a_verifier_key_under_an_id_not_its_own_is_refused():
    line = LOG.vkey.encode()
    with pytest.raises(InvalidVerifierKey):
        VerifierKey.parse(line.replace(LOG.vkey.key_id.hex(), WITNESS.vkey.key_id.hex()))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00b", "a\ud800b"])
def test_names_that_would_break_a_note_are_refused(name):
    with pytest.raises(InvalidVerifierKey):
        signer(name)
    with pytest.raises(InvalidVerifierKey):
        VerifierKey(name, bytes(32))


def test_other_signature_types_are_refused_until_they_are_known():
    with pytest.raises(InvalidVerifierKey) as caught:
        VerifierKey("witness.example", bytes(32), 0x06)
    assert caught.value.fields["type"] == 6


@pytest.mark.parametrize("text", ["", "no newline at the end", "tab\there\n", "cr\r\n", "lone \ud800\n"])
def test_texts_that_cannot_be_a_notes_are_not_signed(text):
    with pytest.raises(InvalidNote):
        LOG.sign(text)


def test_a_note_carries_between_1_and_100_signatures():
    with pytest.raises(InvalidNote):
        sign_note("text\n")
    line = LOG.sign("text\n")
    assert open_note(SignedNote("text\n", (line,) * 100).encode(), [LOG.vkey]).verified_by == (LOG.vkey,)
    with pytest.raises(InvalidNote):
        SignedNote("text\n", (line,) * 101)


def test_a_note_too_long_to_be_honest_is_not_read():
    with pytest.raises(InvalidNote):
        open_note(sign_note("x" * 1_000_000 + "\n", LOG).encode(), [LOG.vkey])


def test_the_same_name_with_another_key_is_an_unknown_key():
    rotated = signer(seed=3)
    data = sign_note("text\n", rotated, LOG).encode()
    assert open_note(data, [LOG.vkey]).verified_by == (LOG.vkey,)
    with pytest.raises(InvalidNote):
        open_note(sign_note("text\n", rotated).encode(), [LOG.vkey])


def test_a_witness_adds_its_signature_to_a_note_already_signed():
    note = SignedNote.parse(sign_note("text\n", LOG).encode())
    cosigned = note.with_signatures(WITNESS.sign(note.text))
    assert cosigned.encode() == sign_note("text\n", LOG, WITNESS).encode()


def test_an_impostor_under_a_known_name_and_id_spoils_the_note():
    impostor = NoteSignature(LOG.name, LOG.vkey.key_id, bytes(64))
    note = sign_note("text\n", WITNESS).with_signatures(impostor)
    with pytest.raises(InvalidNote):
        open_note(note.encode(), [LOG.vkey, WITNESS.vkey])


def test_a_signature_line_without_a_signature_is_malformed():
    for line in (
        "— name AAAA\n",
        "— name AAAAAA==\n",
        "- name AAAAAAAA\n",
        "— na+me AAAAAAAA\n",
        "—\n",
        "\n",
    ):
        with pytest.raises(InvalidNote):
            SignedNote.parse(f"text\n\n{line}".encode())


def test_two_different_keys_under_one_name_and_id_are_refused(monkeypatch):
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda _: b"same"))
    twin = replace(LOG.vkey, public_key=WITNESS.vkey.public_key)
    with pytest.raises(InvalidVerifierKey):
        open_note(NOTE.encode(), [LOG.vkey, twin])


def test_the_same_key_given_twice_is_one_key():
    assert open_note(NOTE.encode(), [LOG.vkey, LOG.vkey]).verified_by == (LOG.vkey,)


def test_a_signer_does_not_show_its_key():
    assert "private" not in repr(LOG)


@given(st.binary(max_size=80))
def test_base64_round_trips(data):
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AB==", "AA==\n", "A-__", "AAAA====", "é"])
def test_base64_has_one_spelling(text):
    assert decode_base64(text) is None
