"""How do units, officers, postings, accounts and roles come to be? Each act is one transaction with one event.

Who may do it is decided by the caller, against `people.manage`; here is decided whether it can be.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required
from tabard.people.constraints import Refusals, refusals
from tabard.people.errors import AlreadyKnown, PostingConflict, RoleConflict
from tabard.people.models import Account, Officer, Posting, RoleGrant, Unit
from tabard.people.rules import Role


def create_unit(*, kind: str, code: str, name: str, parent: Unit | None, by: Actor, at: datetime) -> Unit:
    """The new unit, in its place in the tree.

    Args:
        kind: One of `Unit.Kind`.
        code: Short and unique in any case, as files and exports name the unit.
        name: As people say it.
        parent: The unit above; None only for the force.
        by: Who creates it.
        at: When, aware.

    Raises:
        Invalid: when a value is missing, or the place in the tree is wrong.
        AlreadyKnown: when the code is taken, or there is a force already.
    """
    _check_place(kind, parent)
    unit = Unit(kind=kind, code=required(code, "code", 24), name=required(name, "name", 120), parent=parent)
    taken = {
        "people_unit_code_unique": lambda: AlreadyKnown(
            f"There is a unit {unit.code} already.", field="code"
        ),
        "people_unit_one_force": lambda: AlreadyKnown("There is a force already.", field="kind"),
    }
    with transaction.atomic():
        with refusals(taken):
            unit.save(force_insert=True)
        details = {"kind": kind, "code": unit.code, "name": unit.name, "parent": _text(unit.parent_id)}
        custody.append(
            kind=EventKind.UNIT_CREATED, subject=Subject("unit", unit.id), at=at, by=by, details=details
        )
    return unit


def _check_place(kind: str, parent: Unit | None) -> None:
    """A force stands on top, and nothing else does."""
    if kind not in Unit.Kind.values:
        raise Invalid(f"A unit is one of {', '.join(Unit.Kind.values)}.", field="kind")
    if (kind == Unit.Kind.FORCE) != (parent is None):
        raise Invalid(
            "Every unit but the force is part of another; the force is part of none.", field="parent"
        )


def enrol_officer(
    *,
    given_name: str,
    family_name: str,
    rank: str,
    warrant_number: str,
    shoulder_number: str,
    unit: Unit,
    by: Actor,
    at: datetime,
) -> Officer:
    """The new officer, posted to the unit from `at` on; the posting is part of the enrolment, not a second event.

    Raises:
        Invalid: when a value is missing or too long.
        AlreadyKnown: when the warrant or shoulder number is another officer's.
    """
    officer = Officer(
        given_name=required(given_name, "given_name", 80),
        family_name=required(family_name, "family_name", 80),
        rank=required(rank, "rank", 40),
        warrant_number=required(warrant_number, "warrant_number", 24),
        shoulder_number=required(shoulder_number, "shoulder_number", 24),
    )
    with transaction.atomic():
        with refusals(_numbers_taken(officer)):
            officer.save(force_insert=True)
        Posting.objects.create(officer=officer, unit=unit, during=DateTimeTZRange(at, None))
        details = {
            "name": f"{officer.given_name} {officer.family_name}",
            "shoulder_number": officer.shoulder_number,
            "rank": officer.rank,
            "unit": str(unit.id),
        }
        custody.append(
            kind=EventKind.OFFICER_ENROLLED,
            subject=Subject("officer", officer.id),
            at=at,
            by=by,
            details=details,
        )
    return officer


def post_officer(*, officer: Officer, unit: Unit, by: Actor, at: datetime) -> Posting:
    """The officer belongs to the unit from `at` on; the posting before it ends at the same instant.

    Raises:
        PostingConflict: when the officer is already posted there, or was posted somewhere at or after `at`.
    """
    with transaction.atomic():
        # One move of an officer at a time: the second waits here and then sees the first one's posting.
        Officer.objects.select_for_update(no_key=True).get(id=officer.id)
        current = officer.postings.filter(during__upper_inf=True).select_related("unit").first()
        if current is not None:
            _close(current, unit, at)
        overlaps = {"people_posting_one_at_a_time": lambda: _posted_later(officer)}
        with refusals(overlaps):
            posting = Posting.objects.create(officer=officer, unit=unit, during=DateTimeTZRange(at, None))
        details = {
            "name": f"{officer.given_name} {officer.family_name}",
            "shoulder_number": officer.shoulder_number,
            "rank": officer.rank,
            "from": _text(current.unit_id if current else None),
            "to": str(unit.id),
        }
        custody.append(
            kind=EventKind.OFFICER_POSTED,
            subject=Subject("officer", officer.id),
            at=at,
            by=by,
            details=details,
        )
    return posting


def _close(current: Posting, unit: Unit, at: datetime) -> None:
    """End the current posting at the instant at which the next begins."""
    if current.unit_id == unit.id:
        raise PostingConflict(f"The officer is already posted to {unit.name}.", unit=str(unit.id))
    if at <= current.during.lower:
        since = f"{current.during.lower:%-d %B %Y %H:%M}"
        raise PostingConflict(f"The officer is posted to {current.unit.name} since {since} UTC.", at=at)
    current.during = DateTimeTZRange(current.during.lower, at)
    current.save(update_fields=["during"])


def create_account(
    *,
    username: str,
    display_name: str,
    password: str,
    roles: Iterable[Role],
    officer: Officer | None = None,
    unit: Unit | None = None,
    by: Actor,
    at: datetime,
) -> Account:
    """The new account with its roles; the password is kept as an argon2 hash only.

    Args:
        username: Kept in lower case; what people type to sign in.
        display_name: As screens and the custody log name the person.
        password: Judged by the installation's password rules.
        roles: What the account may do; granting them is part of its creation, not further events.
        officer: The officer whose account it is, if it is one's.
        unit: The unit that an account of nobody's acts for, as a kiosk at its desk.
        by: Who creates it.
        at: When, aware.

    Raises:
        Invalid: with `field="password"` when the password is too weak, or another field is missing.
        AlreadyKnown: when the user name is taken, or the officer has an account.
    """
    account = Account(
        username=required(normal_username(username), "username", 64),
        display_name=required(display_name, "display_name", 120),
        officer=officer,
        unit=unit,
        created_at=at,
    )
    _check_password(password, account)
    account.set_password(password)
    held = sorted(set(roles))
    with transaction.atomic():
        with refusals(_account_taken(account)):
            account.save(force_insert=True)
        RoleGrant.objects.bulk_create(RoleGrant(account=account, role=role, granted_at=at) for role in held)
        details = {
            "username": account.username,
            "name": account.display_name,
            "roles": [role.value for role in held],
            "officer": _text(account.officer_id),
            "unit": _text(account.unit_id),
        }
        custody.append(
            kind=EventKind.ACCOUNT_CREATED,
            subject=Subject("account", account.id),
            at=at,
            by=by,
            details=details,
        )
    return account


def grant_role(*, account: Account, role: Role, by: Actor, at: datetime) -> None:
    """The account holds the role from now on.

    Raises:
        RoleConflict: when it holds it already.
    """
    held = {
        "people_role_granted_once": lambda: RoleConflict(f"The account is {role.label} already.", role=role)
    }
    with transaction.atomic():
        with refusals(held):
            RoleGrant.objects.create(account=account, role=role, granted_at=at)
        custody.append(
            kind=EventKind.ROLE_GRANTED,
            subject=Subject("account", account.id),
            at=at,
            by=by,
            details={"name": account.display_name, "role": role.value},
        )


def revoke_role(*, account: Account, role: Role, by: Actor, at: datetime) -> None:
    """The account no longer holds the role.

    Raises:
        RoleConflict: when it does not hold it.
    """
    with transaction.atomic():
        removed, _ = RoleGrant.objects.filter(account=account, role=role).delete()
        if not removed:
            raise RoleConflict(f"The account is not {role.label}.", role=role)
        custody.append(
            kind=EventKind.ROLE_REVOKED,
            subject=Subject("account", account.id),
            at=at,
            by=by,
            details={"name": account.display_name, "role": role.value},
        )


def normal_username(text: str) -> str:
    """The one form of a user name that is kept and looked up: Unicode NFKC, lower case, no spaces around it."""
    return Account.normalize_username(text.strip()).lower()


def _check_password(password: str, account: Account) -> None:
    """Pass only a password that the installation's rules accept."""
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error


def _numbers_taken(officer: Officer) -> Refusals:
    """What to say when an officer's number is another's."""
    return {
        "people_officer_warrant_number_unique": lambda: AlreadyKnown(
            f"Warrant number {officer.warrant_number} is another officer's.", field="warrant_number"
        ),
        "people_officer_shoulder_number_unique": lambda: AlreadyKnown(
            f"Shoulder number {officer.shoulder_number} is another officer's.", field="shoulder_number"
        ),
    }


def _account_taken(account: Account) -> Refusals:
    """What to say when the user name or the officer has an account; Django names both constraints."""
    return {
        "people_account_username_key": lambda: AlreadyKnown(
            f"The user name {account.username} is taken.", field="username"
        ),
        "people_account_officer_id_key": lambda: AlreadyKnown("The officer has an account.", field="officer"),
    }


def _posted_later(officer: Officer) -> PostingConflict:
    """What to say when an earlier or later posting covers the same time."""
    return PostingConflict(f"{officer} already has a posting at that time.", officer=str(officer.id))


def _text(value: UUID | None) -> str | None:
    """An id as event details hold it."""
    return None if value is None else str(value)
