"""Packs are seen by those who may see the exhibit."""

import pytest
from tests.integration.disclosure.docked import ask, dock, produce

from tabard.disclosure import selectors
from tabard.kernel.errors import Denied, NotFound
from tabard.kernel.ids import new_id
from tabard.people.rules import Role


def test_whoever_sees_the_exhibit_sees_its_packs_newest_first(world):
    exhibit = produce(world, dock(world))
    first, second = ask(world, exhibit), ask(world, exhibit)
    for viewer in (world.viewer("bailey"), world.anyone(Role.INVESTIGATOR)):
        assert list(selectors.packs_of(viewer, exhibit.id)) == [second, first]
        assert selectors.pack(viewer, first.id) == first


def test_nobody_else_sees_them(world):
    pack = ask(world, produce(world, dock(world)))
    for viewer in (world.viewer("walker"), world.anyone(Role.DEFENCE), world.anyone(Role.BWV_ADMINISTRATOR)):
        assert not selectors.packs_of(viewer, pack.exhibit_id).exists()
        with pytest.raises(Denied):
            selectors.pack(viewer, pack.id)


def test_there_is_no_such_pack(world):
    with pytest.raises(NotFound):
        selectors.pack(world.viewer("bailey"), new_id())
