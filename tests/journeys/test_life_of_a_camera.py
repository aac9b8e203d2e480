"""A camera's life in the browser: received, taken at the kiosk, swapped, lost and found; then the shelf is counted."""

import pytest
from tests.integration.web import town as towns

from tabard.custody.models import Event
from tabard.fleet.models import Camera, Loss, Stocktake
from tabard.people.rules import Role
from tabard.people.services import create_account

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def press(page, name, **options):
    page.get_by_role("button", name=name, **options).click()


def receive_two_for_the_pool(page, look):
    page.goto("/fleet/receive")
    look(page, "receive")
    page.get_by_label("Make").fill("Axis")
    page.get_by_label("Model").fill("W120")
    page.get_by_label("Unit").select_option(label="Lambeth")
    page.get_by_label("Ready to be given out").check()
    for serial in ("NEW-1", "NEW-2"):
        page.get_by_label("Serial number").fill(serial)
        page.keyboard.press("Enter")
        page.get_by_text(f"{serial} is here").wait_for()
    for serial in ("NEW-1", "NEW-2"):
        page.goto(f"/fleet/cameras/{Camera.objects.get(serial=serial).pk}/")
        page.get_by_label("Put it into the pool").check()
        press(page, "Record it")
        page.get_by_text("was put into its unit's pool").first.wait_for()


def take_one_at_the_kiosk_with_keys_alone(page, look):
    look(page, "kiosk")
    page.keyboard.type("119GD")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="PC T. O.").wait_for()
    assert "Okafor" not in page.inner_text("body")
    look(page, "kiosk-taking")
    page.keyboard.type("NEW-1")
    page.keyboard.press("Enter")
    page.get_by_text("PC T. O.: camera NEW-1 is yours.").wait_for()
    look(page, "kiosk-taken")


def swap_it_at_the_kiosk_with_keys_alone(page, look):
    page.get_by_role("link", name="Report a faulty camera, or swap it").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Report a faulty camera").wait_for()
    look(page, "kiosk-faulty")
    page.get_by_label("It does not switch on or record").focus()
    for key in ("Space", "ArrowDown", "Tab"):  # it does not charge
        page.keyboard.press(key)
    page.keyboard.type("Since Monday")
    for _ in range(3):  # past the other camera: the best of the pool will do
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".govuk-error-summary").wait_for()
    page.faults.clear()  # the browser's console tells of the refusal too
    look(page, "kiosk-faulty-refused")
    page.get_by_label("Scan the camera that is faulty").focus()
    page.keyboard.type("NEW-1")
    page.keyboard.press("Enter")
    page.get_by_text("PC T. O.: camera NEW-2 is yours.").wait_for()
    assert "Okafor" not in page.inner_text("body")


def look_at_both(page, look):
    for serial, name in (("NEW-1", "camera-faulty"), ("NEW-2", "camera-worn")):
        page.goto(f"/fleet/cameras/{Camera.objects.get(serial=serial).pk}/")
        look(page, name)


def lose_and_find_it(page, look):
    page.get_by_role("link", name="Report it lost or stolen").click()
    look(page, "camera-lost")
    page.get_by_label("It was lost").check()
    page.get_by_label("How it went").fill("Fell into the Thames at Lambeth Bridge")
    press(page, "Report it")
    page.get_by_label("The places where it was last seen were searched").check()
    page.get_by_label("How, or with whom you spoke").fill("The bank, with the marine unit")
    press(page, "Note it")
    page.get_by_text("The bank, with the marine unit").wait_for()
    look(page, "loss")
    page.get_by_label("The camera was found").check()
    page.get_by_label("How it was found, or why it is given up").fill("A diver")
    press(page, "Close the checklist")
    page.get_by_text("The checklist is closed.").first.wait_for()
    page.goto("/fleet/losses/")
    look(page, "losses")


def take_stock(page, look):
    page.goto("/fleet/stocktakes/")
    page.get_by_label("Unit").select_option(label="Lambeth")
    press(page, "Begin a stocktake")
    for serial in ("NEW-2", "SIM-A1", "STRANGE"):
        page.get_by_label("Scan a camera").fill(serial)
        page.keyboard.press("Enter")
        page.get_by_text(f"{serial}: ").first.wait_for()
    look(page, "stocktake")
    press(page, "Close the stocktake")
    page.get_by_text("The stocktake is closed.").first.wait_for()
    look(page, "stocktake-closed")
    page.goto("/fleet/stocktakes/")
    look(page, "stocktakes")


@pytest.fixture
def look_twice(look):
    """Looks at the page as it stands, as wide as a desk's screen and as narrow as a telephone's."""

    def looked(page, name):
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            look(page, name)

    return looked


def test_a_camera_is_received_taken_swapped_lost_found_and_counted(town, open_browser, sign_in, look_twice):
    look = look_twice
    create_account(
        username="brixton-desk",
        display_name="Brixton parade room",
        password=towns.PASSWORD,
        roles=[Role.KIOSK],
        unit=town.lambeth,
        by=towns.BY,
        at=towns.LONG_AGO,
    )
    page = sign_in(open_browser(), "amir")
    receive_two_for_the_pool(page, look)
    kiosk = sign_in(open_browser(), "brixton-desk")
    take_one_at_the_kiosk_with_keys_alone(kiosk, look)
    swap_it_at_the_kiosk_with_keys_alone(kiosk, look)
    look_at_both(page, look)
    lose_and_find_it(page, look)
    take_stock(page, look)
    for path, name in (("rules", "issue-rules"), ("training", "training"), ("units/", "fleet-units")):
        page.goto(f"/fleet/{path}")
        look(page, name)
    page.goto(f"/fleet/cameras/{Camera.objects.get(serial='NEW-2').pk}/")
    look(page, "camera-life")
    page.get_by_text("A lost camera was found or given up").wait_for()

    states = dict(Camera.objects.values_list("serial", "kept_state"))
    assert (states["NEW-1"], states["NEW-2"]) == ("faulty", "received")
    assert Loss.objects.get().outcome == "found"
    lines = {line["serial"]: line["verdict"] for line in Stocktake.objects.get().lines}
    assert lines == {"NEW-1": "missing", "STRANGE": "unknown", "SIM-A1": "unexpected", "NEW-2": "found"}
    kinds = Event.objects.filter(subject_id=Camera.objects.get(serial="NEW-1").pk).order_by("at", "id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "camera.received",
        "camera.state_changed",
        "camera.assigned",
        "camera.swapped",
    ]
