"""Cameras that were lost or stolen."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.fleet import CameraOut
from tabard.api.schemas.people import OfficerName
from tabard.api.schemas.values import Sent, Words
from tabard.fleet.states import Change


class LossIn(Sent):
    """That a camera is gone, and how it went."""

    change: Change = Field(description="`lose` or `steal`")
    reason: Words
    report_number: Words = ""


class StepIn(Sent):
    """A step of the checklist that was done."""

    step: Words
    words: Words = Field(description="How, or with whom you spoke; for `reported`, the number")


class CloseIn(Sent):
    """What came of it."""

    outcome: Words = Field(description="`found`, or `given_up` once every step was done")
    reason: Words


class StepDone(Schema):
    """When a step was done, by whom, in which words."""

    at: datetime
    by: str
    words: str


class LossOut(Schema):
    """A loss with what the camera may still hold, and the steps of the checklist that were done."""

    id: UUID
    camera: CameraOut
    kind: str
    reported_at: datetime
    reason: str
    report_number: str
    wearer: OfficerName | None
    last_docked_at: datetime | None
    files_left: int | None
    steps: dict[str, StepDone]
    closed_at: datetime | None
    outcome: str
    closing_reason: str
