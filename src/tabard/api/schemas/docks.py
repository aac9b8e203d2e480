"""Docks as they stand, the keys that speak for them, and cameras that stay away."""

from datetime import date, datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.fleet import CameraOut, DockOut
from tabard.api.schemas.people import OfficerName
from tabard.api.schemas.values import Sent, Words
from tabard.fleet.dock_selectors import OverdueCamera
from tabard.fleet.services import MOST_BAYS
from tabard.people.models import Officer

MOST_DAYS = 3_650


class DockIn(Sent):
    """A docking station that is put at its site."""

    serial: Words
    site: Words
    unit_id: UUID
    bays: int = Field(8, ge=1, le=MOST_BAYS)
    installed_date: date | None = Field(
        None, description="From which day on it can be used; it may be to come"
    )


class DockDescriptionIn(Sent):
    """From which day on a dock can be used; null where nobody knows."""

    installed_date: date | None


class DockStatusOut(Schema):
    """What a dock last said of itself; null is what it did not say."""

    reported_at: datetime
    clock_ahead_ms: int = Field(description="How far its clock was ahead of ours")
    agent: str
    free_bytes: int | None
    spool_files: int | None
    spool_bytes: int | None
    faults: list[str]


class DockedCameraOut(Schema):
    """A camera in a dock, as the dock last saw it; null is what it did not say."""

    serial: str
    camera_id: UUID | None = Field(description="Null where the force knows no such camera")
    docked_at: datetime
    seen_at: datetime
    bay: int | None
    make: str
    model: str
    firmware: str
    files: int | None
    size_bytes: int | None
    free_bytes: int | None
    battery_percent: int | None
    faults: list[str]


class DockKeyOut(Schema):
    """A key that a dock signs in with."""

    id: UUID
    key_id: str = Field(description="The first 16 hexadecimal digits of the SHA-256 of the public key")
    name: str
    enrolled_at: datetime
    enrolled_by: str
    revoked_at: datetime | None


class DockNowOut(Schema):
    """A dock as it stands: what it last said, the cameras in it, and what they still hold."""

    dock: DockOut
    is_live: bool = Field(description="Whether it reported within the last eleven minutes")
    status: DockStatusOut | None
    cameras: list[DockedCameraOut]
    outstanding_files: int
    outstanding_bytes: int


class DockSheet(DockNowOut):
    """The same with its keys, the revoked ones too."""

    keys: list[DockKeyOut]


class DockKeyIn(Sent):
    """The public half of a key that a dock's agent made."""

    public_key: Words = Field(description="43 characters of base64url, as the dock's agent shows it")
    name: Words


class OverdueWanted(Schema):
    """For how many days a camera has not been docked, at least."""

    days: int = Field(7, ge=1, le=MOST_DAYS)


class OverdueOut(Schema):
    """A worn camera that was not heard of for long; `seen_at` is null for one that never was.

    `seen_by` is `dock`, or `axis` where what was heard is footage that an Axis system sent; else empty.
    """

    camera: CameraOut
    wearer: OfficerName
    seen_at: datetime | None
    seen_by: str

    @staticmethod
    def resolve_wearer(overdue: OverdueCamera) -> Officer:
        """Who has it."""
        return overdue.assignment.officer
