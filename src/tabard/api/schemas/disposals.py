"""What was disposed of."""

from datetime import date
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.retention import DisposalOut
from tabard.api.schemas.values import Sent, Words


class DisposalsWanted(Sent):
    """Which disposals to list."""

    since: date | None = Field(None, description="From this day of the force's on")
    until: date | None = Field(None, description="Up to this day, which is listed too")
    rule: Words = Field("", description="The code of the rule")
    disposal_run_id: UUID | None = None
    cursor: Words = ""


class DisposedOut(DisposalOut):
    """A recording that was disposed of; `run_id` is null where it went early, or again after a restore."""

    recording_id: UUID
    run_id: UUID | None


class DisposalsOut(Schema):
    """Some disposals, newest first; `next_cursor` asks for those that follow, null on the last page."""

    disposals: list[DisposedOut]
    next_cursor: str | None
