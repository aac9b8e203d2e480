"""A receipt checked step by step: what a good one shows, and at which step each bad one fails, whatever it holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.disclosure.receipt_walk import Keys, Outcome, walk_receipt
from tabard.merkle.checkpoint import Checkpoint
from tabard.merkle.note import CosignatureSigner, Signer, sign_note
from tabard.merkle.policy import Policy
from tabard.merkle.proofs import inclusion_proof
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import extend, leaf_hash, root
from tabard.merkle.walk import pairings

AT = datetime(2026, 3, 14, 22, 41, 7, tzinfo=UTC)
LOG = Signer("log.example/force", Ed25519PrivateKey.from_private_bytes(bytes(32)))
WITNESS = CosignatureSigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
STRANGER = Signer("stranger.example", Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32))
TITLES = [
    "What was written down",
    "Its fingerprint",
    "The total that the log signed",
    "Each pairing on the way to the total",
    "The signature of the log",
    "The witnesses",
    "The timestamp",
]


def leaf(number):
    """An entry as docs/reference/custody-log.md specifies it."""
    return rfc8785.dumps(
        {
            "v": 1,
            "id": f"01980000-0000-7000-8000-{number:012x}",
            "kind": "recording.sealed",
            "at": "2026-03-14T22:41:07.000000Z",
            "subject": {"type": "recording", "id": str(UUID(int=7))},
            "actor": "aa" * 32,
            "details": "bb" * 32,
            "sha256": "cc" * 32,
        }
    )


def log_of(size, index, *, witnessed=False, signer=LOG):
    """A leaf of a log of so many entries, with its receipt."""
    leaves = [leaf(number) for number in range(size)]
    nodes = dict(extend(0, [leaf_hash(one) for one in leaves], lambda wanted: {}))
    head = Checkpoint(LOG.name, size, root(size, lambda wanted: nodes))
    note = sign_note(head.to_text(), signer)
    if witnessed:
        note = note.with_signatures(WITNESS.sign(note.text, at=AT))
    path = tuple(inclusion_proof(index, size, lambda wanted: nodes))
    return leaves[index], TlogProof(index, path, note.encode())


KEYS = Keys([LOG.vkey], [WITNESS.vkey])


def failing(walk):
    assert not walk.proven
    assert walk.shows == ()
    failed = TITLES.index(walk.failure.title)
    after = {step.outcome for step in walk.steps[failed + 1 :]}
    assert after <= {Outcome.NOT_REACHED}
    assert walk.failure.why
    agreed = [step.title for step in walk.steps if step.outcome is Outcome.HELD]
    assert set(agreed) <= set(TITLES[3:]), "what was only read is not said to agree"
    return walk.failure.title


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_every_entry_of_a_log_is_walked_to_its_total(size):
    for index in range(size):
        entry, proof = log_of(size, index)
        walk = walk_receipt(leaf=entry, proof=proof.encode(), keys=KEYS)
        assert walk.proven
        assert [step.title for step in walk.steps] == TITLES
        joined = walk.steps[3].pairings
        assert len(joined) == len(proof.path)
        assert (joined[-1].result if joined else leaf_hash(entry)) == walk.checkpoint.root
        assert f"at place {index}, and is among the first {size} entries" in walk.shows[0]


def test_a_witness_is_named_with_its_time_and_outdates_the_forces_word():
    entry, proof = log_of(5, 2, witnessed=True)
    walk = walk_receipt(leaf=entry, proof=proof.encode(), keys=KEYS)
    assert "holds; it saw this total at 14 March 2026 22:41:07 GMT" in walk.steps[5].facts[0].value
    assert any("by the word of somebody outside" in said for said in walk.shows)


def test_a_witness_whose_key_is_not_known_counts_neither_way():
    entry, proof = log_of(5, 2, witnessed=True)
    walk = walk_receipt(leaf=entry, proof=proof.encode(), keys=Keys([LOG.vkey]))
    assert walk.proven
    assert walk.steps[5].outcome is Outcome.NOTED
    assert any("No witness whose key is known here" in said for said in walk.shows)


def test_too_few_witnesses_for_the_policy_fail_at_the_witnesses():
    entry, proof = log_of(5, 2)
    policy = Policy.parse(f"log {LOG.vkey.encode()}\nwitness W {WITNESS.vkey.encode()}\nquorum W\n".encode())
    keys = Keys([LOG.vkey], [WITNESS.vkey], policy)
    assert failing(walk_receipt(leaf=entry, proof=proof.encode(), keys=keys)) == "The witnesses"
    entry, proof = log_of(5, 2, witnessed=True)
    assert walk_receipt(leaf=entry, proof=proof.encode(), keys=keys).proven


def wrong_cosignature(proof):
    note = proof.checkpoint_note.decode().rstrip("\n").rsplit("\n", 1)
    forged = WITNESS.sign(Checkpoint("other", 1, bytes(32)).to_text(), at=AT).encode()
    return replace(proof, checkpoint_note=f"{note[0]}\n{forged}".encode())


BAD = {
    "an entry of which one word was changed": (
        lambda entry, proof: (entry.replace(b"recording.sealed", b"recording.viewed"), proof.encode()),
        "Each pairing on the way to the total",
    ),
    "another entry of the same log": (
        lambda entry, proof: (leaf(3), proof.encode()),
        "Each pairing on the way to the total",
    ),
    "an entry that is no entry": (lambda entry, proof: (b"hello", proof.encode()), "What was written down"),
    "an entry with a space too many": (
        lambda entry, proof: (json.dumps(json.loads(entry)).encode(), proof.encode()),
        "What was written down",
    ),
    "an empty entry": (lambda entry, proof: (b"", proof.encode()), "What was written down"),
    "an entry that is too long": (
        lambda entry, proof: (b"x" * 70_000, proof.encode()),
        "What was written down",
    ),
    "a receipt that is none": (lambda entry, proof: (entry, b"\xff\x00"), "The total that the log signed"),
    "an empty receipt": (lambda entry, proof: (entry, b""), "The total that the log signed"),
    "another place": (
        lambda entry, proof: (entry, replace(proof, index=3).encode()),
        "Each pairing on the way to the total",
    ),
    "a place beyond the log": (
        lambda entry, proof: (entry, replace(proof, index=99).encode()),
        "Each pairing on the way to the total",
    ),
    "a pairing left out": (
        lambda entry, proof: (entry, replace(proof, path=proof.path[1:]).encode()),
        "Each pairing on the way to the total",
    ),
    "a pairing too many": (
        lambda entry, proof: (entry, replace(proof, path=(*proof.path, bytes(32), bytes(32))).encode()),
        "Each pairing on the way to the total",
    ),
    "a pairing changed": (
        lambda entry, proof: (entry, replace(proof, path=(bytes(32), *proof.path[1:])).encode()),
        "Each pairing on the way to the total",
    ),
    "a cosignature of another total": (
        lambda entry, proof: (entry, wrong_cosignature(proof).encode()),
        "The witnesses",
    ),
    "nobody's signature that is known": (
        lambda entry, proof: (entry, log_of(5, 2, signer=STRANGER)[1].encode()),
        "The signature of the log",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_found_at_its_step(name):
    spoil, title = BAD[name]
    entry, proof = log_of(5, 2, witnessed=True)
    bad_entry, bad_proof = spoil(entry, proof)
    assert failing(walk_receipt(leaf=bad_entry, proof=bad_proof, keys=KEYS)) == title


def test_a_signature_by_the_right_name_and_the_wrong_key_fails():
    imposter = Signer(LOG.name, STRANGER.private_key)
    entry, proof = log_of(5, 2, signer=imposter)
    assert failing(walk_receipt(leaf=entry, proof=proof.encode(), keys=KEYS)) == "The signature of the log"


@given(st.binary(max_size=400), st.binary(max_size=400))
@settings(deadline=None, max_examples=100)
def test_no_bytes_of_a_stranger_raise_anything(entry, proof):
    assert not walk_receipt(leaf=entry, proof=proof, keys=KEYS).proven


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_one_changed_byte_of_entry_or_receipt_never_passes_for_another_entry(data):
    entry, proof = log_of(5, 2, witnessed=True)
    encoded = proof.encode()
    place = data.draw(st.integers(0, len(entry) + len(encoded) - 1))
    value = data.draw(st.integers(1, 255))
    both = bytearray(entry + encoded)
    both[place] ^= value
    walk = walk_receipt(leaf=bytes(both[: len(entry)]), proof=bytes(both[len(entry) :]), keys=KEYS)
    if walk.proven:  # only a name beside a signature that nobody checks may differ
        assert place >= len(entry)
        assert (walk.checkpoint.size, walk.checkpoint.origin) == (5, LOG.name)
        assert bytes(both[: len(entry)]) == entry


def test_pairings_are_those_of_the_standard_for_every_small_tree():
    for size in range(1, 20):
        for index in range(size):
            entry, proof = log_of(size, index)
            joined = pairings(leaf_hash(entry), index, size, proof.path)
            assert [one.sibling for one in joined] == list(proof.path)
