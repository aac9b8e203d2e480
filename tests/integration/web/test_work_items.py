"""The pages of work items: what came in with questions, what to do about each, and how it is settled."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.integration.recordings.coming_in import FILMED_AT, MINUTE, come_in
from tests.integration.web.staged import stage, text

from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.web.next_steps import NEXT_STEPS

pytestmark = pytest.mark.django_db
SETTLED = {"settle-flag": "unknown_camera", "settle-reason": "A loan of the next force"}


@pytest.fixture
def staged():
    return stage()


@pytest.fixture
def administrator(staged):
    return staged.client(Role.BWV_ADMINISTRATOR)


@pytest.fixture
def strange(staged):
    """A recording of a camera and an officer that nobody knows."""
    return come_in(b"strange", name="strange", serial="NOBODYS", officer_reference="999ZZ")


def test_every_question_has_a_next_step():
    assert set(NEXT_STEPS) == set(Recording.Flag)


def test_nothing_waits(administrator):
    assert "Nothing waits" in text(administrator.get(reverse("work-item-list")))


def test_what_waits_is_counted_listed_and_says_what_to_do(administrator, strange):
    shown = administrator.get(reverse("work-item-list"))
    assert {(each["flag"].value, each["number"]) for each in shown.context["counts"]} == {
        ("unknown_camera", 1),
        ("unknown_officer", 1),
    }
    page = text(shown)
    for words in ("999ZZ", "NOBODYS", "Receive the camera into the fleet"):
        assert words in page
    narrowed = administrator.get(reverse("work-item-list"), {"flag": "conflict"})
    assert "No work item matches" in text(narrowed)
    unknown = administrator.get(reverse("work-item-list"), {"officer": "000"})
    assert "No officer has this shoulder or warrant number." in text(unknown)


def test_more_items_cost_no_more_statements(administrator, strange):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            administrator.get(reverse("work-item-list"))
        return len(captured)

    few = statements()
    for number in range(1, 6):
        come_in(b"%d" % number, name=f"{number}", serial="NOBODYS", began=FILMED_AT + number * 60 * MINUTE)
    assert statements() == few


def test_an_item_shows_what_was_said_beside_what_is_known(administrator, strange):
    page = text(administrator.get(reverse("work-item", args=[strange.id])))
    for words in ("Officer 999ZZ Not known", "Camera NOBODYS Not known", "Never compared"):
        assert words in page


def test_copies_that_contradict_each_other_stand_side_by_side(administrator, strange):
    edited = come_in(b"edited", name="strange again", serial="NOBODYS", officer_reference="999ZZ")
    page = text(administrator.get(reverse("work-item", args=[edited.id])))
    assert "Copies that contradict each other" in page
    for recording in (strange, edited):
        assert bytes(recording.segments.get().object.sha256).hex() in page


def test_a_recording_is_attributed_with_a_reason(staged, administrator, strange):
    address = reverse("work-item-attribute", args=[strange.id])
    nothing = administrator.post(address, {"attribute-reason": "Told so"})
    assert nothing.status_code == 400
    assert "Say whose recording it is, or which camera" in text(nothing)
    nobody = administrator.post(address, {"attribute-officer": "000", "attribute-reason": "Told so"})
    assert "No officer has this shoulder or warrant number." in text(nobody)
    sent = {"attribute-officer": staged.barrow.shoulder_number, "attribute-reason": "The sergeant told us"}
    assert administrator.post(address, sent).url == reverse("work-item", args=[strange.id])
    strange.refresh_from_db()
    assert (strange.officer, strange.officer_reference, strange.flags) == (
        staged.barrow,
        "999ZZ",
        ["unknown_camera"],
    )
    assert "The sergeant told us" in text(administrator.get(reverse("work-item", args=[strange.id])))


def test_a_question_is_settled_and_keeps_its_trace(administrator, strange):
    address = reverse("work-item-settle", args=[strange.id])
    unexplained = administrator.post(address, {**SETTLED, "settle-reason": ""})
    assert unexplained.status_code == 400
    assert administrator.post(address, SETTLED).status_code == 302
    again = administrator.post(address, SETTLED)
    assert again.status_code == 400
    page = text(administrator.get(reverse("work-item", args=[strange.id])))
    assert "A loan of the next force" in page
    settled = administrator.get(reverse("work-item-list"), {"state": "settled"})
    assert [each["item"].recording for each in settled.context["items"]] == [strange]


def test_professional_standards_see_and_settle_nothing_and_officers_see_none(staged, strange):
    watching = staged.client(Role.PROFESSIONAL_STANDARDS)
    page = text(watching.get(reverse("work-item", args=[strange.id])))
    assert "Accept as explained" not in page
    assert watching.post(reverse("work-item-settle", args=[strange.id]), SETTLED).status_code == 403
    officer = staged.client(Role.OFFICER, staged.barrow)
    assert officer.get(reverse("work-item-list")).status_code == 403
