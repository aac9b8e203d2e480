"""When was a camera last heard of, and by which way?"""

import importlib
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from tabard.fleet import contacts
from tabard.fleet.models import Camera, Dock, DockedCamera

SECOND = timedelta(seconds=1)


def heard(camera):
    found = Camera.objects.get(pk=camera.pk)
    return found.last_contact, found.last_contact_at


def test_a_camera_that_stands_in_a_dock_is_kept_to_the_hour_and_exactly_when_it_is_taken_out(camera, day_one):
    stays = {"here": [camera.pk], "taken_out": []}
    contacts.seen_in_dock(**stays, at=day_one)
    contacts.seen_in_dock(**stays, at=day_one + contacts.KEPT_EVERY)
    assert heard(camera) == ("dock", day_one)
    later = day_one + contacts.KEPT_EVERY + SECOND
    contacts.seen_in_dock(**stays, at=later)
    assert heard(camera) == ("dock", later)
    out = later + timedelta(minutes=7)
    contacts.seen_in_dock(here=[], taken_out=[(camera.pk, out)], at=out + SECOND)
    assert heard(camera) == ("dock", out)


def test_what_is_newer_stays_whichever_way_it_came(camera, day_one):
    contacts.footage_came(camera_id=camera.pk, at=day_one)
    contacts.seen_in_dock(here=[], taken_out=[(camera.pk, day_one - SECOND)], at=day_one)
    assert heard(camera) == ("axis", day_one)
    contacts.seen_in_dock(here=[camera.pk], taken_out=[], at=day_one + SECOND)
    assert heard(camera) == ("dock", day_one + SECOND)
    contacts.footage_came(camera_id=camera.pk, at=day_one)
    assert heard(camera) == ("dock", day_one + SECOND)


def test_the_migration_finds_when_each_camera_was_docked_last(camera, receive, lewisham):
    other, at = receive("CAM2", camera.unit), timezone.now()
    dock = Dock.objects.create(serial="D1", site="Yard", unit=lewisham)
    DockedCamera.objects.create(dock=dock, serial=camera.serial, camera=camera, docked_at=at, seen_at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            importlib.import_module("tabard.fleet.migrations.0007_contacts_and_installation").LOOK_UP
        )
    assert (heard(camera), heard(other)) == (("dock", at), ("", None))
