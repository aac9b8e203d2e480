"""What does a log entry say, and is it in the log? Pure.

Leaves, receipts and disclosed details, read strictly from their bytes.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from tabard.disclosure.errors import FactsBroken
from tabard.disclosure.facts import parse_json
from tabard.merkle.checkpoint import Checkpoint
from tabard.merkle.note import VerifierKey
from tabard.merkle.tlog_proof import TlogProof
from tabard.witness.leaf_shape import MOST_LEAF_BYTES, value_problem

_HEX32 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A log entry, as `docs/reference/custody-log.md` specifies it; `details` is only the commitment to them."""

    id: str
    kind: str
    at: str
    subject_type: str
    subject_id: str
    details: str
    sha256: str | None

    @classmethod
    def parse(cls, data: bytes) -> "Leaf":
        """The entry, from canonical JSON only.

        Raises:
            FactsBroken: the bytes are not RFC 8785 JSON of a log entry.
        """
        if len(data) > MOST_LEAF_BYTES:
            raise FactsBroken("A log entry is too long to be one.")
        value = parse_canonical(data)
        if problem := value_problem(value):
            raise FactsBroken(f"A log entry is none of version 1: {problem}.")
        subject = value["subject"]
        return cls(
            id=value["id"],
            kind=value["kind"],
            at=value["at"],
            subject_type=subject["type"],
            subject_id=subject["id"],
            details=value["details"],
            sha256=value.get("sha256"),
        )


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """A log entry that a signed checkpoint covers, with its details where they were disclosed."""

    name: str
    leaf: Leaf
    index: int
    checkpoint_note: bytes
    checkpoint: Checkpoint
    details: Mapping[str, Any] | None = None

    def is_about(self, kind: str, subject_type: str, subject_id: str) -> bool:
        """Whether it is that kind of event about that subject."""
        return (self.leaf.kind, self.leaf.subject_type, self.leaf.subject_id) == (
            kind,
            subject_type,
            subject_id,
        )


def prove(
    name: str, leaf_bytes: bytes, receipt: bytes, details: bytes | None, verifiers: Sequence[VerifierKey]
) -> ProvenLeaf:
    """The entry, only if its receipt proves it under one of these keys and its details are those it commits to.

    Raises:
        Integrity: it is malformed, not proven, or its details are others.
    """
    leaf = Leaf.parse(leaf_bytes)
    proof = TlogProof.parse(receipt)
    checkpoint = proof.verify(leaf_bytes, verifiers)
    opened = None if details is None else open_details(details, leaf.details)
    return ProvenLeaf(name, leaf, proof.index, proof.checkpoint_note, checkpoint, opened)


def disclose(details: Mapping[str, Any], salt: bytes) -> bytes:
    """The file that opens an entry's commitment to its details."""
    return rfc8785.dumps({"details": dict(details), "salt": salt.hex()})


def open_details(data: bytes, commitment: str) -> Mapping[str, Any]:
    """The disclosed details, only if they are those committed to: SHA-256(salt || RFC 8785(details)).

    Raises:
        FactsBroken: they are not, or the file is malformed.
    """
    value = parse_canonical(data)
    details, salt = value.get("details"), value.get("salt")
    if value.keys() != {"details", "salt"} or not isinstance(details, dict) or not isinstance(salt, str):
        raise FactsBroken("A file of disclosed details does not hold details and a salt.")
    if not _HEX32.fullmatch(salt):
        raise FactsBroken("A salt is not 32 bytes in hex.")
    if hashlib.sha256(bytes.fromhex(salt) + rfc8785.dumps(details)).hexdigest() != commitment:
        raise FactsBroken("The disclosed details are not those that the log entry commits to.")
    return details


def parse_canonical(data: bytes) -> dict[str, Any]:
    """The JSON object whose RFC 8785 canonical form is exactly these bytes.

    Raises:
        FactsBroken: they are no such form.
    """
    value = parse_json(data)
    try:
        canonical = rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise FactsBroken("A file that should be canonical JSON cannot be.") from error
    if canonical != data or not isinstance(value, dict):
        raise FactsBroken("A file that should be canonical JSON (RFC 8785) is not.")
    return value
