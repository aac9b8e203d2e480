from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint, InvalidCheckpoint, sign_checkpoint
from tabard.merkle.note import InvalidNote, Signer
from tabard.merkle.proofs import InvalidProof, inclusion_proof
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import leaf_hash, root

LEAVES = [f'{{"kind":"recording.sealed","n":{number}}}'.encode() for number in range(40)]
SIGNER = Signer("log.example", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
KEYS = [SIGNER.vkey]
HASH = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

path_hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)
proofs = st.builds(TlogProof, st.integers(0, 2**63 - 2), path_hashes, st.binary(), st.binary())


@pytest.fixture(scope="session")
def receipt(grow):
    read = grow([leaf_hash(leaf) for leaf in LEAVES])

    def made(index, size=40, extra=b""):
        note = sign_checkpoint(Checkpoint("log.example", size, root(size, read)), SIGNER)
        return TlogProof(index, tuple(inclusion_proof(index, size, read)), note, extra)

    return made


@given(proofs)
def test_receipts_round_trip(proof):
    assert TlogProof.parse(proof.encode()) == proof


@given(st.binary(max_size=100).map(b"c2sp.org/tlog-proof@v1\n".__add__) | st.binary(max_size=100))
def test_whatever_parses_is_written_back_the_same(data):
    try:
        proof = TlogProof.parse(data)
    except InvalidProof:
        return
    assert proof.encode() == data


@given(st.integers(1, len(LEAVES)), st.data())
def test_a_receipt_proves_its_leaf_and_no_other(receipt, size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = TlogProof.parse(receipt(index, size, extra=b"context").encode())
    assert proof.verify(LEAVES[index], KEYS).size == size
    for wrong in {0, size - 1, size % len(LEAVES)} - {index}:
        with pytest.raises(InvalidProof):
            proof.verify(LEAVES[wrong], KEYS)
        with pytest.raises(InvalidProof):
            replace(proof, index=wrong).verify(LEAVES[index], KEYS)


@given(st.integers(0, 39), st.data())
def test_an_altered_bit_anywhere_in_a_receipt_fails(receipt, index, data):
    encoded = bytearray(receipt(index).encode())
    bit = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Integrity):
        TlogProof.parse(bytes(encoded)).verify(LEAVES[index], KEYS)


def test_a_receipt_is_worth_nothing_without_the_logs_signature(receipt):
    stranger = Signer("log.example", Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32))
    with pytest.raises(InvalidNote):
        receipt(3).verify(LEAVES[3], [stranger.vkey])
    with pytest.raises(InvalidNote):
        receipt(3).verify(LEAVES[3], [])


def test_a_receipt_cannot_borrow_another_logs_checkpoint(receipt):
    other = Signer("other.example", SIGNER.private_key)
    head = receipt(3).verify(LEAVES[3], KEYS)
    borrowed = replace(receipt(3), checkpoint_note=sign_checkpoint(head, other))
    with pytest.raises(InvalidCheckpoint):
        borrowed.verify(LEAVES[3], [*KEYS, other.vkey])


def test_the_layout_of_a_receipt_without_and_with_extra_data():
    note = b"log.example\n1\nroot\n"
    assert TlogProof(0, (), note).encode() == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note
    proof = TlogProof(5, (bytes(range(32)),), note, b"extra")
    assert proof.encode() == f"c2sp.org/tlog-proof@v1\nextra ZXh0cmE=\nindex 5\n{HASH}\n\n".encode() + note


@pytest.mark.parametrize(
    "head",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\nindex 0",
        "c2sp.org/tlog-proof@v1\nindex",
        "c2sp.org/tlog-proof@v1\nindex 00",
        "c2sp.org/tlog-proof@v1\nindex -1",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775807",
        "c2sp.org/tlog-proof@v1\nindex 1\r",
        f"c2sp.org/tlog-proof@v1\n{HASH}\nindex 1",
        "c2sp.org/tlog-proof@v1\nindex 1\nnot base64",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA",
        f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH} ",
        "c2sp.org/tlog-proof@v1\nindex 1" + f"\n{HASH}" * 64,
        "c2sp.org/tlog-proof@v1\nindex 1\nextra ZXh0cmE=",
        "c2sp.org/tlog-proof@v1\nextra \nindex 1",
        "c2sp.org/tlog-proof@v1\nextra ZXh0cmE\nindex 1",
        "c2sp.org/tlog-proof@v1\nextra ZXh0cmE=",
        "c2sp.org/tlog-proof@v1\nindex 1\n…",
    ],
)
def test_malformed_receipts_are_refused(head):
    with pytest.raises(InvalidProof):
        TlogProof.parse(f"{head}\n\nlog.example\n".encode())


def test_a_receipt_without_a_checkpoint_is_refused():
    with pytest.raises(InvalidProof):
        TlogProof.parse(b"c2sp.org/tlog-proof@v1\nindex 1\n")


def test_a_receipt_too_long_to_be_honest_is_not_read():
    with pytest.raises(InvalidProof):
        TlogProof.parse(b"c2sp.org/tlog-proof@v1\nindex 1\n\n" + bytes(2_000_000))
