"""Accounts, their passwords and roles, and the viewer that authorisation sees."""

from datetime import timedelta

import pytest

from tabard.config import settings as as_in_use
from tabard.custody.selectors import history
from tabard.kernel.errors import Invalid
from tabard.people import services
from tabard.people.errors import AlreadyKnown, RoleConflict
from tabard.people.models import Account, RoleGrant
from tabard.people.rules import Role
from tabard.people.selectors import viewer_of

PASSWORD = "nine pilgrims rode at dawn"


@pytest.fixture
def passwords_as_in_use(settings):
    """Kept at the cost they have in use, not at that of most tests."""
    settings.PASSWORD_HASHERS = as_in_use.PASSWORD_HASHERS


@pytest.fixture
def account(team, enrol, by, day_one):
    return services.create_account(
        username="Lena.Barrow",
        display_name="PC Lena Barrow",
        password=PASSWORD,
        roles=[Role.SUPERVISOR, Role.OFFICER, Role.OFFICER],
        officer=enrol(team, "101"),
        by=by,
        at=day_one,
    )


def another(by, at, **changed):
    given = {"username": "other", "display_name": "Other", "password": PASSWORD, "roles": [], **changed}
    return services.create_account(**given, by=by, at=at)


def test_a_password_is_kept_as_a_costly_argon2_hash_only(passwords_as_in_use, account):
    stored = Account.objects.get(username="lena.barrow")
    assert stored.password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    assert PASSWORD not in stored.password
    assert stored.check_password(PASSWORD)


def test_an_account_with_its_roles_is_one_event(account):
    (event,) = history([account.id])
    assert event.kind == "account.created"
    assert event.particulars.details["roles"] == ["officer", "supervisor"]


@pytest.mark.parametrize("password", ["short", "password1234", "Lena.Barrow1", ""])
def test_a_weak_password_is_refused_by_its_field(db, by, day_one, password):
    with pytest.raises(Invalid) as refused:
        another(by, day_one, username="lena.barrow", password=password)
    assert refused.value.fields["field"] == "password"
    assert Account.objects.count() == 0


def test_a_user_name_and_an_officer_have_one_account(account, by, day_one):
    with pytest.raises(AlreadyKnown) as refused:
        another(by, day_one, username=" LENA.BARROW ")
    assert refused.value.fields["field"] == "username"
    with pytest.raises(AlreadyKnown) as refused:
        another(by, day_one, officer=account.officer)
    assert refused.value.fields["field"] == "officer"
    assert Account.objects.count() == 1


def test_roles_come_and_go_each_with_its_event(account, by, day_one):
    services.grant_role(account=account, role=Role.AUDITOR, by=by, at=day_one)
    services.revoke_role(account=account, role=Role.OFFICER, by=by, at=day_one)
    assert viewer_of(account, day_one).roles == {Role.SUPERVISOR, Role.AUDITOR}
    events = [(event.kind, event.particulars.details.get("role")) for event in history([account.id])]
    assert events[1:] == [("role.granted", "auditor"), ("role.revoked", "officer")]


def test_a_role_held_is_not_granted_and_one_not_held_is_not_revoked(account, by, day_one):
    with pytest.raises(RoleConflict):
        services.grant_role(account=account, role=Role.OFFICER, by=by, at=day_one)
    with pytest.raises(RoleConflict):
        services.revoke_role(account=account, role=Role.DEFENCE, by=by, at=day_one)
    assert RoleGrant.objects.count() == 2
    assert len(history([account.id])) == 1


def test_a_viewer_has_roles_and_reaches_its_unit_and_everything_below(account, team, lewisham, by, day_one):
    seen = viewer_of(account, day_one)
    assert (seen.account_id, seen.name) == (account.id, "PC Lena Barrow")
    assert seen.roles == {Role.OFFICER, Role.SUPERVISOR}
    assert (seen.officer_id, seen.unit_id, seen.unit_ids) == (account.officer_id, team.id, {team.id})
    later = day_one + timedelta(days=3)
    services.post_officer(officer=account.officer, unit=lewisham, by=by, at=later)
    assert viewer_of(account, later).unit_ids == {lewisham.id, team.id}
    assert viewer_of(account, day_one).unit_ids == {team.id}


def test_an_account_without_an_officer_reaches_no_unit(force, by, day_one):
    seen = viewer_of(another(by, day_one, roles=[Role.AUDITOR]), day_one)
    assert (seen.officer_id, seen.unit_id, seen.unit_ids) == (None, None, frozenset())
    assert seen.roles == {Role.AUDITOR}


def test_a_closed_account_has_no_roles(account, day_one):
    account.is_active = False
    assert viewer_of(account, day_one).roles == frozenset()
