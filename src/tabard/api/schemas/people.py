"""Units, officers, accounts, and who is asking."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Search, Sent, Words
from tabard.people.models import Account, Officer, Unit
from tabard.people.rules import Action, Relation, Role
from tabard.people.selectors import UnitNode


class UnitName(Schema):
    """A unit as other things name it."""

    id: UUID
    code: str
    name: str


class UnitOut(Schema):
    """A unit in its place in the tree: each parent stands before its children."""

    id: UUID
    parent_id: UUID | None
    kind: str
    code: str
    name: str
    depth: int = Field(description="0 is the force")

    @classmethod
    def of(cls, node: UnitNode) -> "UnitOut":
        """The node as it is answered."""
        unit = node.unit
        return cls(
            id=unit.id,
            parent_id=unit.parent_id,
            kind=unit.kind,
            code=unit.code,
            name=unit.name,
            depth=node.depth,
        )


class OfficerName(Schema):
    """An officer as other things name them."""

    id: UUID
    name: str = Field(description="Rank, given name, family name and shoulder number")
    shoulder_number: str

    @staticmethod
    def resolve_name(officer: Officer) -> str:
        """The officer in words."""
        return str(officer)


class OfficerOut(OfficerName):
    """An officer, with what they are found by and where they work now."""

    rank: str
    given_name: str
    family_name: str
    warrant_number: str
    unit: UnitName | None

    @staticmethod
    def resolve_unit(officer: Any) -> Unit | None:
        """The unit of the posting now, which the operation has put on the officer as `current`."""
        return officer.current[0].unit if officer.current else None


class OfficersWanted(Sent):
    """Which officers to search for."""

    words: Search = Field("", description="In names, shoulder and warrant numbers")


class OfficersOut(Schema):
    """The officers that were searched for, by family name."""

    officers: list[OfficerOut]
    has_more: bool = Field(description="Whether there are more than were answered; search for more words")


class AccountOut(Schema):
    """Someone who can sign in."""

    id: UUID
    username: str
    display_name: str
    officer: OfficerName | None
    is_active: bool
    created_at: datetime
    roles: list[Role]

    @staticmethod
    def resolve_roles(account: Account) -> list[str]:
        """The roles held now, in a stable order."""
        return sorted(grant.role for grant in account.grants.all())


class AccountsOut(Schema):
    """One page of accounts, the newest first."""

    accounts: list[AccountOut]
    next_cursor: str | None


class AccountsWanted(Sent):
    """Which accounts to list."""

    words: Search = Field("", description="In user and display names")
    cursor: Words = ""


class AccountIn(Sent):
    """A new account."""

    username: Words
    display_name: Words
    password: str = Field(json_schema_extra={"format": "password", "writeOnly": True})
    roles: list[Role] = Field(default_factory=list)
    officer: Words | None = Field(
        None, description="Shoulder or warrant number of the officer whose account it is"
    )
    unit_id: UUID | None = Field(
        None, description="The unit that an account of nobody's acts for, such as a kiosk"
    )


class RoleIn(Sent):
    """A role to grant."""

    role: Role


class SessionOut(Schema):
    """Who is signed in, and what they may do to what: their own, their unit's, or their force's items."""

    account_id: UUID
    name: str
    roles: list[Role]
    officer_id: UUID | None
    unit_id: UUID | None
    actions: dict[Action, list[Relation]]
