"""The pages of what comes in: every door as it stands, each file of a card, what names say, what is missing."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.integration.recordings.coming_in import FILMED_AT, MINUTE, come_in
from tests.integration.web.staged import BY, DAY_ONE, stage, text

from tabard.custody.models import Event
from tabard.fleet.services import install_dock
from tabard.intake import arrivals
from tabard.intake.folder.services import begin, finish
from tabard.intake.models import FolderItem, NamePattern, Upload
from tabard.intake.services import receive
from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.vault import services as vault

pytestmark = pytest.mark.django_db


@pytest.fixture
def staged():
    return stage()


@pytest.fixture
def administrator(staged):
    return staged.client(Role.BWV_ADMINISTRATOR)


@pytest.fixture
def dock(staged):
    return install_dock(serial="D1", site="Brixton", unit=staged.lambeth, bays=8, by=BY, at=DAY_ONE)


def put(container, name):
    pending = vault.start()
    pending.write(name.encode())
    pending.seal()
    receive(container_id=container.pk, name=name, metadata={}, pending=pending, by=BY, at=now())


def states(response):
    return {line.container.name: line.state.value for line in response.context["lines"]}


class TestComingIn:
    def test_nothing_yet(self, administrator):
        assert "Nothing has come in yet" in text(administrator.get(reverse("intake")))

    def test_each_recording_shows_how_far_it_is(self, administrator, dock):
        receiving = arrivals.open_for_dock(dock=dock, name="R1", at=now())
        reading = arrivals.open_for_collection(collection="Card 7", name="GOPR0001", at=now())
        done = arrivals.open_for_collection(collection="Card 7", name="GOPR0002", at=now())
        for container in (receiving, reading, done):
            put(container, f"{container.name}.mp4")
        for container in (reading, done):
            arrivals.close(container=container, by=BY, at=now())
        arrivals.register(container=done, facts={}, by=BY, at=now())
        shown = administrator.get(reverse("intake"))
        assert states(shown) == {"R1": "receiving", "GOPR0001": "reading", "GOPR0002": "registered"}
        assert [(each["begun"], each["registered"]) for each in shown.context["today"]] == [
            (0, 0),
            (1, 0),
            (2, 1),
        ]
        assert "Brixton (D1)" in text(shown)
        part = administrator.get(reverse("intake-now"))
        assert "<html" not in part.content.decode()

    def test_a_file_under_way_is_shown_with_its_dock(self, administrator, dock):
        Upload.objects.create(
            dock=dock, filename="GOPR0009.MP4", camera="C-1", size_bytes=10, created_at=now()
        )
        page = text(administrator.get(reverse("intake")))
        assert "GOPR0009.MP4 Brixton (D1) C-1" in page

    def test_a_page_costs_the_same_however_many_and_leads_to_older_ones(self, administrator, dock):
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                administrator.get(reverse("intake"))
            return len(captured)

        arrivals.open_for_dock(dock=dock, name="first", at=now())
        few = statements()
        for number in range(55):
            arrivals.open_for_dock(dock=dock, name=f"R{number}", at=now())
        assert statements() == few
        newest = administrator.get(reverse("intake"))
        older = administrator.get(reverse("intake") + newest.context["older_url"])
        assert (len(newest.context["lines"]), len(older.context["lines"])) == (50, 6)
        assert "hx-get" not in older.content.decode()
        assert administrator.get(reverse("intake"), {"before": "nonsense"}).status_code == 200


class TestReconciliations:
    @pytest.fixture
    def run(self):
        begun = begin(
            collection="Old system",
            path="/mnt/export",
            manifest="export.csv",
            manifest_sha256=None,
            by=BY,
            at=DAY_ONE,
        )
        FolderItem.objects.create(run=begun, path="a.mp4", state="sealed", size_bytes=12)
        FolderItem.objects.create(run=begun, path="b.mp4", state="missing", words="The manifest lists it")
        FolderItem.objects.create(
            run=begun, path="c.mp4", state="sealed", remark="different", words="Other bytes"
        )
        counts = {"listed": 3, "found": 2, "sealed": 2, "missing": 1, "different": 1, "failed": 0}
        return finish(run=begun, counts=counts, by=BY, at=DAY_ONE + timedelta(minutes=5))

    def test_none_yet(self, administrator):
        assert "No card or export was read in yet" in text(administrator.get(reverse("folder-runs-list")))

    def test_one_that_is_not_clean_says_so_and_names_each_file(self, administrator, run):
        listed = text(administrator.get(reverse("folder-runs-list")))
        assert "Old system" in listed
        assert "Not clean" in listed
        page = text(administrator.get(reverse("folder-run", args=[run.pk])))
        for words in ("a.mp4", "b.mp4", "The manifest lists it", "Other bytes than expected"):
            assert words in page
        missing = administrator.get(reverse("folder-run", args=[run.pk]), {"kind": "missing"})
        assert [item.path for item in missing.context["items"]] == ["b.mp4"]

    def test_it_is_taken_away_as_csv_and_json(self, administrator, run):
        csv = b"".join(administrator.get(reverse("folder-run-csv", args=[run.pk])).streaming_content)
        assert b"b.mp4,missing" in csv
        said = json.loads(administrator.get(reverse("folder-run-json", args=[run.pk])).content)
        assert [item["path"] for item in said["items"]] == ["a.mp4", "b.mp4", "c.mp4"]

    def test_one_that_was_interrupted_says_how_to_go_on(self, administrator):
        begun = begin(collection="Card", path="/media", manifest="", manifest_sha256=None, by=BY, at=DAY_ONE)
        page = text(administrator.get(reverse("folder-run", args=[begun.pk])))
        assert "Run the same command again to go on" in page


class TestNamePatterns:
    SENT = {"pattern": "{officer}_{sequence}.mp4", "note": "Export of the old system"}

    def test_a_pattern_is_put_into_force_and_withdrawn(self, administrator):
        page = reverse("name-pattern-list")
        assert "No pattern is in force" in text(administrator.get(page))
        assert administrator.post(page, self.SENT).url == page
        assert "Export of the old system" in text(administrator.get(page))
        again = administrator.post(page, self.SENT)
        assert again.status_code == 400
        assert "It is in force already." in text(again)
        wrong = administrator.post(page, {"pattern": "{nothing}.mp4"})
        assert wrong.status_code == 400
        pattern = NamePattern.objects.get()
        assert administrator.post(reverse("name-pattern-remove", args=[pattern.pk])).url == page
        assert "No pattern is in force" in text(administrator.get(page))

    def test_names_are_tried_and_nothing_is_kept(self, administrator):
        before = Event.objects.count()
        sent = {"also": self.SENT["pattern"], "names": "482LX_0007.mp4\nholiday.jpg"}
        answer = administrator.post(reverse("name-patterns-tried"), sent)
        page = text(answer)
        assert "officer: 482LX" in page
        assert "holiday.jpg No pattern Nothing" in page
        assert (NamePattern.objects.count(), Event.objects.count()) == (0, before)
        wrong = administrator.post(reverse("name-patterns-tried"), {**sent, "also": "{"})
        assert wrong.status_code == 400


class TestWholeness:
    ASKED = {"since": str(FILMED_AT.date()), "until": str(FILMED_AT.date())}

    @pytest.fixture
    def gap(self, staged):
        come_in(b"one", name="GOPR0001", serial="B8A44F01")
        return come_in(b"four", name="GOPR0004", serial="B8A44F01", began=FILMED_AT + 10 * MINUTE)

    def test_missing_numbers_are_named_and_lead_to_the_recording(self, administrator, gap):
        shown = administrator.get(reverse("work-item-wholeness"), self.ASKED)
        (shift,) = shown.context["shifts"]
        assert [finding.recording_id for finding in shift.findings] == [gap.pk]
        assert "Missing before it" in text(shown)
        csv = administrator.get(reverse("work-item-wholeness-csv"), self.ASKED).content.decode("utf-8-sig")
        assert csv.splitlines()[0].startswith("camera,officer,began_at")
        assert "numbers_missing" in csv

    def test_without_a_question_the_last_days_are_looked_through(self, administrator):
        assert "Nothing is missing" in text(administrator.get(reverse("work-item-wholeness")))

    def test_a_period_that_is_none_is_refused_beside_its_field(self, administrator):
        wrong = administrator.get(
            reverse("work-item-wholeness"), {"since": "2026-03-04", "until": "2026-03-01"}
        )
        assert wrong.status_code == 400
        assert "The end of the period must be after its start." in text(wrong)


def test_nobody_else_sees_what_comes_in(staged):
    officer = staged.client(Role.OFFICER, staged.barrow)
    for name in ("intake", "folder-runs-list", "name-pattern-list", "work-item-wholeness"):
        assert officer.get(reverse(name)).status_code == 403
