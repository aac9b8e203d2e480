"""Nothing happens unlogged, for services that may not be called inside a transaction: a real commit for each."""

import pytest
from tests.integration.api.access_world import build
from tests.integration.logged.judging import fails_and_changes_nothing, leaves_exactly_its_event
from tests.integration.logged.registry import Stage, declared

ALONE = {name: act for name, act in declared().items() if act.alone}


@pytest.fixture
def stage(transactional_db, tmp_path, settings):
    settings.TABARD_HOME, settings.TABARD_STORE_URL = tmp_path, ""
    return Stage(build())


@pytest.mark.parametrize("name", ALONE)
def test_it_leaves_exactly_its_event(stage, name):
    leaves_exactly_its_event(stage, ALONE[name])


@pytest.mark.parametrize("name", ALONE)
def test_without_its_event_it_fails_and_changes_nothing(stage, name):
    fails_and_changes_nothing(stage, ALONE[name])
