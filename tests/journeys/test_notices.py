"""An officer is told, while there is time, that footage is of an incident; by keys alone they link it, and it stays."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.disposals import put_on_the_list
from tests.integration.web import town as towns
from tests.journeys.test_accessibility import focused

from tabard.incidents import services as incidents
from tabard.incidents.models import Link
from tabard.people.selectors import viewer_of
from tabard.recordings.models import Recording
from tabard.retention import runs
from tabard.retention.models import Notice, ScheduledDisposal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
FILMED_AT = (NOW - 26 * DAY).replace(hour=1, minute=15, second=0, microsecond=0)


@pytest.fixture
def told(town):
    """Three recordings of Lena's on the list, and the call that she recorded, which they may all be of."""
    recordings = [
        towns.record(
            b"footage %d" % number,
            name=f"shift-{number}",
            started_at=FILMED_AT + number * timedelta(minutes=20),
            with_track=False,
        )
        for number in range(3)
    ]
    incident = incidents.record(
        kind="call",
        reference="CAD 4821",
        title="A fight outside the station",
        start_at=FILMED_AT,
        end_at=FILMED_AT + timedelta(hours=2),
        place="Brixton Road",
        unit=town.team,
        viewer=viewer_of(town.accounts["lena"], FILMED_AT + DAY),
        at=FILMED_AT + DAY,
    )
    put_on_the_list(NOW)
    assert Notice.objects.count() == 3
    return recordings, incident


def press(page, name):
    """Reach what is called so, or begins so, by the Tab key, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).startswith(name):
            break
    else:
        pytest.fail(f"the Tab key does not reach {name}")
    page.keyboard.press("Enter")


def narrow(page, look, name):
    """The same page on a telephone."""
    page.set_viewport_size({"width": 390, "height": 900})
    look(page, name)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_who_is_told_links_what_shows_it_and_it_stays(told, town, open_browser, sign_in, look):
    recordings, incident = told
    page = sign_in(open_browser(), "lena")
    page.get_by_text("3 uncategorised recordings may overlap").wait_for()
    look(page, "notice-home")
    narrow(page, look, "notice-home")
    assert not Notice.objects.filter(seen_at__isnull=True).exists()

    press(page, "Look at them")
    page.get_by_role("heading", name=incident.title).wait_for()
    look(page, "notice")
    narrow(page, look, "notice")
    press(page, "Not of this")
    page.get_by_text("Noted: it is not of CAD 4821").wait_for()
    assert Notice.objects.get(dismissed_at__isnull=False).recording == recordings[0]
    press(page, "Categorise")
    page.get_by_role("link", name="Choose what they are.").wait_for()
    page.faults.clear()  # the browser notes the refused form
    look(page, "notice-refused")
    press(page, "Link to CAD 4821")
    page.get_by_text("2 recordings are linked to CAD 4821.").wait_for()
    assert page.url.endswith("/"), "nothing waits any more"
    assert Link.objects.count() == 2

    for night in range(1, 9):
        at = NOW + night * DAY
        runs.run(as_of=at, by=towns.BY, at=at)
    assert not ScheduledDisposal.objects.exists()
    gone = Recording.objects.filter(disposed_at__isnull=False)
    assert [recording.id for recording in gone] == [recordings[0].id]


def test_the_recording_the_supervisor_and_the_list_say_the_same(told, open_browser, sign_in, look):
    recordings, _ = told
    page = sign_in(open_browser(), "ruth")
    page.get_by_text("overlap an incident and are unanswered").wait_for()
    look(page, "notice-supervisor")
    page.goto("/notices/")
    page.get_by_text("of PC Lena Barrow (482LX) may overlap").wait_for()
    look(page, "notices")
    narrow(page, look, "notices")
    page.goto(f"/recordings/{recordings[0].id}/")
    page.get_by_role("link", name="Link or categorise it").wait_for()
    look(page, "notice-recording")
    assert Notice.objects.filter(seen_at__isnull=True).count() == 3, "they are not to her"

    manager = sign_in(open_browser(), "rosa")
    manager.goto("/disposal-runs/")
    assert manager.get_by_text("Unanswered", exact=True).count() == 3
    look(manager, "notice-list")
    narrow(manager, look, "notice-list")
    manager.get_by_role("link", name="Notices that nobody has answered").click()
    manager.get_by_role("rowheader", name="Lambeth Response 1").wait_for()
    look(manager, "notices-by-unit")
