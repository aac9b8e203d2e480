"""What a camera's entry has to say."""

import pytest

from tabard.fleet.models import Camera
from tabard.fleet.rules import LONGEST, MOUNTS, CameraFacts, faults


def facts(**changed):
    given = {"serial": "B8A44F001122", "make": "Axis", "model": "W120", "mount": "chest", **changed}
    return CameraFacts.described(**given)


def test_a_whole_entry_has_no_fault_and_loses_its_outer_spaces():
    given = facts(serial=" B8A44F001122 ", mount=" Chest")
    assert list(faults(given)) == []
    assert (given.serial, given.mount) == ("B8A44F001122", "chest")


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"serial": "  "}, "serial", "empty"),
        ({"make": ""}, "make", "empty"),
        ({"model": "M" * (LONGEST + 1)}, "model", "longer than 64"),
        ({"make": "Ax\x00is"}, "make", "cannot be printed"),
        ({"serial": "B8A 44F"}, "serial", "without spaces"),
        ({"serial": "B8Ä44F"}, "serial", "ASCII"),
        ({"mount": "belt"}, "mount", "'belt' is not one of chest, head, shoulder, weapon_light, other"),
    ],
)
def test_a_fault_names_its_field(changed, field, words):
    (fault,) = faults(facts(**changed))
    assert fault.field == field
    assert words in fault.words


def test_every_fault_is_told_at_once():
    assert {fault.field for fault in faults(facts(serial="", make="", mount=""))} == {
        "serial",
        "make",
        "mount",
    }


def test_the_mounts_are_those_that_the_database_knows():
    assert set(MOUNTS) == set(Camera.Mount.values)
