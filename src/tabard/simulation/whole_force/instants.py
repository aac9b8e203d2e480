"""How are many instants and ids held at once? Microseconds since 2000 as PostgreSQL counts, and ids made of those."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Instants = NDArray[np.int64]
Ids = NDArray[np.uint8]

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_UNIX_MS: Final = 946_684_800_000
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLISECONDS_BYTES: Final = 6


def us_of(at: datetime) -> int:
    """The instant as it is held here."""
    return (at - _EPOCH) // _MICROSECOND


def instant_of(us: int) -> datetime:
    """The instant as it is said elsewhere."""
    return _EPOCH + timedelta(microseconds=int(us))


def seeded_ids(at: Instants, rng: Generator) -> Ids:
    """UUIDv7s (RFC 9562) as rows of 16 bytes: the millisecond, then what the seed makes of it instead of chance."""
    ids = rng.integers(0, 256, (len(at), 16), dtype=np.uint8)
    milliseconds = (at // 1000 + _UNIX_MS).astype(">u8").view(np.uint8).reshape(-1, 8)
    ids[:, :_MILLISECONDS_BYTES] = milliseconds[:, 2:]
    ids[:, 6] = ids[:, 6] & 0x0F | 0x70
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    return ids
