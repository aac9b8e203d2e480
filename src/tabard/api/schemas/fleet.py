"""Cameras and docks."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.people import OfficerName, UnitName
from tabard.api.schemas.values import Search, Sent, Words
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.selectors import CameraDetail, CameraState
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


class CameraLine(Schema):
    """A camera and who wears it now."""

    camera: CameraOut
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
    state: CameraState | None = None
    cursor: Words = ""


class AssignmentOut(Schema):
    """Who had a camera from when to when; `ended_at` is null while they have it."""

    officer: OfficerName
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


class AssignIn(Sent):
    """Who is given the camera."""

    officer: Words = Field(description="Shoulder or warrant number")


class DockOut(Schema):
    """A docking station at a site."""

    id: UUID
    serial: str
    site: str
    unit: UnitName
    bays: int
    last_seen_at: datetime | None


class RowFault(Schema):
    """One thing that is wrong with a file of cameras: the row as a spreadsheet numbers it, the column, and why."""

    row: int
    field: str
    words: str


class ImportOut(Schema):
    """What became of a file of cameras; after a dry run, what would have."""

    rows: int
    imported: int
    dry_run: bool
    sha256: str
    errors: list[RowFault]
