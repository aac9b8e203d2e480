"""The way in and out, as a browser without scripts goes it."""

import pytest
from django.test import Client
from tests.integration.web import town

from tabard.custody.models import Event


@pytest.fixture
def people(db):
    return town.build()


def kinds():
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_an_officer_signs_in_and_is_led_where_they_were_going(people, client):
    asked = client.get("/recordings/")
    assert asked.headers["Location"] == "/sign-in?next=/recordings/"
    answer = client.post(
        "/sign-in", {"username": " LENA ", "password": town.PASSWORD, "next": "/recordings/"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/recordings/")
    assert client.get("/recordings/").status_code == 200
    assert kinds()[-1] == "account.signed_in"


def test_a_session_begun_before_signing_in_does_not_become_the_officers(people, client):
    session = client.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    client.post("/sign-in", {"username": "lena", "password": town.PASSWORD})
    assert client.session.session_key != before


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(people, client, elsewhere):
    answer = client.post("/sign-in", {"username": "lena", "password": town.PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_keeps_the_name_never_the_password(people, client):
    answer = client.post("/sign-in", {"username": "lena", "password": "wrong horse battery"})
    page = answer.content.decode()
    assert answer.status_code == 401
    assert 'value="lena"' in page
    assert "wrong horse battery" not in page
    assert "The user name or the password is wrong." in page
    assert "_auth_user_id" not in client.session
    assert kinds()[-1] == "account.sign_in_failed"


def test_an_empty_field_is_named(people, client):
    answer = client.post("/sign-in", {"username": "lena", "password": ""})
    assert answer.status_code == 400
    assert "Enter password" in answer.content.decode()


def test_ten_wrong_guesses_lock_the_name_even_for_the_right_password(people, client):
    for _ in range(10):
        client.post("/sign-in", {"username": "lena", "password": "guess"})
    answer = client.post("/sign-in", {"username": "lena", "password": town.PASSWORD})
    assert answer.status_code == 401
    assert "Try again in 15 minutes" in answer.content.decode()


def test_signing_out_ends_the_session_and_only_a_post_does_it(people, client):
    client.force_login(people.accounts["lena"])
    assert client.get("/sign-out").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert kinds()[-1] == "account.signed_out"
    assert client.get("/").headers["Location"] == "/sign-in?next=/"


def test_a_sign_out_from_another_site_is_refused(people):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.accounts["lena"])
    assert strict.post("/sign-out").status_code == 403
    assert strict.get("/").status_code == 200


def test_a_closed_account_is_out_at_once(people, client):
    client.force_login(people.accounts["lena"])
    people.accounts["lena"].is_active = False
    people.accounts["lena"].save()
    assert client.get("/recordings/").status_code == 302


@pytest.mark.parametrize("username", ["lena", "ruth", "ines", "dana", "amir", "rosa", "olga"])
def test_every_role_has_a_home(people, client, username):
    client.force_login(people.accounts[username])
    answer = client.get("/")
    assert answer.status_code == 200
    assert people.accounts[username].display_name in answer.content.decode()
