"""Cameras and docks."""

from datetime import date, datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.people import OfficerName, UnitName
from tabard.api.schemas.values import Search, Sent, Words
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.selectors import CameraDetail
from tabard.fleet.states import Change, State
from tabard.people.models import Officer


class CameraOut(Schema):
    """A camera, and the unit that holds it."""

    id: UUID
    serial: str
    make: str
    model: str
    mount: str
    unit: UnitName | None
    received_at: datetime
    firmware: str
    profile: str
    warranty_end_date: date | None


class CameraLine(Schema):
    """A camera, what it is just now, and who wears it."""

    camera: CameraOut
    state: State
    wearer: OfficerName | None


class CamerasOut(Schema):
    """One page of cameras, by serial number."""

    cameras: list[CameraLine]
    next_cursor: str | None


class CamerasWanted(Sent):
    """Which cameras to list."""

    words: Search = Field("", description="In serial, make, model, and the wearer's name and shoulder number")
    unit_id: UUID | None = Field(None, description="This unit and those below it")
    mount: Camera.Mount | None = None
    state: State | None = None
    cursor: Words = ""


class AssignmentOut(Schema):
    """Who had a camera from when to when.

    `ended_at` is null while they have it, `mount` empty where it is not known.
    """

    officer: OfficerName
    mount: str
    duty: str
    is_shift: bool
    exception_reason: str
    excepted_by: OfficerName | None
    started_at: datetime
    ended_at: datetime | None

    @staticmethod
    def resolve_started_at(assignment: Assignment) -> datetime:
        """When they were given it."""
        started: datetime = assignment.during.lower
        return started

    @staticmethod
    def resolve_ended_at(assignment: Assignment) -> datetime | None:
        """When it came back."""
        ended: datetime | None = assignment.during.upper
        return ended


class CameraSheet(CameraLine):
    """One camera with everyone who ever wore it, newest first."""

    assignments: list[AssignmentOut]

    @staticmethod
    def resolve_camera(detail: CameraDetail) -> Camera:
        """The camera itself."""
        return detail.row.camera

    @staticmethod
    def resolve_state(detail: CameraDetail) -> State:
        """What it is."""
        return detail.row.state

    @staticmethod
    def resolve_wearer(detail: CameraDetail) -> Officer | None:
        """Who has it now."""
        return detail.row.wearer


class CameraIn(Sent):
    """A camera that comes to the force."""

    serial: Words
    make: Words
    model: Words
    mount: Camera.Mount = Camera.Mount.CHEST
    unit_id: UUID | None = Field(None, description="The unit that holds it; without one, the central store")
    state: State = Field(
        State.READY, description="`ready`, `received` (to be set up first), or `ordered` (on its way)"
    )


class ChangeIn(Sent):
    """What is done to the camera."""

    change: Change = Field(description="One that takes no more than a reason")
    reason: Words = ""


class DescriptionIn(Sent):
    """What is said of a camera anew, all of it at once."""

    mount: Camera.Mount
    unit_id: UUID | None = Field(None, description="The unit that holds it; without one, the central store")
    firmware: Words = ""
    profile: Words = ""
    warranty_end_date: date | None = None


class AssignIn(Sent):
    """Who is given the camera."""

    officer: Words = Field(description="Shoulder or warrant number")
    mount: Camera.Mount | None = Field(
        None, description="Where it is worn; without one, as usual on the duty"
    )
    duty: Words = Field(
        "", description="Of the rules of issue; without one, what the officer was trained for"
    )
    allowed_by: Words = Field(
        "", description="Shoulder or warrant number of who allows it against the rules of issue"
    )
    allowed_reason: Words = ""


class SwapIn(Sent):
    """Which camera is taken in place of this one, what becomes of this one, and why."""

    other: Words = Field(description="Serial number of the camera that is taken")
    change: Change = Field(
        Change.REPORT_FAULT, description="`report_fault`, or `return` where it is in order"
    )
    reason: Words


class HandInIn(Sent):
    """A camera that comes back to the desk."""

    camera: Words = Field(description="Serial number")


class DeskFaultIn(Sent):
    """A camera of the desk that is faulty."""

    camera: Words = Field(description="Serial number")
    reason: Words = Field(description="What is wrong")


class DeskFaultOut(Schema):
    """A camera of the desk as it is now."""

    serial: str
    kept_state: str


class DeskSwapIn(DeskFaultIn):
    """A faulty camera, and the one that its wearer takes in its place."""

    other: Words = Field("", description="Serial number; without one, the best of the pool")


class TakeIn(Sent):
    """Who takes a camera at the desk."""

    officer: Words = Field(description="Shoulder or warrant number")
    camera: Words = Field("", description="Serial number; without one, the best of the pool")


class TrainingIn(Sent):
    """That an officer was trained for a duty."""

    officer: Words = Field(description="Shoulder or warrant number")
    duty: Words
    trained_date: date
    expires_date: date | None = Field(None, description="The last day that it counts; without one, for good")


class TrainingOut(Schema):
    """A training as it is kept."""

    officer: OfficerName
    duty: str
    trained_date: date
    expires_date: date | None


class DutyShape(Sent):
    """A duty, and where a camera is worn on it; the first is the usual."""

    name: Words
    mounts: list[Words]


class RulesShape(Sent):
    """The force's rules of issue; the first duty is the ordinary one."""

    must_be_trained: bool
    least_battery_percent: int
    most_clock_off_s: int
    exception_ranks: list[Words]
    duties: list[DutyShape]


class DockOut(Schema):
    """A docking station at a site."""

    id: UUID
    serial: str
    site: str
    unit: UnitName
    bays: int
    installed_date: date | None
    last_seen_at: datetime | None
