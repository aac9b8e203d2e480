"""Which tables hold the log, and what may a row of each still undergo? Nothing but what is listed here.

Two things keep to this list and neither trusts the other: the triggers of migration 0003, which refuse everyone
including the tables' owner, and the privileges that the application's role is given (`cli/database_roles.py`). Free
of Django, so that both can be worked out before it is ready.
"""

from collections.abc import Mapping

MAY_CHANGE: Mapping[str, tuple[str, ...]] = {
    "custody_event": ("position",),
    "custody_eventparticulars": ("details", "details_salt"),
    "custody_node": (),
    "custody_checkpoint": (),
    "custody_cosignature": (),
    "custody_timestamptoken": (),
}
"""The log's tables, each with the columns that are written a second time: a place given, details erased."""

_MORE = {"custody_event": ("moved",), "custody_eventparticulars": ("replaced",)}

REFUSALS: Mapping[str, tuple[str, ...]] = {
    table: tuple(f"{table}_not_{what}" for what in ("altered", *_MORE.get(table, ()), "removed", "emptied"))
    for table in MAY_CHANGE
}
"""The names of each table's triggers, which are also the constraints that their errors name."""
