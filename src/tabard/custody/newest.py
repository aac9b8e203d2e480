"""Which checkpoint did the log sign last? Asked for every tile and every proof."""

from tabard.custody.models import Checkpoint
from tabard.custody.prepared import Prepared
from tabard.custody.wire import bigint_of, timestamptz_of

_NEWEST = Prepared(
    "tabard_newest",
    "SELECT size, root, note, signed_at FROM custody_checkpoint ORDER BY size DESC LIMIT 1",
)
_COLUMNS = ("size", "root", "note", "signed_at")


def newest_checkpoint() -> Checkpoint | None:
    """The newest signed tree head, or None before the first."""
    found = _NEWEST.run([])
    if not found.ntuples:
        return None
    size, root, note, signed_at = (found.get_value(0, column) or b"" for column in range(len(_COLUMNS)))
    values = (bigint_of(size), root, note.decode(), timestamptz_of(signed_at))
    return Checkpoint.from_db("default", _COLUMNS, values)
