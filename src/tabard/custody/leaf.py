"""What exactly does the tree commit to? The leaf: RFC 8785 canonical JSON that holds no personal data.

Who acted and the details are in the leaf only as commitments: SHA-256 over a 32-byte random salt followed by the
canonical JSON of the value. Salt and value stay in the database, and can be shown to an auditor or erased.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind

LEAF_VERSION = 1
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Committed:
    """A value with the salt that its commitment was made with."""

    value: Mapping[str, Any]
    salt: bytes

    @property
    def commitment(self) -> str:
        """The commitment in lower-case hex."""
        return commitment(self.salt, self.value)


def commitment(salt: bytes, value: Mapping[str, Any]) -> str:
    """SHA-256(salt || RFC 8785(value)) in lower-case hex."""
    return hashlib.sha256(salt + rfc8785.dumps(dict(value))).hexdigest()


def commit(value: Mapping[str, Any]) -> Committed:
    """The value committed to under a fresh random salt."""
    return Committed(value, secrets.token_bytes(SALT_BYTES))


def actor_value(actor: Actor) -> dict[str, str]:
    """The actor as the commitment covers it."""
    return {"kind": actor.kind.value, "id": actor.id, "name": actor.name}


def rfc3339(at: datetime) -> str:
    """The instant in UTC with microseconds: `2026-11-21T03:32:15.000001Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def leaf_bytes(
    *,
    event_id: UUID,
    kind: EventKind,
    at: datetime,
    subject: Subject,
    sha256: bytes | None,
    actor: Committed,
    details: Committed,
) -> bytes:
    """The exact bytes of a leaf, as docs/reference/custody-log.md specifies them."""
    leaf: dict[str, Any] = {
        "v": LEAF_VERSION,
        "id": str(event_id),
        "kind": kind.value,
        "at": rfc3339(at),
        "subject": {"type": subject.type, "id": str(subject.id)},
        "actor": actor.commitment,
        "details": details.commitment,
    }
    if sha256 is not None:
        leaf["sha256"] = sha256.hex()
    return rfc8785.dumps(leaf)
