"""The kiosk: two scans to take a camera, one to hand it in, initials for a name, and one winner of two at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.integration.web.staged import BY, DAY_ONE, PASSWORD, enrol, events, stage, text

from tabard.fleet.lives import change_state
from tabard.fleet.models import Assignment
from tabard.fleet.services import receive_camera
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
