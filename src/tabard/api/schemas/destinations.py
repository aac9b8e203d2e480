"""Body-worn systems that may send, and transfers that never ended."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Sent, Words
from tabard.intake.axis.protocol import value
from tabard.intake.issuing import Issued
from tabard.intake.models import Destination
from tabard.intake.selectors import DestinationSheet, Transfer


class DestinationOut(Schema):
    """A body-worn system that was let in; `footage_key_id` is empty where its cameras do not encrypt."""

    id: UUID
    name: str
    username: str
    footage_key_id: str
    opened_at: datetime
    last_heard_at: datetime | None
    revoked_at: datetime | None


class ToldOut(Schema):
    """A system, user or device that a body-worn system told of; `is_known`: whether we have that officer or camera."""

    id: str
    name: str
    number: str
    model: str
    is_active: bool
    is_known: bool


class DestinationSheetOut(Schema):
    """A body-worn system and what it told of itself."""

    destination: DestinationOut
    systems: list[ToldOut]
    users: list[ToldOut]
    devices: list[ToldOut]

    @staticmethod
    def resolve_destination(sheet: DestinationSheet) -> Destination:
        """The destination itself."""
        return sheet.destination


class IssuedOut(Schema):
    """A destination and its connection file, which holds its key and is told this once."""

    destination: DestinationOut
    connection_file: dict[str, Any]

    @staticmethod
    def resolve_connection_file(issued: Issued) -> dict[str, Any]:
        """The file as JSON."""
        fields: dict[str, Any] = json.loads(issued.content)
        return fields


class DestinationIn(Sent):
    """A body-worn system to let in."""

    name: Words = Field(description="What screens call it; at most 64 bytes")
    username: Words = Field(description="What it signs in with; at most 64 bytes, one for each system")
    encrypt: bool = Field(False, description="Have cameras encrypt footage to our key")


class RenewIn(Sent):
    """A new connection file; a system that encrypts goes on encrypting."""

    encrypt: bool = Field(False, description="Have cameras encrypt footage to our key")


class TransferOut(Schema):
    """What came under one name: a transfer that never ended, or rejected content."""

    id: UUID = Field(alias="container.id")
    name: str = Field(alias="container.name")
    destination: UUID = Field(alias="container.destination_id")
    created_at: datetime = Field(alias="container.created_at")
    last_heard_at: datetime
    files: int
    size_bytes: int


class RejectedOut(TransferOut):
    """Rejected content, with what the system says of it in its own words."""

    original_container: str
    rejected_time: str
    reason: str

    @staticmethod
    def resolve_original_container(transfer: Transfer) -> str:
        """For what it was meant."""
        return value(transfer.container.metadata, "RejectedContentOriginalContainer")

    @staticmethod
    def resolve_rejected_time(transfer: Transfer) -> str:
        """When, by the system's clock."""
        return value(transfer.container.metadata, "RejectedContentTime")

    @staticmethod
    def resolve_reason(transfer: Transfer) -> str:
        """Why."""
        return value(transfer.container.metadata, "RejectedContentReason")


class EndTransferIn(Sent):
    """Why a transfer is ended."""

    reason: Words = Field(min_length=1, max_length=500)


class EndedOut(Schema):
    """The recording that was made of a transfer."""

    recording_id: UUID
