"""What an error looks like: RFC 9457 problem details, the same for every operation."""

from typing import Any

from ninja import Schema
from pydantic import Field


class FieldFault(Schema):
    """One field that cannot be accepted, and why."""

    field: str = Field(description="The field's name; with its place where it is nested (`roles.0`)")
    detail: str


class Problem(Schema):
    """Why a request was not done. Programs read `code`; people read `detail`."""

    type: str = Field(description="A URN that ends in the code")
    title: str = Field(description="The family of the error")
    status: int
    detail: str
    code: str = Field(description="Stable; the words may change")
    fields: dict[str, Any] = Field(default_factory=dict, description="The values involved")
    errors: list[FieldFault] = Field(default_factory=list, description="Which fields are at fault")
