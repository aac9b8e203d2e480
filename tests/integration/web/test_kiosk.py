"""The kiosk: two scans to take a camera, one to hand it in, initials for a name, and one winner of two at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.integration.web.staged import BY, DAY_ONE, PASSWORD, enrol, events, stage, text

from tabard.fleet.issue_rules import Rules
from tabard.fleet.issuing import change_rules
from tabard.fleet.lives import change_state
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.services import assign_camera, receive_camera
from tabard.fleet.states import Change
from tabard.people.rules import Role
from tabard.people.services import create_account

ROUNDS = 3


def pooled(unit, serial):
    camera = receive_camera(
        serial=serial, make="Axis", model="W120", mount="chest", unit=unit, by=BY, at=DAY_ONE
    )
    return change_state(camera=camera, change=Change.POOL, by=BY, at=DAY_ONE)


def kiosk_account(staged):
    return create_account(
        username="brixton-desk",
        display_name="Brixton parade room",
        password=PASSWORD,
        roles=[Role.KIOSK],
        unit=staged.lambeth,
        by=BY,
        at=DAY_ONE,
    )


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def kiosk(staged):
    client = Client()
    client.force_login(kiosk_account(staged))
    return client


def scan(kiosk, code):
    return kiosk.post(reverse("kiosk-scan"), {"code": code}, follow=True)


def take(kiosk, page, camera=""):
    # From the page itself: of two clients at once each would hear of the other's templates.
    officer = re.search(r'name="officer" value="([^"]+)"', page.content.decode())[1]
    return kiosk.post(reverse("kiosk-take"), {"officer": officer, "camera": camera}, follow=True)


def test_a_camera_is_handed_in_by_scanning_it_alone(staged, kiosk):
    page = scan(kiosk, "b8a44f01")
    assert "Camera B8A44F01 of PC L. B. is back. Put it into a dock." in text(page)
    assert "Barrow" not in text(page)
    assert Assignment.objects.get().during.upper is not None
    (event,) = events("camera.returned")
    assert event.particulars.actor_name == "Brixton parade room"
    page = scan(kiosk, "B8A44F01")
    assert page.status_code == 400
    assert "To take it, scan your card first." in text(page)


def test_a_camera_is_taken_with_two_scans_and_only_initials_are_shown(staged, kiosk):
    pooled(staged.lambeth, "P1")
    page = scan(kiosk, "119gd")
    assert "PC M. O." in text(page)
    assert "Okafor" not in text(page)
    assert "Take camera P1" in page.content.decode()
    page = take(kiosk, page, "p1")
    assert "PC M. O.: camera P1 is yours. Wear it on the chest." in text(page)
    given = Assignment.objects.get(camera__serial="P1")
    assert (given.officer, given.is_shift) == (staged.okafor, True)
    page = scan(kiosk, "119GD")
    assert "You have camera P1. Hand it in first" in text(page)


def test_without_a_scan_the_best_of_the_pool_is_given(staged, kiosk):
    pooled(staged.lambeth, "P1")
    page = take(kiosk, scan(kiosk, "119GD"))
    assert "camera P1 is yours" in text(page)
    other = enrol("Sam", "Cole", "33LX", staged.lambeth)
    page = take(kiosk, scan(kiosk, other.shoulder_number))
    assert page.status_code == 400
    assert "The pool has no camera that can be taken now." in text(page)


def test_what_nobody_knows_is_said_and_nothing_of_anybody_is_shown(kiosk):
    page = scan(kiosk, "999ZZ")
    assert page.status_code == 400
    assert "No officer and no camera has this number." in text(page)


def test_an_officer_is_forgotten_after_a_while(staged, kiosk):
    page = kiosk.post(reverse("kiosk-take"), {"officer": "forged", "camera": "B8A44F01"})
    assert page.status_code == 400
    assert "Scan your card again." in text(page)


def test_a_kiosk_deals_with_its_own_unit_and_opens_nothing_else(staged, kiosk):
    pooled(staged.hackney, "H1")
    assert scan(kiosk, "H1").status_code == 403
    page = scan(kiosk, "119GD")
    assert take(kiosk, page, "H1").status_code == 403
    assert kiosk.get(reverse("home"))["Location"] == reverse("kiosk")
    for name in ("fleet", "recordings", "incidents", "log"):
        assert kiosk.get(reverse(name)).status_code == 403
    assert Assignment.objects.count() == 1


def faulty(kiosk, camera, then="swap", **more):
    told = {"fault": "It does not charge", "then": then, "camera": camera, **more}
    return kiosk.post(reverse("kiosk-fault"), told, follow=True)


def test_a_faulty_camera_is_swapped_for_the_best_of_the_pool_and_only_initials_are_shown(staged, kiosk):
    pooled(staged.lambeth, "P1")
    page = faulty(kiosk, "b8a44f01", words="Since Monday")
    assert "PC L. B.: camera P1 is yours. Wear it on the chest." in text(page)
    assert "Barrow" not in text(page)
    assert (
        Assignment.objects.get(camera__serial="P1").officer == Assignment.objects.earliest("during").officer
    )
    assert Camera.objects.get(serial="B8A44F01").kept_state == "faulty"
    (event,) = events("camera.swapped")
    assert event.particulars.details["reason"] == "It does not charge: Since Monday"
    assert event.particulars.actor_name == "Brixton parade room"


def test_a_faulty_camera_is_only_reported_where_nobody_takes_another(staged, kiosk):
    page = faulty(kiosk, "B8A44F01", then="report")
    assert "Camera B8A44F01 is noted as faulty." in text(page)
    assert Assignment.objects.get().during.upper is not None
    page = faulty(kiosk, "B8A44F01", then="report")
    assert page.status_code == 400
    assert len(events("camera.state_changed")) == 1


def test_without_another_to_take_nothing_changes_and_the_form_says_so(staged, kiosk):
    page = faulty(kiosk, "B8A44F01")
    assert page.status_code == 400
    assert "The pool has no camera that can be taken now." in text(page)
    assert Assignment.objects.get().during.upper is None
    page = kiosk.post(reverse("kiosk-fault"), {"then": "swap", "camera": "B8A44F01"})
    assert page.status_code == 400
    assert 'value="B8A44F01"' in page.content.decode()


@pytest.mark.parametrize(
    ("camera", "other", "words"),
    [
        ("NOBODYS", "", "No camera has this serial number."),
        ("B8A44F01", "NOBODYS", "No camera has this serial number."),
        ("P1", "", "Only report it, and scan your card to take another."),
        ("B8A44F01", "B8A44F01", "swapped for another one"),
    ],
)
def test_what_cannot_be_swapped_is_said_beside_its_field(staged, kiosk, camera, other, words):
    pooled(staged.lambeth, "P1")
    pooled(staged.lambeth, "P2")
    page = faulty(kiosk, camera, other=other)
    assert page.status_code == 400
    assert words in text(page)
    assert events("camera.swapped") == []


def test_who_has_the_other_camera_is_said_in_initials(staged, kiosk):
    other = pooled(staged.lambeth, "P1")
    assign_camera(camera=other, officer=staged.okafor, by=BY, at=DAY_ONE + timedelta(hours=1))
    page = faulty(kiosk, "B8A44F01", other="P1")
    assert "PC M. O. (119GD) has camera P1. Take another." in text(page)
    assert "Okafor" not in text(page)


def test_an_officer_who_is_not_trained_is_refused_without_their_name(staged, kiosk):
    pooled(staged.lambeth, "P1")
    change_rules(rules=Rules(must_be_trained=True), by=BY, at=DAY_ONE)
    page = take(kiosk, scan(kiosk, "119GD"))
    assert "is not trained for General" in text(page)
    assert "Okafor" not in text(page)
    page = faulty(kiosk, "B8A44F01", other="P1")
    assert "PC L. B. is not trained for General" in text(page)
    assert "Barrow" not in text(page)


def test_a_kiosk_reports_no_other_units_camera(staged, kiosk):
    pooled(staged.hackney, "H1")
    assert faulty(kiosk, "H1", then="report").status_code == 403
    assert faulty(kiosk, "B8A44F01", other="H1").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_kiosks_that_give_out_one_camera_at_one_instant_one_wins_and_the_other_is_told_who_has_it():
    staged = stage()
    account, camera = kiosk_account(staged), pooled(staged.lambeth, "P1")
    cole = enrol("Sam", "Cole", "33LX", staged.lambeth)
    start = Barrier(2)

    def at_a_kiosk(officer):
        try:
            kiosk = Client()
            kiosk.force_login(account)
            page = scan(kiosk, officer.shoulder_number)
            start.wait(30)
            return text(take(kiosk, page, camera.serial))
        finally:
            connection.close()

    for _ in range(ROUNDS):
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(at_a_kiosk, [staged.okafor, cole]))
        (open_one,) = Assignment.objects.filter(camera=camera, during__upper_inf=True)
        winner, loser = ("PC M. O.", said[1]) if open_one.officer == staged.okafor else ("PC S. C.", said[0])
        assert sum("camera P1 is yours" in each for each in said) == 1
        assert f"{winner} ({open_one.officer.shoulder_number}) has camera P1. Take another." in loser
        kiosk = Client()
        kiosk.force_login(account)
        scan(kiosk, camera.serial)
    assert len(events("camera.assigned", camera.id)) == ROUNDS
