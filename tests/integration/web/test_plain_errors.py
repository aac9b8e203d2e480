"""Addresses that lead nowhere and forms that are too old are answered by pages of ours."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_unknown_address_has_our_page(world):
    client = Client()
    client.force_login(world.accounts["bailey"])
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert b"tabard.css" in answer.content


def test_a_form_without_its_token_has_our_page(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.accounts["bailey"])
    answer = client.post("/sign-out")
    assert answer.status_code == 403
    assert b"This form is too old" in answer.content
