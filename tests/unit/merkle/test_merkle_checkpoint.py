import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.checkpoint import Checkpoint, InvalidCheckpoint, open_checkpoint, sign_checkpoint
from tabard.merkle.note import InvalidNote, Signer, sign_note

lines = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=30)
checkpoints = st.builds(
    Checkpoint,
    lines,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3).map(tuple),
)


def signer(name="log.example", seed=1):
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


LOG = signer()
WITNESS = signer("witness.example", 2)
HEAD = Checkpoint("log.example", 7, bytes(range(32)))
ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@given(checkpoints)
def test_checkpoints_round_trip(checkpoint):
    assert Checkpoint.parse(checkpoint.to_text()) == checkpoint


@given(st.text(max_size=80))
def test_whatever_parses_is_written_back_the_same(text):
    try:
        checkpoint = Checkpoint.parse(text)
    except InvalidCheckpoint:
        return
    assert checkpoint.to_text() == text


def test_the_text_is_origin_size_and_root():
    assert HEAD.to_text() == f"log.example\n7\n{ROOT}\n"


def test_a_signed_checkpoint_opens_with_the_logs_key():
    assert open_checkpoint(sign_checkpoint(HEAD, LOG, WITNESS), [LOG.vkey]) == HEAD
    assert open_checkpoint(sign_checkpoint(HEAD, WITNESS, LOG), [WITNESS.vkey, LOG.vkey]) == HEAD


def test_a_witness_alone_cannot_speak_for_the_log():
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(sign_checkpoint(HEAD, LOG, WITNESS), [WITNESS.vkey])
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(sign_checkpoint(HEAD, WITNESS), [LOG.vkey, WITNESS.vkey])


def test_another_logs_key_cannot_speak_for_this_log():
    other = signer("other.example", 3)
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(sign_checkpoint(HEAD, other), [LOG.vkey, other.vkey])


def test_an_unsigned_or_unknown_checkpoint_does_not_open():
    with pytest.raises(InvalidNote):
        open_checkpoint(HEAD.to_text().encode(), [LOG.vkey])
    with pytest.raises(InvalidNote):
        open_checkpoint(sign_checkpoint(HEAD, signer(seed=9)), [LOG.vkey])


def test_a_signed_text_that_is_no_checkpoint_does_not_open():
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(sign_note("log.example\nseven\n", LOG).encode(), [LOG.vkey])


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log.example\n7\n{ROOT}",
        "log.example\n7\n",
        f"\n7\n{ROOT}\n",
        f"log.example\n07\n{ROOT}\n",
        f"log.example\n-7\n{ROOT}\n",
        f"log.example\n+7\n{ROOT}\n",
        f"log.example\n7 \n{ROOT}\n",
        f"log.example\n\u0667\n{ROOT}\n",
        f"log.example\n9223372036854775808\n{ROOT}\n",
        f"log.example\n{'9' * 5000}\n{ROOT}\n",
        f"log.example\n7\n{ROOT[:-1]}\n",
        "log.example\n7\nAAECAw==\n",
        f"log.example\n7\n{ROOT}\n\n",
        f"log.example\n7\n{ROOT}\nextension\n\nextension\n",
    ],
)
def test_malformed_checkpoints_are_refused(text):
    with pytest.raises(InvalidCheckpoint):
        Checkpoint.parse(text)


def test_a_checkpoint_that_would_read_as_another_cannot_be_made():
    for origin, size, root, extensions in (
        ("log.example\n9", 7, bytes(32), ()),
        ("", 7, bytes(32), ()),
        ("log.example", -1, bytes(32), ()),
        ("log.example", 2**63, bytes(32), ()),
        ("log.example", 7, bytes(31), ()),
        ("log.example", 7, bytes(32), ("",)),
        ("log.example", 7, bytes(32), ("a\nb",)),
    ):
        with pytest.raises(InvalidCheckpoint):
            Checkpoint(origin, size, root, extensions)
