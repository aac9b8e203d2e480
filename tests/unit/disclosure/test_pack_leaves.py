"""A log entry is believed only as canonical JSON, with a receipt, under the right key."""

import hashlib

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.disclosure.errors import FactsBroken
from tabard.disclosure.leaves import Leaf, disclose, open_details, prove
from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint, sign_checkpoint
from tabard.merkle.note import Signer
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import leaf_hash

ID = "01980000-0000-7000-8000-000000000000"
OTHER = "01980000-0000-7000-8000-000000000001"
OBJECT = "01980000-0000-7000-8000-0000000000b0"
SALT = bytes(range(32))
DETAILS = {"reference": "LB/1", "clip": None, "words": "Señor 🚓", "n": 3}
ENTRY = {
    "v": 1,
    "id": ID,
    "kind": "object.sealed",
    "at": "2026-11-21T09:30:07.000001Z",
    "subject": {"type": "object", "id": OBJECT},
    "actor": "ab" * 32,
    "details": hashlib.sha256(SALT + rfc8785.dumps(DETAILS)).hexdigest(),
    "sha256": "cd" * 32,
}
SIGNER = Signer("example.org/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def receipt(leaf: bytes, signer: Signer = SIGNER) -> bytes:
    head = Checkpoint(signer.name, 1, leaf_hash(leaf))
    return TlogProof(0, (), sign_checkpoint(head, signer)).encode()


def test_a_proven_entry_says_what_it_says():
    leaf = rfc8785.dumps(ENTRY)
    proven = prove("001", leaf, receipt(leaf), disclose(DETAILS, SALT), [SIGNER.vkey])
    assert proven.leaf.sha256 == "cd" * 32
    assert proven.is_about("object.sealed", "object", OBJECT)
    assert proven.details == DETAILS
    assert proven.checkpoint.size == 1


@pytest.mark.parametrize(
    "data",
    [
        rfc8785.dumps(ENTRY) + b"\n",
        rfc8785.dumps(ENTRY).replace(b'"v":1', b'"v": 1'),
        rfc8785.dumps(ENTRY).replace(b'"v":1', b'"v":1.0'),
        rfc8785.dumps(ENTRY).replace(b'"v":1', b'"v":2'),
        rfc8785.dumps(ENTRY).replace(b'"v":1', b'"v":1,"v":1'),
        rfc8785.dumps({**ENTRY, "sha256": "CD" * 32}),
        rfc8785.dumps({**ENTRY, "sha256": 3}),
        rfc8785.dumps({**ENTRY, "sha256": None}),
        rfc8785.dumps({**ENTRY, "more": 1}),
        rfc8785.dumps({**ENTRY, "v": True}),
        rfc8785.dumps({**ENTRY, "subject": {"type": "object", "id": OBJECT, "more": 1}}),
        rfc8785.dumps({**ENTRY, "subject": "o"}),
        rfc8785.dumps({**ENTRY, "subject": {"type": "object", "id": "o"}}),
        rfc8785.dumps({**ENTRY, "subject": {"type": "An Object", "id": OBJECT}}),
        rfc8785.dumps({**ENTRY, "id": ID.replace("-7", "-4")}),
        rfc8785.dumps({**ENTRY, "id": ID.upper().replace("8", "A")}),
        rfc8785.dumps({**ENTRY, "kind": "sealed"}),
        rfc8785.dumps({**ENTRY, "at": "2026-11-21T09:30:07Z"}),
        rfc8785.dumps({**ENTRY, "at": "2026-13-21T09:30:07.000001Z"}),
        rfc8785.dumps({**ENTRY, "at": "٢٠٢٦-11-21T09:30:07.000001Z"}),
        rfc8785.dumps({**ENTRY, "actor": "someone"}),
        rfc8785.dumps({**ENTRY, "details": "AB" * 32}),
        rfc8785.dumps({**ENTRY, "kind": f"object.{'s' * 65_535}"}),
        rfc8785.dumps({key: value for key, value in ENTRY.items() if key != "kind"}),
        b"[]",
        b'{"v":NaN}',
        b'{"v":1e400}',
        b'{"v":"\\ud800"}',
        b"[" * 100_000,
        b"",
    ],
)
def test_an_entry_written_otherwise_is_refused(data):
    with pytest.raises(FactsBroken):
        Leaf.parse(data)


def test_a_receipt_of_another_log_or_another_entry_proves_nothing():
    leaf = rfc8785.dumps(ENTRY)
    other = Signer("example.org/log", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
    with pytest.raises(Integrity):
        prove("001", leaf, receipt(leaf, other), None, [SIGNER.vkey])
    with pytest.raises(Integrity):
        prove("001", rfc8785.dumps({**ENTRY, "id": OTHER}), receipt(leaf), None, [SIGNER.vkey])


@pytest.mark.parametrize(
    "data",
    [
        disclose({**DETAILS, "reference": "LB/2"}, SALT),
        disclose(DETAILS, bytes(32)),
        rfc8785.dumps({"details": DETAILS, "salt": "00"}),
        rfc8785.dumps({"details": DETAILS, "salt": SALT.hex(), "more": 1}),
        rfc8785.dumps({"details": "LB/1", "salt": SALT.hex()}),
        disclose(DETAILS, SALT) + b" ",
    ],
)
def test_details_other_than_those_committed_to_are_refused(data):
    with pytest.raises(FactsBroken):
        open_details(data, ENTRY["details"])
