"""The pages of incidents: found, recorded without losing what was typed, and shown with their footage."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from tests.integration.web.staged import FILMED_AT, events, seal, stage, text

from tabard.incidents.models import Incident
from tabard.incidents.services import link
from tabard.media.models import Derivative
from tabard.people.rules import Role

TYPED = {
    "kind": "crime_report",
    "reference": "4829137/26",
    "title": "Robbery, Brixton Road",
    "start_at": "2026-07-14T22:41",
    "end_at": "",
    "place": "Brixton Road",
}


@pytest.fixture
def staged(db):
    return stage()


def test_the_list_is_empty_in_words_before_the_first(staged):
    page = staged.client(Role.INVESTIGATOR).get(reverse("incidents"))
    assert "No incidents yet" in text(page)


def test_search_and_kind_narrow_the_list(staged):
    staged.incident("4829137/26")
    staged.incident("CAD 77/14MAR26", kind=Incident.Kind.CALL, title="Noise", place="Mare Street")
    client = staged.client(Role.INVESTIGATOR)
    assert "4829137/26" in text(client.get(reverse("incidents")))
    by_words = text(client.get(reverse("incidents"), {"words": "mare"}))
    assert "CAD 77/14MAR26" in by_words
    assert "4829137/26" not in by_words
    by_kind = text(client.get(reverse("incidents"), {"kind": "crime_report"}))
    assert "4829137/26" in by_kind
    assert "CAD 77/14MAR26" not in by_kind
    assert "No incident matches" in text(client.get(reverse("incidents"), {"words": "nothing"}))


def test_an_officer_sees_only_incidents_of_their_unit(staged):
    staged.incident("1/26", unit=staged.lambeth)
    staged.incident("2/26", unit=staged.hackney)
    seen = text(staged.client(Role.OFFICER, staged.barrow).get(reverse("incidents")))
    assert "1/26" in seen
    assert "2/26" not in seen


def test_recording_an_incident_takes_london_time_and_leads_to_its_page(staged):
    client = staged.client(Role.OFFICER, staged.barrow)
    page = client.post(reverse("incident-record"), {**TYPED, "unit": str(staged.lambeth.id)}, follow=True)
    made = Incident.objects.get()
    assert page.redirect_chain == [(reverse("incident", args=[made.id]), 302)]
    assert made.start_at == datetime(2026, 7, 14, 21, 41, tzinfo=UTC)
    assert (made.unit, made.officer) == (staged.lambeth, staged.barrow)
    assert "Crime report 4829137/26 is recorded." in text(page)
    assert len(events("incident.recorded", made.id)) == 1


def test_the_unit_of_the_officer_is_chosen_at_first(staged):
    page = staged.client(Role.OFFICER, staged.barrow).get(reverse("incident-record"))
    assert f'<option value="{staged.lambeth.id}" selected>Lambeth</option>' in page.content.decode()


def test_an_error_names_its_field_and_keeps_what_was_typed(staged):
    client = staged.client(Role.OFFICER, staged.barrow)
    page = client.post(reverse("incident-record"), {**TYPED, "title": "", "end_at": "2026-07-14T20:00"})
    assert page.status_code == 400
    html = page.content.decode()
    assert '<a href="#id_title">Enter what happened</a>' in html
    assert 'value="4829137/26"' in html
    page = client.post(reverse("incident-record"), {**TYPED, "end_at": "2026-07-14T20:00"})
    assert '<a href="#id_end_at">' in page.content.decode()
    assert Incident.objects.count() == 0


def test_a_reference_that_is_known_is_refused_at_its_field(staged):
    staged.incident("4829137/26")
    page = staged.client(Role.OFFICER, staged.barrow).post(reverse("incident-record"), TYPED)
    assert page.status_code == 400
    assert "Crime report 4829137/26 is recorded already." in text(page)
    assert '<a href="#id_reference">' in page.content.decode()


def test_the_page_shows_the_linked_recordings_and_is_itself_logged(staged):
    incident, recording = staged.incident(), staged.record()
    link(
        incident=incident,
        recording=recording,
        viewer=staged.viewer(Role.INVESTIGATOR),
        at=FILMED_AT,
        reason="The chase",
    )
    exhibit = staged.exhibit(recording, incident=incident)
    client = staged.client(Role.INVESTIGATOR)
    page = client.get(reverse("incident", args=[incident.id]))
    seen = text(page)
    assert "Linked by Investigator Smith" in seen
    assert "The chase" in seen
    assert "Waiting for a picture" in seen
    assert exhibit.reference in seen
    assert reverse("recording", args=[recording.id]) in page.content.decode()
    assert len(events("incident.viewed", incident.id)) == 1


def test_a_card_shows_the_first_segment_that_has_a_poster(staged):
    incident, recording = staged.incident(), staged.record()
    link(incident=incident, recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    first, second = recording.segments.all()
    for segment in (second, first):
        Derivative.objects.create(
            segment=segment,
            kind=Derivative.Kind.POSTER,
            object=seal(b"picture"),
            content_type="image/jpeg",
            made_at=FILMED_AT,
        )
    html = staged.client(Role.INVESTIGATOR).get(reverse("incident", args=[incident.id])).content.decode()
    assert f'src="/play/posters/{first.id}"' in html
    assert str(second.id) not in html


def test_a_recording_that_the_person_may_not_see_is_not_on_the_page(staged):
    incident, recording = staged.incident(unit=staged.hackney), staged.record()
    link(incident=incident, recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    page = staged.client(Role.OFFICER, staged.okafor).get(reverse("incident", args=[incident.id]))
    assert page.status_code == 200
    assert "No recording is linked" in text(page)
    assert str(recording.id) not in page.content.decode()


def test_an_incident_of_another_unit_is_refused_and_the_refusal_is_logged(staged):
    incident = staged.incident(unit=staged.hackney)
    page = staged.client(Role.OFFICER, staged.barrow).get(reverse("incident", args=[incident.id]))
    assert page.status_code == 403
    assert len(events("access.refused", incident.id)) == 1
    assert events("incident.viewed") == []


def test_who_manages_cameras_has_no_business_with_incidents(staged):
    client = staged.client(Role.BWV_ADMINISTRATOR)
    assert client.get(reverse("incidents")).status_code == 403
    assert client.get(reverse("incident-record")).status_code == 403
