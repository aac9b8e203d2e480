"""A BWV administrator's day with docks: installs one, lets it in, sees what is in it, finds cameras that stay away."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.web import town as towns

from tabard.fleet.docks import CameraSeen, Report, report
from tabard.fleet.models import Dock, DockKey
from tabard.fleet.services import assign_camera, receive_camera
from tabard.intake import arrivals
from tabard.intake.folder.services import begin, finish
from tabard.intake.models import FolderItem

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # of RFC 8032, test 1


def says(dock: Dock, *cameras: CameraSeen, at: datetime, **facts: object) -> None:
    report(dock=dock, told=Report(at, agent="1.0.0", cameras=cameras, **facts), by=towns.BY, at=at)


def dock_two_cameras(town) -> None:
    """Last week Barrow's camera was docked; now a stranger's is, and something is wrong with it."""
    dock, now = Dock.objects.get(), datetime.now(UTC)
    mine = CameraSeen(town.camera.serial, bay=1, make="Axis", model="W120", files=0, battery_percent=100)
    says(dock, mine, at=now - timedelta(days=6))
    other = CameraSeen("GP-77", bay=2, make="GoPro", model="HERO6", files=14, size_bytes=5_400_000_000)
    says(dock, other, at=now, free_bytes=212_000_000_000, faults=("The spool is switched off",))
    spare = receive_camera(
        serial="SIM-A2",
        make="Axis",
        model="W120",
        mount="head",
        unit=town.hackney,
        by=towns.BY,
        at=towns.LONG_AGO,
    )
    assign_camera(camera=spare, officer=town.stranger, by=towns.BY, at=towns.LONG_AGO)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_dock_from_its_installation_to_a_revoked_key(town, open_browser, sign_in, look, width):
    page = sign_in(open_browser(width), "amir")
    page.goto("/fleet/docks/")
    look(page, "docks-none")
    page.get_by_role("link", name="Install a dock").click()
    look(page, "dock-install")
    page.get_by_label("Serial number").fill("D1")
    page.get_by_label("Site").fill("Brixton police station, parade room")
    page.get_by_label("Unit").select_option(label="Lambeth")
    page.get_by_role("button", name="Install").click()
    page.get_by_label("Name", exact=True).fill("Station PC")
    page.get_by_label("Public key").fill(PUBLIC_KEY)
    page.get_by_role("button", name="Enrol the key").click()
    page.get_by_text("speaks for this dock from now on").first.wait_for()

    dock_two_cameras(town)
    page.goto("/fleet/docks/")
    look(page, "docks")
    page.get_by_role("link", name="Brixton police station, parade room").click()
    look(page, "dock")
    page.get_by_role("link", name="Revoke the key Station PC").click()
    look(page, "dock-revoke")
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("is revoked. What was sent with it stays.").first.wait_for()
    assert DockKey.objects.get().revoked_at is not None
    page.goto("/fleet/overdue/")
    page.get_by_role("link", name="SIM-A1").wait_for()
    page.get_by_role("link", name="SIM-A2").wait_for()
    look(page, "overdue")


@pytest.mark.parametrize("width", [1280, 390])
def test_what_came_in_with_questions_is_settled(town, open_browser, sign_in, look, width):
    strange = towns.record(b"first copy", officer="999ZZ", camera="NOBODYS", name="strange")
    towns.record(b"other copy", officer="999ZZ", camera="NOBODYS", name="strange again")
    page = sign_in(open_browser(width), "amir")
    page.goto("/work-items/")
    look(page, "work-items")
    page.goto(f"/work-items/{strange.id}/")
    look(page, "work-item")
    page.get_by_label("Officer", exact=True).fill("482LX")
    page.get_by_label("How you know").fill("The sergeant told us")
    page.get_by_role("button", name="Attribute").click()
    page.get_by_text("The recording is attributed").first.wait_for()
    page.get_by_label("Unknown camera").check()
    page.get_by_label("What explains it").fill("A loan of the next force")
    page.get_by_role("button", name="Settle").click()
    page.get_by_text("It is settled").first.wait_for()
    look(page, "work-item-settled")


def read_a_card_in() -> None:
    """A card whose manifest lists a file that is not there, a recording under way, and one with a gap before it."""
    now = datetime.now(UTC)
    run = begin(
        collection="Card 7",
        path="/media/card",
        manifest="card.csv",
        manifest_sha256=None,
        by=towns.BY,
        at=now,
    )
    FolderItem.objects.create(run=run, path="DCIM/GOPR0001.MP4", state="sealed", size_bytes=5_400_000)
    FolderItem.objects.create(
        run=run, path="DCIM/GOPR0002.MP4", state="missing", words="The manifest lists it"
    )
    figures = {"listed": 2, "found": 1, "sealed": 1, "missing": 1, "failed": 0}
    finish(run=run, counts=figures, by=towns.BY, at=now)
    arrivals.open_for_collection(collection="Card 7", name="DCIM/GOPR0003", at=now)
    for number in (1, 4):
        towns.record(
            b"%d" % number, name=f"GOPR{number:04}", started_at=towns.FILMED_AT + timedelta(minutes=number)
        )


@pytest.mark.parametrize("width", [1280, 390])
def test_what_came_in_is_followed_file_by_file(town, open_browser, sign_in, look, width):
    read_a_card_in()
    page = sign_in(open_browser(width), "amir")
    page.goto("/intake/")
    look(page, "intake")
    page.goto("/intake/folders/")
    look(page, "folder-runs")
    page.get_by_role("link", name="Card 7").click()
    page.get_by_text("The manifest lists it").wait_for()
    look(page, "folder-run")
    page.goto("/intake/names/")
    page.get_by_label("A pattern that is not in force yet").fill("{officer}_{sequence}.mp4")
    page.get_by_label("File names").fill("482LX_0007.mp4\nholiday.jpg")
    page.get_by_role("button", name="Try").click()
    page.get_by_text("officer: 482LX").wait_for()
    look(page, "name-patterns")
    page.goto("/work-items/wholeness/")
    look(page, "wholeness")


def test_a_page_of_docks_that_stays_open_keeps_itself_up_to_date(town, open_browser, sign_in):
    page = sign_in(open_browser(), "amir")
    page.goto("/fleet/docks/")
    Dock.objects.create(serial="D7", site="Kennington", unit=town.lambeth)
    page.get_by_role("link", name="Kennington").wait_for()
