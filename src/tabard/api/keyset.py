"""Where does a list go on? From the last row shown, so that how deep one reads does not change what a page costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from tabard.custody.leaf import rfc3339
from tabard.kernel.errors import Invalid

PAGE_ROWS = 50
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, newest first; `next_cursor` asks for those that follow, None on the last page."""

    rows: list[Row]
    next_cursor: str | None


def newest_first(rows: QuerySet[Row], *, by: str, cursor: str | None, limit: int = PAGE_ROWS) -> Page[Row]:
    """The rows in order of the time `by`, newest first, from the cursor on.

    Raises:
        Invalid: when the cursor is not one of ours.
    """
    ordered = rows.order_by(f"-{by}", "-pk")
    if cursor:
        ordered = ordered.filter(_beyond(by, cursor))
    found = list(ordered[: limit + 1])
    shown = found[:limit]
    return Page(shown, _mark(shown[-1], by) if len(found) > limit else None)


def _beyond(by: str, cursor: str) -> Q:
    at, row_id = _bound(cursor)
    return Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": row_id})


def _bound(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, row_id = cursor.split("~")
        bound = datetime.fromisoformat(at), UUID(row_id)
    except ValueError as error:
        raise Invalid("That cursor is not one that Tabard gave.", field="cursor") from error
    if bound[0].tzinfo is None:
        raise Invalid("That cursor is not one that Tabard gave.", field="cursor")
    return bound


def _mark(row: Any, by: str) -> str:
    return f"{rfc3339(getattr(row, by))}~{row.pk}"
