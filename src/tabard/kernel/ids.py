"""Which id does a new thing get? A UUIDv7 (RFC 9562): unique without asking anyone, and sorted by time."""

from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    """A fresh UUIDv7; ids made later in one process sort later."""
    return compat.uuid7()
