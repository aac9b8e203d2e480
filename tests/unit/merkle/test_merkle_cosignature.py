from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.checkpoint import Checkpoint, InvalidCheckpoint, open_checkpoint, sign_checkpoint
from tabard.merkle.note import (
    COSIGNATURE_V1,
    CosignatureSigner,
    InvalidNote,
    InvalidVerifierKey,
    NoteSignature,
    SignedNote,
    Signer,
    VerifierKey,
    cosigned_at,
    open_note,
    parse_signatures,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)
WITNESS = CosignatureSigner("witness.example/w1", KEY)
LOG = Signer("log.example", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
HEAD = Checkpoint("log.example", 7, bytes(range(32)))
AT = datetime(2026, 11, 21, 9, 30, 15, 999_999, tzinfo=UTC)
NOTE = SignedNote.parse(sign_checkpoint(HEAD, LOG))
texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n")).map("{}\n".format)


@given(texts, st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_a_cosignature_holds_over_its_text_at_its_time(text, at):
    line = WITNESS.sign(text, at=at)
    note = SignedNote(text, (line,)).encode()
    assert open_note(note, [WITNESS.vkey]).verified_by == (WITNESS.vkey,)
    assert cosigned_at(line) == at.replace(microsecond=0)


def test_the_signed_message_is_the_specifications():
    line = WITNESS.sign(HEAD.to_text(), at=AT)
    assert len(line.signature) == 72
    message = b"cosignature/v1\ntime 1795253415\n" + HEAD.to_text().encode()
    KEY.public_key().verify(line.signature[8:], message)
    assert int.from_bytes(line.signature[:8], "big") == 1795253415


@given(st.integers(0, 72 * 8 - 1))
def test_an_altered_bit_of_time_or_signature_does_not_hold(bit):
    line = WITNESS.sign(HEAD.to_text(), at=AT)
    altered = bytearray(line.signature)
    altered[bit // 8] ^= 1 << bit % 8
    assert not WITNESS.vkey.holds(HEAD.to_text().encode(), bytes(altered))


@pytest.mark.parametrize("size", [0, 8, 64, 71, 73])
def test_a_cosignature_of_another_length_does_not_hold(size):
    assert not WITNESS.vkey.holds(b"text\n", bytes(size))


def test_a_time_past_the_specifications_limit_does_not_hold():
    time_s = 2**63
    message = b"cosignature/v1\ntime %d\ntext\n" % time_s
    signature = time_s.to_bytes(8, "big") + KEY.sign(message)
    assert not WITNESS.vkey.holds(b"text\n", signature)


def test_one_key_has_another_id_and_other_signatures_for_each_purpose():
    plain = VerifierKey(WITNESS.name, WITNESS.vkey.public_key)
    assert (WITNESS.vkey.algorithm, plain.key_id != WITNESS.vkey.key_id) == (COSIGNATURE_V1, True)
    line = WITNESS.sign("text\n", at=AT)
    assert not plain.holds(b"text\n", line.signature)
    assert not plain.holds(b"text\n", line.signature[8:])


def test_a_witness_that_calls_itself_like_the_log_does_not_speak_for_it():
    twin = CosignatureSigner(HEAD.origin, KEY)
    note = SignedNote(HEAD.to_text(), (twin.sign(HEAD.to_text(), at=AT),)).encode()
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(note, [twin.vkey])


def test_a_cosigned_checkpoint_opens_with_and_without_the_witnesses_key():
    cosigned = NOTE.with_signatures(WITNESS.sign(NOTE.text, at=AT)).encode()
    assert open_checkpoint(cosigned, [LOG.vkey]) == HEAD
    assert open_checkpoint(cosigned, [LOG.vkey, WITNESS.vkey]) == HEAD


def test_before_1970_nothing_is_cosigned():
    with pytest.raises(InvalidNote):
        WITNESS.sign("text\n", at=datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=1))


@pytest.mark.parametrize("signature", [bytes(8), b"\x7f" + bytes(71)])
def test_a_time_that_no_calendar_has_is_refused(signature):
    with pytest.raises(InvalidNote):
        cosigned_at(NoteSignature("w", bytes(4), signature))


def test_a_name_that_would_break_a_note_is_refused():
    with pytest.raises(InvalidVerifierKey):
        CosignatureSigner("a b", KEY)


def test_a_signer_does_not_show_its_key():
    assert "private" not in repr(WITNESS)


def test_answered_lines_are_parsed_whole_or_not_at_all():
    lines = [WITNESS.sign(NOTE.text, at=AT), LOG.sign(NOTE.text)]
    encoded = "".join(line.encode() for line in lines)
    assert parse_signatures(encoded) == tuple(lines)
    for bad in ("", encoded.rstrip("\n"), encoded + "\n", "x\n" + encoded):
        with pytest.raises(InvalidNote):
            parse_signatures(bad)
