"""From the plan to the forecast: a BWV administrator plans, counts, blocks and publishes; the public reads."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from tests.integration.web.serving import serving, session_cookie
from tests.integration.web.staged import BY, events, stage

from tabard.fleet.models import Assignment, Camera
from tabard.insight.counts import state_count
from tabard.insight.example import load_example
from tabard.insight.models import PlanVersion
from tabard.insight.shifts import state_shifts
from tabard.insight.sites import Shifts, parse_changes
from tabard.kernel.clock import now
from tabard.people.models import Unit
from tabard.people.rules import Role

WIDTHS = (1280, 390)
PLAN = (
    "phase,wave,unit_code,target,about,counts,begins,due,source\n"
    "One,Boroughs,LX,480,,,,2026-summer,The board\n"
    "One,Boroughs,GD,300,yes,,,14/03/2026,The board\n"
    "One,The whole,MPS,22000,,in_all,,2027-summer,The board\n"
)
# Where somebody wants to look at the pages, they say where the pictures go.
PICTURES = os.environ.get("TABARD_PICTURES")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def staged(chromium, transactional_db, settings, tmp_path):
    """The force, with the example of a rollout."""
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    built = stage()
    Assignment.objects.all().delete()  # an issue after the example's day would come on top of it
    Camera.objects.update(first_issued_date=None)
    load_example(by=BY, at=now())
    return built


@pytest.fixture
def address(staged):
    with serving("tabard.config.asgi:application") as address:
        yield address


@pytest.fixture
def open_as(open_browser, address, staged):
    """A page of someone who has signed in."""

    def opened(role, width=1280):
        page = open_browser(width)
        cookie = session_cookie(staged.account(role))
        page.context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in cookie.items()]
        )
        return page

    return opened


def months_of_counts():
    """Six counts of the force, a fortnight apart, the newest yesterday."""
    force, newest = Unit.objects.get(kind="force"), now().date() - timedelta(days=1)
    for place, count in enumerate((17_900, 18_150, 18_600, 18_800, 19_250, 19_500)):
        state_count(
            unit=force,
            as_of_date=newest - timedelta(days=14 * (5 - place)),
            count=count,
            is_about=False,
            source="The weekly return",
            by=BY,
            at=now(),
        )
    for name, count in (
        ("Haringey", 260),
        ("Newham", 598),
        ("Wandsworth", 20),
        ("East Area Command", 400),
    ):
        unit = Unit.objects.get(name=name)
        facts = {
            "as_of_date": newest,
            "is_about": False,
            "source": "The weekly return",
            "by": BY,
            "at": now(),
        }
        state_count(unit=unit, count=count, **facts)


def test_no_page_of_the_rollout_has_a_fault_that_axe_can_find(staged, open_as, check_page):
    page = open_as(Role.BWV_ADMINISTRATOR)
    page.goto(reverse("rollout"))
    assert "Too little is known to forecast when the last of 4,500 cameras" in page.inner_text("main")
    check_at_each_width(page, "example", check_page)
    months_of_counts()
    haringey = Unit.objects.get(name="Haringey")
    said = Shifts(parse_changes("07:00 40, 15:00 35, 22:00 30"), 8)
    state_shifts(unit=haringey, shifts=said, by=BY, at=now())
    unit = reverse("rollout-unit", args=[haringey.id])
    for name, path in {
        "overview": reverse("rollout"),
        "plan": reverse("rollout-plan"),
        "wave": reverse("rollout-wave", query={"phase": "To the summer", "wave": "Boroughs"}),
        "new-wave": reverse("rollout-wave"),
        "import": reverse("rollout-plan-import"),
        "unit": unit,
        "figures": reverse("rollout-figures"),
        "public": reverse("public-figures"),
        "map": reverse("rollout-map"),
    }.items():
        page.goto(path)
        if name == "map":
            page.wait_for_selector("[data-drawn]", timeout=60_000)
        check_at_each_width(page, name, check_page)


def check_at_each_width(page, name, check_page):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        check_page(page, f"{name} at {width}")
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)


def test_a_wave_is_changed_by_keyboard_alone_after_its_effect_is_shown(staged, open_as, check_page):
    months_of_counts()
    page = open_as(Role.BWV_ADMINISTRATOR)
    page.goto(reverse("rollout-plan"))
    page.get_by_role("link", name=re.compile("The whole.*change this wave")).last.focus()
    page.keyboard.press("Enter")
    cameras = page.get_by_label("Cameras").first
    cameras.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("23000")
    page.get_by_label("Why the plan changes").focus()
    page.keyboard.type("A thousand more")
    page.keyboard.press("Enter")
    page.get_by_text("The forecast finish moves from").first.wait_for()
    assert PlanVersion.objects.count() == 1, "it is only shown"
    check_at_each_width(page, "wave-shown", check_page)
    page.get_by_role("button", name="Keep this as the plan").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The whole is changed: that is the rollout plan from now on.").wait_for()
    assert "A thousand more" in page.inner_text("main")
    page.goto(reverse("rollout"))
    assert "the last of 3,500 cameras will be issued around" in page.inner_text("main")
    assert len(events("rollout_plan.changed")) == 1


def test_from_the_plan_to_the_forecast_and_the_public(staged, open_as, open_browser, address, tmp_path):
    page = open_as(Role.BWV_ADMINISTRATOR)
    plan = tmp_path / "plan.csv"
    plan.write_text(PLAN)
    page.goto(reverse("rollout-plan"))
    page.get_by_role("button", name="Import a new version").click()
    page.get_by_label("CSV or JSON file").set_input_files(plan)
    page.get_by_label("What is new in it").fill("After the board")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("'14/03/2026' is not a date as").wait_for()
    assert PlanVersion.objects.count() == 1, "nothing comes in by a check"
    page.get_by_role("button", name="Import only the 2 good rows").click()
    page.get_by_text("2 lines are the rollout plan from now on.").wait_for()
    assert "After the board" in page.inner_text("main")

    months_of_counts()
    page.goto(reverse("rollout"))
    assert "the last of 2,500 cameras will be issued around" in page.inner_text("main")
    page.get_by_role("link", name="Lambeth").click()
    page.get_by_label("What is missing").select_option("docks")
    page.get_by_label("Since").fill("2026-03-14")
    page.get_by_label("In words").fill("The parade room is being rebuilt")
    page.get_by_role("button", name="Note the block").click()
    page.get_by_text("It is noted what blocks Lambeth.").wait_for()
    assert "120 bays missing" in page.inner_text("main")
    page.get_by_role("button", name="Lift the block: docks").click()
    page.get_by_text("Docks blocks Lambeth no more.").wait_for()

    page.goto(reverse("rollout-figures"))
    page.get_by_label("Figure").select_option("cameras_issued")
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("Cameras issued: 19,500 is public.").wait_for()
    kinds = ("rollout_plan.imported", "rollout.unit_blocked", "rollout.unit_unblocked", "figure.published")
    assert [len(events(kind)) for kind in kinds] == [2, 1, 1, 1]

    stranger = open_browser()
    stranger.goto(reverse("public-figures"))
    assert "19,500" in stranger.inner_text("main")
    assert stranger.request.get(f"{address}/figures.json").json()["figures"][0]["number"] == 19_500
    assert "/sign-in" in stranger.goto(reverse("rollout")).url
