"""Cards and exports that were read in, and the patterns by which file names are read."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Instant, Sent, Words
from tabard.intake.models import FolderItem
from tabard.intake.naming.rules import LONGEST_NAME, LONGEST_PATTERN
from tabard.intake.naming.selectors import MOST_TRIED

PatternText = Annotated[Words, Field(min_length=1, max_length=LONGEST_PATTERN)]


class FoldersWanted(Sent):
    """Which runs."""

    before: Instant | None = None


class FolderRunOut(Schema):
    """One reading of a card or an export; `finished_at` is null while it is at work, or if it was killed."""

    id: UUID
    collection: str
    path: str
    manifest: str
    started_at: datetime
    finished_at: datetime | None
    started_by: str
    counts: dict[str, int]


class FolderRunsOut(Schema):
    """Runs, newest first."""

    runs: list[FolderRunOut]


class FolderItemsWanted(Sent):
    """Which items of a run."""

    kind: Literal["sealed", "already", "missing", "failed", "skipped", "extra", "different"] | None = None
    cursor: int | None = Field(default=None, ge=0, lt=2**63)


class FolderItemOut(Schema):
    """What became of one file, or of one row of the manifest."""

    path: str
    state: str
    remark: str
    words: str
    size_bytes: int | None
    sha256: str | None
    recording: UUID | None = Field(alias="recording_id")

    @staticmethod
    def resolve_sha256(item: FolderItem) -> str | None:
        """In lower-case hexadecimal."""
        return bytes(item.sha256).hex() if item.sha256 is not None else None


class FolderItemsOut(Schema):
    """A page of items."""

    items: list[FolderItemOut]
    next_cursor: int | None


class NamePatternIn(Sent):
    """A new pattern, as {officer}_{date:YYYYMMDD}_{time:HHMMSS}_{sequence}.mp4."""

    pattern: PatternText
    note: Annotated[Words, Field(max_length=200)] = ""


class NamePatternOut(Schema):
    """A pattern in force."""

    id: UUID
    pattern: str = Field(alias="text")
    note: str
    added_at: datetime


class NamePatternsOut(Schema):
    """The patterns in force, in the order in which they are tried."""

    patterns: list[NamePatternOut]


class TryIn(Sent):
    """Names to try, and patterns that are only thought of."""

    names: list[Annotated[Words, Field(max_length=LONGEST_NAME)]] = Field(min_length=1, max_length=MOST_TRIED)
    also: list[PatternText] = Field(default=[], max_length=20)


class TriedOut(Schema):
    """One name; `values` is null where no pattern reads it, or where it can be read in two ways."""

    name: str
    pattern: str | None
    values: dict[str, str] | None
    is_ambiguous: bool

    @staticmethod
    def of(tried: Any) -> "TriedOut":
        """As it is read."""
        reading = tried.reading
        values = dict(reading.values) if reading.values is not None else None
        return TriedOut(
            name=tried.name, pattern=reading.pattern or None, values=values, is_ambiguous=reading.is_ambiguous
        )


class TriesOut(Schema):
    """Every name with what is read of it."""

    names: list[TriedOut]
