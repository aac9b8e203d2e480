"""Which id does a new thing get? A UUIDv7 (RFC 9562): unique without asking anyone, and sorted by time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils import compat, uuid7


def new_id() -> UUID:
    """A fresh UUIDv7; ids made later in one process sort later."""
    return compat.uuid7()


def new_id_written() -> tuple[bytes, str]:
    """`new_id` as its 16 bytes and as text, for who only writes it down: a `UUID` costs more to make than to write."""
    made = uuid7()
    return made.bytes, str(made)


def made_at(some_id: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond, by the clock of the machine that made it (RFC 9562 section 5.7)."""
    return datetime.fromtimestamp((some_id.int >> 80) / 1000, UTC)


def earliest_id(at: datetime) -> UUID:
    """The smallest id that could have been made at that instant: ids not below it are as young or younger."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


def array_of(ids: Iterable[UUID]) -> str:
    """The ids as PostgreSQL writes an array of them, for one parameter that is cast to `uuid[]`.

    A list of parameters costs Django and the driver more, id by id, than the statement costs the database.
    """
    return f"{{{','.join(map(str, ids))}}}"
