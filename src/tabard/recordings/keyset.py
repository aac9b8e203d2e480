"""Where does a list of recordings go on, and back? By the last and first row shown, so that depth costs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tabard.kernel.errors import Invalid
from tabard.recordings.models import Recording

_Bound = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """One page, newest first; the cursors lead to the pages beside it, None where there is none."""

    recordings: Sequence[Recording]
    older: str | None
    newer: str | None


def page_of(rows: QuerySet[Recording], *, cursor: str, limit: int) -> RecordingPage:
    """The rows from the cursor on, newest first by `filmed_at`.

    Raises:
        Invalid: when the cursor is not one of ours.
    """
    backwards, bound = _parse_cursor(cursor)
    if backwards:
        newer_first = list(rows.filter(_beyond(bound, "gt")).order_by("filmed_at", "id")[: limit + 1])
        shown, more = newer_first[:limit][::-1], len(newer_first) > limit
        return _page(shown, has_newer=more, has_older=True)
    older_first = rows.order_by("-filmed_at", "-id")
    if bound is not None:
        older_first = older_first.filter(_beyond(bound, "lt"))
    found = list(older_first[: limit + 1])
    return _page(found[:limit], has_newer=bound is not None, has_older=len(found) > limit)


def _beyond(bound: _Bound | None, side: str) -> Q:
    """Rows strictly on one side of the bound in (filmed_at, id) order."""
    if bound is None:
        return Q()
    at, recording_id = bound
    return Q(**{f"filmed_at__{side}": at}) | Q(**{"filmed_at": at, f"id__{side}": recording_id})


def _page(shown: list[Recording], *, has_newer: bool, has_older: bool) -> RecordingPage:
    """The page with the cursors that lead on from its ends."""
    older = f"older~{_mark(shown[-1])}" if shown and has_older else None
    newer = f"newer~{_mark(shown[0])}" if shown and has_newer else None
    return RecordingPage(shown, older, newer)


def _mark(recording: Recording) -> str:
    return f"{recording.filmed_at.isoformat()}~{recording.id}"


def _parse_cursor(cursor: str) -> tuple[bool, _Bound | None]:
    """Whether it leads to newer rows, and its bound."""
    if not cursor:
        return False, None
    try:
        direction, at, recording_id = cursor.split("~")
        bound = datetime.fromisoformat(at), UUID(recording_id)
    except ValueError as error:
        raise _not_ours() from error
    if bound[0].tzinfo is None:
        raise _not_ours()
    return direction == "newer", bound


def _not_ours() -> Invalid:
    return Invalid("That page address is not one that Tabard gave.", field="cursor")
