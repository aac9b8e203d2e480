"""The pages of the fleet: who has which camera, and files of cameras that come in whole or not at all."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.integration.web.staged import BY, DAY_ONE, enrol, events, stage, text

from tabard.fleet.models import Camera
from tabard.fleet.selectors import UnitCount
from tabard.fleet.services import receive_camera
from tabard.people.models import Officer
from tabard.people.rules import Role

HEADING = "serial,make,model,mount,unit_code,shoulder_number"
GOOD = f"{HEADING}\nC1,Axis,W120,chest,LX,119GD\nC2,Axis,W120,head,GD,\n"
BAD = f"{HEADING}\nC1,Axis,W120,knee,LX,\nB8A44F01,Axis,W120,chest,ZZ,\n"


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def administrator(staged):
    return staged.client(Role.BWV_ADMINISTRATOR)


def upload(client, content):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(reverse("fleet-import"), {"file": SimpleUploadedFile("cameras.csv", data)})


def carried(page):
    """What the page carries from the check to the import."""
    return page.context["carried"]


def test_cameras_are_listed_with_their_wearers_and_narrowed(staged, administrator):
    receive_camera(
        serial="SPARE1", make="Axis", model="W101", mount="head", unit=staged.hackney, by=BY, at=DAY_ONE
    )
    everything = text(administrator.get(reverse("fleet")))
    assert "B8A44F01" in everything
    assert "PC Lena Barrow (482LX)" in everything
    spare = text(administrator.get(reverse("fleet"), {"state": "ready"}))
    assert "SPARE1" in spare
    assert "B8A44F01" not in spare
    unit = text(administrator.get(reverse("fleet"), {"unit": str(staged.lambeth.id), "mount": "chest"}))
    assert "B8A44F01" in unit
    assert "SPARE1" not in unit
    assert "No camera matches" in text(administrator.get(reverse("fleet"), {"search": "nothing"}))


def test_the_next_page_keeps_the_filter(staged, administrator):
    for number in range(55):
        receive_camera(
            serial=f"H{number:03}", make="Axis", model="W101", mount="head", unit=None, by=BY, at=DAY_ONE
        )
    first = administrator.get(reverse("fleet"), {"mount": "head"})
    assert "H049" in text(first)
    assert "H050" not in text(first)
    second = administrator.get(reverse("fleet") + first.context["next_url"])
    assert "H050" in text(second)
    assert "B8A44F01" not in text(second)
    assert second.context["next_url"] == ""


def test_units_are_counted(staged, administrator):
    receive_camera(serial="S1", make="Axis", model="W101", mount="head", unit=None, by=BY, at=DAY_ONE)
    page = administrator.get(reverse("fleet-units"))
    assert page.context["units"] == [
        UnitCount("Lambeth", total=1, worn=1, spare=0, away=0, missing=0),
        UnitCount("", total=1, worn=0, spare=1, away=0, missing=0),
    ]
    assert "Central store" in text(page)


def test_a_camera_that_came_back_and_went_out_again_is_counted_once(staged, administrator):
    camera = reverse("camera-return", args=[staged.camera.id])
    administrator.post(camera)
    administrator.post(reverse("camera-assign", args=[staged.camera.id]), {"officer": "119GD"})
    assert administrator.get(reverse("fleet-units")).context["units"] == [
        UnitCount("Lambeth", total=1, worn=1, spare=0, away=0, missing=0)
    ]


def test_a_supervisor_sees_the_cameras_of_their_unit_and_manages_none(staged):
    receive_camera(
        serial="OTHER", make="Axis", model="W101", mount="head", unit=staged.hackney, by=BY, at=DAY_ONE
    )
    sergeant = enrol("Sam", "Cole", "33LX", staged.lambeth)
    client = staged.client(Role.SUPERVISOR, sergeant)
    seen = text(client.get(reverse("fleet")))
    assert "B8A44F01" in seen
    assert "OTHER" not in seen
    assert "Import cameras" not in seen
    other = Camera.objects.get(serial="OTHER")
    assert client.get(reverse("camera", args=[other.id])).status_code == 403
    assert client.post(reverse("camera-return", args=[staged.camera.id])).status_code == 403
    assert client.get(reverse("fleet-import")).status_code == 403


def test_a_camera_shows_who_had_it_and_leads_to_its_recordings(staged, administrator):
    page = administrator.get(reverse("camera", args=[staged.camera.id]))
    assert "PC Lena Barrow (482LX) Chest, General 2 Mar 2026, 09:00 Has it now" in text(page)
    assert f'href="{reverse("recordings")}?words=B8A44F01"' in page.content.decode()


def test_a_camera_is_taken_back_and_given_to_another(staged, administrator):
    page = administrator.post(reverse("camera-return", args=[staged.camera.id]), follow=True)
    assert "Camera B8A44F01 is back." in text(page)
    page = administrator.post(
        reverse("camera-assign", args=[staged.camera.id]), {"officer": "119gd"}, follow=True
    )
    assert "PC Musa Okafor (119GD) now has camera B8A44F01." in text(page)
    assert [len(events(kind)) for kind in ("camera.returned", "camera.assigned")] == [1, 2]


def test_a_taken_camera_says_who_has_it_and_keeps_what_was_typed(staged, administrator):
    page = administrator.post(reverse("camera-assign", args=[staged.camera.id]), {"officer": "119GD"})
    assert page.status_code == 400
    assert "PC Lena Barrow (482LX) has camera B8A44F01" in text(page)
    assert 'value="119GD"' in page.content.decode()


def test_a_camera_that_nobody_has_cannot_come_back(staged, administrator):
    address = reverse("camera-return", args=[staged.camera.id])
    administrator.post(address)
    page = administrator.post(address)
    assert page.status_code == 409
    assert "Nobody has camera B8A44F01: it was not given out, or is back already." in text(page)


def test_a_good_file_is_checked_first_and_imported_by_a_second_press(administrator):
    page = upload(administrator, GOOD)
    assert page.status_code == 200
    assert "2 cameras in the file, nothing wrong. Nothing is imported yet." in text(page)
    assert Camera.objects.count() == 1
    page = administrator.post(reverse("fleet-import"), {"checked": carried(page)}, follow=True)
    assert "2 cameras were imported." in text(page)
    assert Camera.objects.count() == 3
    assert Camera.objects.get(serial="C1").assignments.get().officer.shoulder_number == "119GD"
    assert len(events("fleet.imported")) == 1


def test_every_fault_is_reported_by_row_and_column_and_nothing_comes_in(administrator):
    page = upload(administrator, BAD)
    assert page.status_code == 400
    seen = text(page)
    assert "3 faults in 2 rows" in seen
    assert "2 mount 'knee' is not one of" in seen
    assert "3 serial A camera with the serial number B8A44F01 is here already." in seen
    assert "3 unit_code There is no unit with the code ZZ." in seen
    assert Camera.objects.count() == 1


def test_a_file_that_was_overtaken_between_check_and_import_is_refused_whole(staged, administrator):
    page = upload(administrator, GOOD)
    receive_camera(serial="C2", make="Axis", model="W120", mount="head", unit=None, by=BY, at=DAY_ONE)
    page = administrator.post(reverse("fleet-import"), {"checked": carried(page)})
    assert page.status_code == 400
    assert "3 serial A camera with the serial number C2 is here already." in text(page)
    assert not Camera.objects.filter(serial="C1").exists()


@pytest.mark.parametrize("forged", ["nonsense", "a:b:c", ".eJwr:1x:yy"])
def test_what_was_not_checked_here_is_not_imported(administrator, forged):
    page = administrator.post(reverse("fleet-import"), {"checked": forged})
    assert page.status_code == 400
    assert "The check was too long ago. Choose the CSV file again." in text(page)
    assert Camera.objects.count() == 1


def test_no_file_is_an_error_at_the_field(administrator):
    page = administrator.post(reverse("fleet-import"), {})
    assert page.status_code == 400
    assert '<a href="#id_file">Choose a CSV file.</a>' in page.content.decode()


def test_bytes_that_are_no_csv_are_answered_in_words(administrator):
    page = upload(administrator, b"\xff\xfe\x00\x01")
    assert page.status_code == 400
    assert "The file is in UTF-16. Save it as CSV UTF-8." in text(page)


def test_a_file_with_a_byte_order_mark_and_names_in_utf_8_survives_the_way_through_the_page(administrator):
    content = b"\xef\xbb\xbf" + GOOD.replace("W120", "W120 d\u00e9").encode()
    page = upload(administrator, content)
    administrator.post(reverse("fleet-import"), {"checked": carried(page)})
    assert Camera.objects.get(serial="C1").model == "W120 d\u00e9"
    (event,) = events("fleet.imported")
    assert event.particulars.details["file_sha256"] == page.context["report"].sha256


def test_a_file_too_large_to_carry_is_refused_at_the_field(administrator, monkeypatch):
    monkeypatch.setattr("tabard.web.forms.fleet.LARGEST_FILE_BYTES", 10)
    page = upload(administrator, GOOD)
    assert page.status_code == 400
    assert "Split it into several." in text(page)
    monkeypatch.setattr("tabard.web.forms.fleet.LARGEST_FILE_BYTES", 10_000)
    monkeypatch.setattr("tabard.web.forms.fleet.LARGEST_CARRIED_CHARACTERS", 10)
    page = upload(administrator, GOOD)
    assert page.status_code == 400
    assert "too large for this page" in text(page)


def test_an_officer_has_no_fleet_page(staged):
    assert staged.client(Role.OFFICER, staged.barrow).get(reverse("fleet")).status_code == 403


def test_the_good_rows_of_a_faulty_file_come_in_by_a_second_press(administrator):
    page = upload(administrator, BAD + "C9,Axis,W120,chest,LX,\n")
    assert page.status_code == 400
    assert "Import only the good rows (1)" in text(page)
    refused = administrator.post(reverse("fleet-import"), {"checked": carried(page)})
    assert refused.status_code == 400
    assert not Camera.objects.filter(serial="C9").exists()
    chosen = {"checked": carried(page), "good_only": "on"}
    done = administrator.post(reverse("fleet-import"), chosen, follow=True)
    assert "1 camera was imported. 2 rows were left out." in text(done)
    assert Camera.objects.filter(serial="C9").exists()


def test_officers_are_checked_first_and_imported_by_a_second_press(administrator):
    heading = "given_name,family_name,rank,warrant_number,shoulder_number,unit_code"
    data = f"{heading}\nNew,Comer,PC,W7,707LX,LX\nOld,Hand,PC,W8,482lx,LX\n".encode()
    address = reverse("officers-import")
    page = administrator.post(address, {"file": SimpleUploadedFile("officers.csv", data)})
    assert "Shoulder number 482LX is that of PC Lena Barrow (482LX), who is here already." in text(page)
    assert not Officer.objects.filter(warrant_number="W7").exists()
    done = administrator.post(address, {"checked": carried(page), "good_only": "on"}, follow=True)
    assert "1 officer was imported. 1 row was left out." in text(done)
    assert Officer.objects.filter(warrant_number="W7").exists()


def test_a_faulty_camera_is_no_spare_one_on_the_home_page(staged, administrator):
    assert administrator.get(reverse("home")).context["fleet"].spare == 0
    administrator.post(reverse("camera-return", args=[staged.camera.id]))
    assert administrator.get(reverse("home")).context["fleet"].spare == 1
    told = {"change-change": "report_fault", "change-reason": "The lens is cracked"}
    administrator.post(reverse("camera-change", args=[staged.camera.id]), told)
    numbers = administrator.get(reverse("home")).context["fleet"]
    assert (numbers.cameras, numbers.worn, numbers.spare) == (1, 0, 0)
