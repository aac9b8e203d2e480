"""Who works here: units, officers, accounts and their roles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from ninja import File, Query, UploadedFile

from tabard.api.keyset import newest_first
from tabard.api.operations import Operations
from tabard.api.routes.imports import answer_to, sent_rows
from tabard.api.routes.named import officer_named, unit_named
from tabard.api.schemas.imports import ImportOut
from tabard.api.schemas.people import (
    AccountIn,
    AccountOut,
    AccountsOut,
    AccountsWanted,
    OfficersOut,
    OfficersWanted,
    RoleIn,
    UnitOut,
)
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people import services
from tabard.people.authorisation import check_can
from tabard.people.importing import import_officers
from tabard.people.models import Account, Officer, Posting
from tabard.people.rules import Action, Role
from tabard.people.selectors import unit_tree

MOST_OFFICERS = 50

people = Operations("people")


@people.get("/units", access=Action.RECORDING_VIEW, answers=list[UnitOut])
def units(request: Asked) -> list[UnitOut]:  # noqa: ARG001 - every operation is given its request
    """Every unit of the force, each parent before its children."""
    return [UnitOut.of(node) for node in unit_tree()]


@people.get("/officers", access=Action.PEOPLE_MANAGE, answers=OfficersOut)
def officers(request: Asked, wanted: Query[OfficersWanted]) -> dict[str, Any]:
    """Officers whose names, shoulder and warrant numbers hold every word, by family name."""
    check_can(request.auth, Action.PEOPLE_MANAGE)
    found = list(_officers(wanted.words, now())[: MOST_OFFICERS + 1])
    return {"officers": found[:MOST_OFFICERS], "has_more": len(found) > MOST_OFFICERS}


@people.post("/officers/import", access=Action.PEOPLE_MANAGE, answers=ImportOut)
def import_file(
    request: Asked,
    file: File[UploadedFile],
    dry_run: Query[bool] = False,  # noqa: FBT002 - a parameter of the address
    good_only: Query[bool] = False,  # noqa: FBT002 - the same
) -> ImportOut | HttpResponse:
    """Enrols every officer of a CSV file; where rows are at fault none (a 422), or, if asked, the good ones."""
    check_can(request.auth, Action.PEOPLE_MANAGE)
    report = import_officers(
        rows_csv=sent_rows(file), by=request.auth.actor, at=now(), dry_run=dry_run, good_only=good_only
    )
    return answer_to(report)


@people.get("/accounts", access=Action.PEOPLE_MANAGE, answers=AccountsOut)
def accounts(request: Asked, wanted: Query[AccountsWanted]) -> dict[str, Any]:
    """The accounts whose user or display names hold every word, the newest first."""
    check_can(request.auth, Action.PEOPLE_MANAGE)
    rows = _accounts()
    for word in wanted.words.split():
        rows = rows.filter(Q(username__icontains=word) | Q(display_name__icontains=word))
    page = newest_first(rows, by="created_at", cursor=wanted.cursor)
    return {"accounts": page.rows, "next_cursor": page.next_cursor}


@people.post("/accounts", access=Action.PEOPLE_MANAGE, answers=AccountOut, status=201)
def create(request: Asked, sent: AccountIn) -> Account:
    """Creates an account with its roles; the password is judged by the installation's rules."""
    check_can(request.auth, Action.PEOPLE_MANAGE)
    account = services.create_account(
        username=sent.username,
        display_name=sent.display_name,
        password=sent.password,
        roles=sent.roles,
        officer=officer_named(sent.officer, "officer") if sent.officer else None,
        unit=unit_named(sent.unit_id),
        by=request.auth.actor,
        at=now(),
    )
    return _account(account.id)


@people.post("/accounts/{uuid:account_id}/roles", access=Action.PEOPLE_MANAGE, answers=AccountOut)
def grant(request: Asked, account_id: UUID, sent: RoleIn) -> Account:
    """Grants the account a role, from now on."""
    check_can(request.auth, Action.PEOPLE_MANAGE)
    services.grant_role(account=_account(account_id), role=sent.role, by=request.auth.actor, at=now())
    return _account(account_id)


@people.delete("/accounts/{uuid:account_id}/roles/{role}", access=Action.PEOPLE_MANAGE)
def revoke(request: Asked, account_id: UUID, role: Role) -> None:
    """Takes the role from the account."""
    check_can(request.auth, Action.PEOPLE_MANAGE)
    services.revoke_role(account=_account(account_id), role=role, by=request.auth.actor, at=now())


def _officers(words: str, at: datetime) -> QuerySet[Officer]:
    postings = Posting.objects.filter(during__contains=at).select_related("unit")
    rows = Officer.objects.prefetch_related(Prefetch("postings", postings, to_attr="current"))
    for word in words.split():
        rows = rows.filter(
            Q(family_name__icontains=word)
            | Q(given_name__icontains=word)
            | Q(shoulder_number__icontains=word)
            | Q(warrant_number__icontains=word)
        )
    return rows.order_by("family_name", "given_name", "id")


def _accounts() -> QuerySet[Account]:
    return Account.objects.select_related("officer").prefetch_related("grants")


def _account(account_id: UUID) -> Account:
    found = _accounts().filter(id=account_id).first()
    if found is None:
        raise NotFound("There is no such account.", account=str(account_id))
    return found
