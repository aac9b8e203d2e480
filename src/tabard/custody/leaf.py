"""What exactly does the tree commit to? The leaf: RFC 8785 canonical JSON that holds no personal data.

Who acted and the details are in the leaf only as commitments: SHA-256 over a 32-byte random salt followed by the
canonical JSON of the value. Salt and value stay in the database, and can be shown to an auditor or erased.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import rfc8785

from tabard.custody.actors import Actor
from tabard.custody.canonical import canonical

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
    return commitment_to(salt, canonical(value))


def commitment_to(salt: bytes, written: bytes) -> str:
    """The commitment to a value that is already in its canonical form."""
    return hashlib.sha256(salt + written).hexdigest()


def commit(value: Mapping[str, Any]) -> Committed:
    """The value committed to under a fresh random salt."""
    return Committed(value, secrets.token_bytes(SALT_BYTES))


@lru_cache(maxsize=256)
def actor_written(actor: Actor) -> bytes:
    """The actor in canonical form; the same few people and parts act again and again."""
    return canonical(actor_value(actor))


def actor_value(actor: Actor) -> dict[str, str]:
    """The actor as the commitment covers it."""
    return {"kind": actor.kind.value, "id": actor.id, "name": actor.name}


def rfc3339(at: datetime) -> str:
    """The instant in UTC with microseconds: `2026-11-21T03:32:15.000001Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def written(
    *,
    event_id: str,
    kind: str,
    at: str,
    subject_type: str,
    subject_id: str,
    sha256: str,
    actor: str,
    details: str,
) -> bytes:
    """The exact bytes of a leaf, as docs/reference/custody-log.md specifies them: keys in order, no white space.

    Args:
        event_id: The event's id, lower-case with hyphens.
        kind: What happened.
        at: When, as `rfc3339` writes it.
        subject_type: To what sort of thing.
        subject_id: To which, lower-case with hyphens.
        sha256: Of the footage, in lower-case hex, or empty.
        actor: The commitment to who did it, in lower-case hex.
        details: The commitment to the rest, in lower-case hex.
    """
    footage = f'"sha256":"{sha256}",' if sha256 else ""
    return (
        f'{{"actor":"{actor}","at":"{at}","details":"{details}","id":"{event_id}","kind":{_quoted(kind)},'
        f'{footage}"subject":{{"id":"{subject_id}","type":{_quoted(subject_type)}}},"v":{LEAF_VERSION}}}'
    ).encode()


@lru_cache(maxsize=1024)
def _quoted(word: str) -> str:
    """A word as canonical JSON; there are as many as there are kinds and types of subject."""
    return rfc8785.dumps(word).decode()
