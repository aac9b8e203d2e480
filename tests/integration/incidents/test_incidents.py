"""Crime reports are known by reference, linked by hand, and their exhibits numbered for good."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from tests.world import DAY_ONE, World

from tabard.custody.models import Event
from tabard.incidents import exhibits, selectors, services
from tabard.incidents.models import Exhibit, Incident, Link
from tabard.incidents.rules import normal_reference, parse_exhibit_reference
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.rules import Role

NOW = DAY_ONE + timedelta(days=1)


def record(world: World, viewer_name: str = "bailey", **changes) -> Incident:
    facts = {
        "kind": "crime_report",
        "reference": "cris  1234567/26",
        "title": "Theft",
        "start_at": DAY_ONE,
        "end_at": None,
        "place": "Brixton Road",
        "unit": world.units["LX"],
        "viewer": world.viewer(viewer_name),
        "at": NOW,
    }
    return services.record(**{**facts, **changes})


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_reference_is_one_whatever_its_spelling(world):
    assert record(world).reference == "CRIS 1234567/26"
    with pytest.raises(Conflict) as refused:
        record(world, reference="CRIS 1234567/26 ")
    assert refused.value.fields["field"] == "reference"
    assert kinds().count("incident.recorded") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": "  "}, "reference"),
        ({"reference": "A" * 65}, "reference"),
        ({"reference": "CRIS;DROP"}, "reference"),
        ({"kind": "party"}, "kind"),
        ({"title": " "}, "title"),
        ({"end_at": DAY_ONE - timedelta(seconds=1)}, "end_at"),
    ],
)
def test_a_refused_field_is_named(world, changes, field):
    with pytest.raises(Invalid) as refused:
        record(world, **changes)
    assert refused.value.fields["field"] == field
    assert not Incident.objects.exists()


def test_a_link_is_made_once_and_logged(world):
    incident, recording = record(world), world.recording()
    viewer = world.viewer("bailey")
    services.link(incident=incident, recording=recording, viewer=viewer, at=NOW)
    with pytest.raises(Conflict):
        services.link(incident=incident, recording=recording, viewer=viewer, at=NOW)
    assert kinds().count("incident.linked") == 1
    assert list(selectors.recordings_linked_to("cris 1234567/26")) == [recording.id]


def test_unlinking_needs_a_reason_and_stays_in_the_log(world):
    incident, recording = record(world), world.recording()
    viewer = world.viewer("bailey")
    services.link(incident=incident, recording=recording, viewer=viewer, at=NOW)
    with pytest.raises(Invalid):
        services.unlink(incident=incident, recording=recording, viewer=viewer, at=NOW, reason=" ")
    services.unlink(incident=incident, recording=recording, viewer=viewer, at=NOW, reason="Wrong street")
    assert not Link.objects.exists()
    assert kinds()[-1] == "incident.unlinked"


def test_nobody_links_anothers_recording(world):
    incident, recording = record(world), world.recording(officer="Walker")
    with pytest.raises(Denied):
        services.link(incident=incident, recording=recording, viewer=world.viewer("bailey"), at=NOW)
    assert not Link.objects.exists()


def test_an_officer_of_another_borough_does_not_find_the_incident(world):
    record(world)
    assert not selectors.incidents(world.viewer("walker")).exists()
    assert selectors.incidents(world.anyone(Role.INVESTIGATOR)).count() == 1


def produce(world: World, recording, **changes) -> Exhibit:
    facts = {
        "recording": recording,
        "producer": world.officers["Bailey"],
        "description": "Body-worn video",
        "viewer": world.viewer("bailey"),
        "at": NOW,
    }
    return exhibits.produce(**{**facts, **changes})


def test_exhibit_numbers_count_up_per_producer(world):
    recording = world.recording()
    assert [produce(world, recording).reference for _ in range(3)] == ["LB/1", "LB/2", "LB/3"]
    other = produce(
        world,
        world.recording(officer="Walker"),
        producer=world.officers["Walker"],
        viewer=world.viewer("walker"),
    )
    assert other.reference == "WW/1"


def test_a_number_is_not_reused_when_its_exhibit_is_gone(world):
    recording = world.recording()
    produce(world, recording)
    Exhibit.objects.all().delete()
    assert produce(world, recording).reference == "LB/2"


def test_a_refused_exhibit_takes_no_number(world):
    recording = world.recording()
    with pytest.raises(Invalid):
        produce(world, recording, description="")
    with pytest.raises(Denied):
        produce(world, recording, viewer=world.viewer("walker"))
    assert produce(world, recording).number == 1


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_get_eight_numbers():
    world = World()
    recording = world.recording()

    def one(_: int) -> int:
        try:
            return produce(world, recording).number
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == list(range(1, 9))


def test_both_ways_of_writing_a_reference_are_read():
    assert parse_exhibit_reference("LB/1") == parse_exhibit_reference(" lb1 ") == ("LB", 1)
    for wrong in ("LB/0", "1/LB", "LB", "LB/01x", ""):
        with pytest.raises(Invalid):
            parse_exhibit_reference(wrong)


def test_a_urn_like_reference_is_accepted():
    assert normal_reference("01ab0001226(m)/2") == "01AB0001226(M)/2"
