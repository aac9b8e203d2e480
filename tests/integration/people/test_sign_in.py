"""Signing in: what succeeds, what fails, what the log says, and when guessing ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from tabard.custody.selectors import LogFilter, page
from tabard.people import services, sign_in
from tabard.people.errors import SignInFailed, SignInLocked
from tabard.people.models import SignInAttempts
from tabard.people.rules import Role
from tabard.people.sign_in import LOCK_OUT, MAX_FAILURES, authenticate, record_sign_out

PASSWORD = "nine pilgrims rode at dawn"
SECOND = timedelta(seconds=1)


@pytest.fixture
def account(db, by, day_one):
    return services.create_account(
        username="lena.barrow",
        display_name="PC Lena Barrow",
        password=PASSWORD,
        roles=[Role.OFFICER],
        by=by,
        at=day_one,
    )


def newest():
    return page(LogFilter())[0]


def fail(times, at, username="lena.barrow"):
    for _ in range(times):
        with pytest.raises(SignInFailed) as refused:
            authenticate(username, "wrong", at)
    return refused.value


def test_the_right_password_opens_and_is_logged(account, day_one):
    assert authenticate(" Lena.BARROW ", PASSWORD, day_one) == account
    event = newest()
    assert (event.kind, event.subject_id) == ("account.signed_in", account.id)
    assert event.particulars.actor_id == str(account.id)


def test_every_failure_reads_the_same_and_is_logged_with_its_reason(account, day_one):
    with pytest.raises(SignInFailed) as wrong:
        authenticate("lena.barrow", "wrong", day_one)
    assert newest().kind == "account.sign_in_failed"
    assert newest().particulars.details == {"reason": "wrong password"}
    with pytest.raises(SignInFailed) as unknown:
        authenticate("nobody", "wrong", day_one)
    assert newest().particulars.details == {"reason": "unknown user name"}
    account.is_active = False
    account.save()
    with pytest.raises(SignInFailed) as closed:
        authenticate("lena.barrow", PASSWORD, day_one)
    assert newest().particulars.details == {"reason": "closed account"}
    assert wrong.value.message == unknown.value.message == closed.value.message
    assert wrong.value.code == unknown.value.code == closed.value.code == "sign_in_failed"


def test_an_unknown_name_costs_a_hash_like_a_known_one(account, day_one, monkeypatch):
    hashed = []
    monkeypatch.setattr(sign_in, "make_password", hashed.append)
    fail(1, day_one, "nobody")
    assert hashed == ["wrong"]


@pytest.mark.parametrize("username", ["", "a\x00b", "x" * 5000, "'; DROP TABLE people_account; --"])
def test_a_name_that_no_account_can_have_fails_like_any_other(account, day_one, username):
    assert fail(1, day_one, username).code == "sign_in_failed"


def test_a_password_typed_as_a_name_is_kept_nowhere(account, day_one):
    fail(1, day_one, PASSWORD)
    event = newest()
    kept = f"{event.leaf} {event.subject_id} {event.particulars.details} {SignInAttempts.objects.get().key}"
    assert "pilgrims" not in kept


def test_ten_failures_close_the_name_even_to_the_right_password_until_the_time_is_over(account, day_one):
    assert fail(MAX_FAILURES, day_one).code == "sign_in_failed"
    with pytest.raises(SignInLocked):
        authenticate("lena.barrow", PASSWORD, day_one + LOCK_OUT - SECOND)
    assert newest().particulars.details == {"reason": "locked"}
    assert authenticate("lena.barrow", PASSWORD, day_one + LOCK_OUT) == account


def test_names_that_do_not_exist_close_too(db, day_one):
    fail(MAX_FAILURES, day_one, "nobody")
    assert fail(1, day_one, "nobody").code == "sign_in_locked"
    assert fail(1, day_one, "somebody").code == "sign_in_failed"


def test_a_success_forgives_the_failures_before_it(account, day_one):
    fail(MAX_FAILURES - 1, day_one)
    authenticate("lena.barrow", PASSWORD, day_one)
    assert fail(MAX_FAILURES, day_one).code == "sign_in_failed"


def test_failures_that_no_longer_count_are_forgotten(account, day_one):
    fail(1, day_one, "nobody")
    fail(1, day_one + SECOND, "somebody")
    authenticate("lena.barrow", PASSWORD, day_one + LOCK_OUT)
    assert SignInAttempts.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_guesses_made_at_once_are_each_counted(account, day_one):
    def guess(_):
        try:
            authenticate("lena.barrow", "wrong", day_one)
        except SignInFailed as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(guess, range(MAX_FAILURES + 6)))
    assert outcomes.count("sign_in_failed") == MAX_FAILURES
    assert outcomes.count("sign_in_locked") == 6


def test_signing_out_is_logged(account, day_one):
    record_sign_out(account=account, at=day_one)
    assert (newest().kind, newest().subject_id) == ("account.signed_out", account.id)
