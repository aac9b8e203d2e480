"""Nothing happens unlogged: every service leaves exactly its event, and without it does nothing."""

import shutil

import pytest
from django.conf import settings
from tests.conftest import REPOSITORY
from tests.integration.api.access_world import staged, undone
from tests.integration.logged import exempt
from tests.integration.logged.discovery import services
from tests.integration.logged.judging import fails_and_changes_nothing, leaves_exactly_its_event
from tests.integration.logged.registry import Stage, declared

from tabard.custody.kinds import CLASS_OF, Section62

ACTS = declared()
TOGETHER = {name: act for name, act in ACTS.items() if not act.alone}


@pytest.fixture(scope="module")
def force(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), staged(tmp_path_factory.mktemp("home")) as built:
        yield built


@pytest.fixture
def stage(force, db, tmp_path):
    """The force as it was built; rows are rolled back afterwards, and its objects and keys laid back."""
    home, kept = settings.TABARD_HOME, tmp_path / "home"
    (home / "keys" / "log-key.last-signed").unlink(missing_ok=True)
    shutil.copytree(home, kept)
    with undone():
        yield Stage(force)
    for path in home.rglob("*"):
        if path.is_file():  # stores remember the folders that they made, so these stay
            path.unlink()
    shutil.copytree(kept, home, dirs_exist_ok=True)


def test_every_service_declares_its_event_or_says_why_it_has_none():
    found = set(services())
    spoken_for = (
        {name.partition("#")[0] for name in ACTS} | set(exempt.SERVICES) | set(exempt.TRIED_ELSEWHERE)
    )
    undeclared = sorted(found - spoken_for)
    assert not undeclared, (
        f"These write or are told when and by whom, and nothing says which event they leave: {undeclared}. "
        "Declare each with @act (see tests/integration/logged/registry.py), or give the reason in exempt.py."
    )
    assert sorted(spoken_for - found) == [], "these are declared and are no more"


def test_what_is_tried_elsewhere_is_tried_there():
    for name, (kind, folder) in exempt.TRIED_ELSEWHERE.items():
        texts = [path.read_text() for path in (REPOSITORY / folder).rglob("*.py")]
        assert any(kind in text for text in texts), f"{name}: no test in {folder} looks for {kind}"


def test_every_class_of_the_act_is_reached():
    reached = {CLASS_OF[kind] for act in ACTS.values() for kind in act.kinds}
    assert reached == set(Section62)


@pytest.mark.parametrize("name", TOGETHER)
def test_it_leaves_exactly_its_event(stage, name):
    leaves_exactly_its_event(stage, TOGETHER[name])


@pytest.mark.parametrize("name", TOGETHER)
def test_without_its_event_it_fails_and_changes_nothing(stage, name):
    fails_and_changes_nothing(stage, TOGETHER[name])
