"""The pages of exhibits: produced under the next reference, shown with their hashes, and packed."""

from uuid import UUID

import pytest
from django.urls import reverse
from tests.integration.web.staged import FILMED_AT, events, seal, sign_log, stage, text

from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.incidents.models import Exhibit, ExhibitSeries
from tabard.incidents.services import link
from tabard.people.rules import Role


@pytest.fixture
def staged(db):
    return stage()


def address(recording, **more):
    wanted = "&".join(f"{name}={value}" for name, value in {"recording": recording.id, **more}.items())
    return f"{reverse('exhibit-produce')}?{wanted}"


def test_the_list_is_empty_in_words_before_the_first(staged):
    assert "No exhibits yet" in text(staged.client(Role.INVESTIGATOR).get(reverse("exhibits")))


def test_the_list_finds_by_words_and_by_reference(staged):
    staged.exhibit(staged.record())
    client = staged.client(Role.AUDITOR)
    assert "LB/1" in text(client.get(reverse("exhibits")))
    assert "LB/1" in text(client.get(reverse("exhibits"), {"words": "barrow arrest"}))
    assert "No exhibit matches" in text(client.get(reverse("exhibits"), {"words": "seizure"}))


def test_an_officer_sees_only_their_own_exhibits(staged):
    staged.exhibit(staged.record())
    assert "LB/1" in text(staged.client(Role.OFFICER, staged.barrow).get(reverse("exhibits")))
    assert "LB/1" not in text(staged.client(Role.OFFICER, staged.okafor).get(reverse("exhibits")))


def test_the_form_shows_the_next_reference_without_taking_it(staged):
    recording = staged.record()
    staged.exhibit(recording)
    client = staged.client(Role.OFFICER, staged.barrow)
    for _ in range(2):
        page = client.get(address(recording))
        assert "LB/2 , if you are the producer" in text(page)
    assert 'value="482LX"' in page.content.decode()
    assert ExhibitSeries.objects.get().last_number == 1


def test_who_is_no_officer_is_told_that_the_reference_is_the_producers(staged):
    page = staged.client(Role.INVESTIGATOR).get(address(staged.record()))
    assert "The producing officer's next one" in text(page)


def test_producing_a_clip_for_an_incident(staged):
    recording, incident = staged.record(), staged.incident()
    clip = staged.cut(recording)
    link(incident=incident, recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    client = staged.client(Role.OFFICER, staged.barrow)
    offered = client.get(address(recording, clip=clip.id, incident=incident.id)).content.decode()
    assert f'value="{clip.id}" checked' in offered
    assert f'<option value="{incident.id}" selected>' in offered
    said = {
        "clip": str(clip.id),
        "producer": "w482lx",
        "description": "The arrest, as filmed",
        "incident": str(incident.id),
    }
    page = client.post(address(recording), said, follow=True)
    made = Exhibit.objects.get()
    assert page.redirect_chain == [(reverse("exhibit", args=[made.id]), 302)]
    assert (made.reference, made.clip, made.incident) == ("LB/1", clip, incident)
    assert "Produced as exhibit LB/1." in text(page)
    (event,) = events("exhibit.produced", made.id)
    assert event.particulars.actor_name == "Officer Barrow"


def test_an_error_names_its_field_and_keeps_what_was_typed(staged):
    recording = staged.record()
    client = staged.client(Role.OFFICER, staged.barrow)
    page = client.post(address(recording), {"producer": "999ZZ", "description": "The arrest"})
    assert page.status_code == 400
    html = page.content.decode()
    assert '<a href="#id_producer">' in html
    assert "No officer has this shoulder or warrant number." in html
    assert 'value="999ZZ"' in html
    assert "The arrest" in html
    page = client.post(address(recording), {"producer": "482LX", "description": "  "})
    assert '<a href="#id_description">Enter description</a>' in page.content.decode()
    assert ExhibitSeries.objects.count() == 0


def test_a_clip_of_another_recording_cannot_be_chosen(staged):
    recording = staged.record()
    other = staged.cut(staged.record("second"))
    said = {"clip": str(other.id), "producer": "482LX", "description": "The arrest"}
    page = staged.client(Role.OFFICER, staged.barrow).post(address(recording), said)
    assert page.status_code == 400
    assert Exhibit.objects.count() == 0


def test_a_disposed_recording_is_refused_in_words(staged):
    recording = staged.record()
    recording.disposed_at = FILMED_AT
    recording.save()
    said = {"producer": "482LX", "description": "The arrest"}
    page = staged.client(Role.OFFICER, staged.barrow).post(address(recording), said)
    assert page.status_code == 400
    assert "This recording was disposed of; it cannot be produced." in text(page)


def test_another_officers_recording_cannot_be_produced_and_the_refusal_is_logged(staged):
    recording = staged.record()
    page = staged.client(Role.OFFICER, staged.okafor).get(address(recording))
    assert page.status_code == 403
    assert len(events("access.refused", recording.id)) == 1


@pytest.mark.parametrize("wanted", ["", "?recording=", "?recording=none", f"?recording={UUID(int=7)}"])
def test_an_address_without_a_recording_leads_nowhere(staged, wanted):
    page = staged.client(Role.INVESTIGATOR).get(reverse("exhibit-produce") + wanted)
    assert page.status_code == 404


def test_the_page_shows_hashes_history_and_receipts_and_is_itself_logged(staged):
    recording = staged.record()
    exhibit = staged.exhibit(recording, clip=staged.cut(recording))
    sign_log()
    page = staged.client(Role.INVESTIGATOR).get(reverse("exhibit", args=[exhibit.id]))
    seen, html = text(page), page.content.decode()
    assert bytes(exhibit.clip.object.sha256).hex() in seen
    assert "A clip, 00:08 to 00:40" in seen
    assert "Exhibit produced by Investigator Smith" in seen
    (produced,) = events("exhibit.produced", exhibit.id)
    assert reverse("log-receipt", args=[produced.id]) in html
    assert reverse("clip", args=[exhibit.clip_id]) in html
    assert len(events("exhibit.viewed", exhibit.id)) == 1


def test_a_whole_recording_lists_every_segment_with_its_hash(staged):
    recording = staged.record()
    exhibit = staged.exhibit(recording)
    seen = text(staged.client(Role.AUDITOR).get(reverse("exhibit", args=[exhibit.id])))
    for segment in recording.segments.select_related("object"):
        assert segment.name in seen
        assert bytes(segment.object.sha256).hex() in seen
    assert "Play the recording" not in seen, "an auditor may not play"


def test_a_pack_is_asked_for_by_a_button_and_seen_being_built(staged):
    exhibit = staged.exhibit(staged.record())
    client = staged.client(Role.DISCLOSURE_OFFICER)
    page = client.post(reverse("pack-request", args=[exhibit.id]), follow=True)
    pack = Pack.objects.get()
    assert pack.state == Pack.State.REQUESTED
    assert "Being built" in text(page)
    assert f'hx-get="{reverse("exhibit-packs", args=[exhibit.id])}"' in page.content.decode()
    assert len(events("pack.requested", pack.id)) == 1


def test_looking_again_while_a_pack_is_built_is_no_further_view_of_the_exhibit(staged):
    exhibit = staged.exhibit(staged.record())
    packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)
    page = staged.client(Role.DISCLOSURE_OFFICER).get(reverse("exhibit-packs", args=[exhibit.id]))
    assert text(page).startswith("Evidence packs")
    assert events("exhibit.viewed") == []


def test_a_built_pack_can_be_downloaded_by_who_may_and_nothing_asks_again(staged):
    exhibit = staged.exhibit(staged.record())
    pack = packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)
    pack.state, pack.object, pack.built_at = Pack.State.BUILT, seal(b"a zip"), FILMED_AT
    pack.save()
    shown = reverse("exhibit-packs", args=[exhibit.id])
    html = staged.client(Role.DISCLOSURE_OFFICER).get(shown).content.decode()
    assert f'href="/download/packs/{pack.id}"' in html
    assert "hx-get" not in html
    assert "/download/packs/" not in staged.client(Role.AUDITOR).get(shown).content.decode()


def test_a_failed_pack_says_why(staged):
    exhibit = staged.exhibit(staged.record())
    pack = packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)
    pack.state, pack.reason = Pack.State.FAILED, "A file in the store is damaged."
    pack.save()
    page = staged.client(Role.DISCLOSURE_OFFICER).get(reverse("exhibit-packs", args=[exhibit.id]))
    assert "Failed A file in the store is damaged." in text(page)


def test_who_may_not_build_packs_sees_no_button_and_is_refused(staged):
    exhibit = staged.exhibit(staged.record())
    client = staged.client(Role.OFFICER, staged.barrow)
    assert "Request an evidence pack" not in text(client.get(reverse("exhibit", args=[exhibit.id])))
    assert client.post(reverse("pack-request", args=[exhibit.id])).status_code == 403
    assert Pack.objects.count() == 0


def test_a_pack_is_never_asked_for_by_following_a_link(staged):
    exhibit = staged.exhibit(staged.record())
    client = staged.client(Role.DISCLOSURE_OFFICER)
    assert client.get(reverse("pack-request", args=[exhibit.id])).status_code == 405


def test_an_exhibit_of_someone_else_is_refused_and_the_refusal_is_logged(staged):
    exhibit = staged.exhibit(staged.record())
    page = staged.client(Role.OFFICER, staged.okafor).get(reverse("exhibit", args=[exhibit.id]))
    assert page.status_code == 403
    assert len(events("access.refused", exhibit.id)) == 1
