"""The force of `access_world`, and a program that talks to its API."""

import json

import pytest
from django.test import Client
from tests.integration.api.access_world import staged

from tabard.people.rules import Role


@pytest.fixture(scope="module")
def force(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), staged(tmp_path_factory.mktemp("home"), with_unheld=False) as built:
        yield built


@pytest.fixture
def world(force, db):
    return force


class Program:
    """A client of the API; answers come with their status and what they say."""

    def __init__(self, account=None, **options):
        self.http = Client(**options)
        if account is not None:
            self.http.force_login(account)

    def ask(self, method, path, sent=None, **headers):
        body = {} if sent is None else {"data": json.dumps(sent), "content_type": "application/json"}
        response = self.http.generic(method, f"/api/v1{path}", **body, headers=headers)
        return response.status_code, _said(response)

    def get(self, path, **query):
        response = self.http.get(f"/api/v1{path}", query)
        return response.status_code, _said(response)

    def post(self, path, sent=None):
        return self.ask("POST", path, sent)

    def put(self, path, sent):
        return self.ask("PUT", path, sent)


def _said(response):
    return response.json() if "json" in response.headers.get("Content-Type", "") else response.content


@pytest.fixture
def program(world):
    """A program signed in as the asker with these roles."""

    def make(*roles: Role, **options):
        return Program(world.become(*roles), **options)

    return make
