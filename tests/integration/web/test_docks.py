"""The pages of docks: what is in them, which keys speak for them, and which cameras stay away."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.integration.web.staged import BY, DAY_ONE, enrol, stage, text

from tabard.fleet import contacts
from tabard.fleet.docks import CameraSeen, Report, report
from tabard.fleet.models import Dock, DockKey
from tabard.fleet.services import assign_camera, install_dock, receive_camera
from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.web import numbered

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


def public_key() -> str:
    from base64 import urlsafe_b64encode

    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def says(dock: Dock, *cameras: CameraSeen, at: datetime, faults: tuple[str, ...] = ()) -> None:
    report(
        dock=dock,
        told=Report(at, agent="1.0", free_bytes=10**9, faults=faults, cameras=cameras),
        by=BY,
        at=at,
    )


def seen(serial: str, **facts: object) -> CameraSeen:
    return CameraSeen(serial, bay=3, files=2, size_bytes=3_000_000, **facts)


def test_without_docks_the_page_says_how_one_comes(administrator):
    page = text(administrator.get(reverse("fleet-docks")))
    assert "No docks yet" in page
    assert "Install a dock" in page


def test_a_dock_is_installed_at_its_site(staged, administrator):
    sent = {"serial": "D9", "site": "Kennington", "unit": str(staged.lambeth.id), "bays": "12"}
    answer = administrator.post(reverse("dock-install"), sent)
    assert answer.url == reverse("dock", args=[Dock.objects.get(serial="D9").id])
    again = administrator.post(reverse("dock-install"), sent)
    assert again.status_code == 400
    assert "A dock with the serial number D9 is here already." in text(again)
    nowhere = administrator.post(reverse("dock-install"), {**sent, "unit": ""})
    assert "Choose the unit that the dock belongs to." in text(nowhere)


def test_the_list_shows_what_each_dock_last_said(staged, administrator, dock):
    install_dock(serial="D2", site="Old nick", unit=staged.hackney, bays=4, by=BY, at=DAY_ONE)
    silent = install_dock(serial="D3", site="Stoke Newington", unit=staged.hackney, bays=4, by=BY, at=DAY_ONE)
    says(silent, at=now() - timedelta(hours=2))
    says(dock, seen(staged.camera.serial, faults=("lens cracked",)), at=now(), faults=("Disk is old",))
    shown = administrator.get(reverse("fleet-docks"))
    figures = shown.context["figures"]
    assert (figures.docks, figures.live, figures.cameras, figures.outstanding_files) == (3, 1, 1, 2)
    page = text(shown)
    for words in ("1 of 8", "2 files 3.0 MB", "Disk is old"):
        assert words in page
    assert f"{staged.camera.serial}: lens cracked" in page
    assert (page.count("Reporting"), page.count("Silent"), page.count("Never reported")) == (1, 1, 1)
    part = administrator.get(reverse("fleet-docks-live"))
    assert "<html" not in part.content.decode()
    assert "Disk is old" in text(part)


def test_more_docks_cost_no_more_statements(staged, administrator, dock):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            administrator.get(reverse("fleet-docks"))
        return len(captured)

    says(dock, seen("A1"), at=now())
    few = statements()
    for number in range(6):
        more = install_dock(serial=f"M{number}", site="More", unit=staged.lambeth, bays=4, by=BY, at=DAY_ONE)
        says(more, seen(f"B{number}"), at=now())
    assert statements() == few


def test_a_dock_shows_its_cameras_and_says_which_the_fleet_does_not_know(staged, administrator, dock):
    says(dock, seen(staged.camera.serial, battery_percent=81), seen("STRANGER"), at=now())
    page = text(administrator.get(reverse("dock", args=[dock.id])))
    assert "81 %" in page
    assert page.count("Not in the fleet") == 1


def test_a_key_is_enrolled_and_revoked_at_once(administrator, dock):
    page = reverse("dock", args=[dock.id])
    wrong = administrator.post(
        reverse("dock-key-enrol", args=[dock.id]), {"name": "PC", "public_key": "short"}
    )
    assert wrong.status_code == 400
    assert "That is no public key" in text(wrong)
    sent = {"name": "Station PC", "public_key": public_key()}
    assert administrator.post(reverse("dock-key-enrol", args=[dock.id]), sent).url == page
    key = DockKey.objects.get()
    assert key.key_id in text(administrator.get(page))
    revoke = reverse("dock-key-revoke", args=[dock.id, key.id])
    assert "This cannot be undone" in text(administrator.get(revoke))
    assert DockKey.objects.get().revoked_at is None
    assert administrator.post(revoke).url == page
    assert DockKey.objects.get().revoked_at is not None
    assert "It was revoked on" in text(administrator.get(revoke))


def test_overdue_are_cameras_that_somebody_has_and_no_dock_has_seen(staged, administrator, dock):
    says(dock, seen(staged.camera.serial), at=now() - timedelta(days=5))
    says(dock, at=now() - timedelta(days=5))
    never = receive_camera(
        serial="NEVER", make="Axis", model="W1", mount="chest", unit=None, by=BY, at=DAY_ONE
    )
    assign_camera(camera=never, officer=staged.okafor, by=BY, at=DAY_ONE)
    receive_camera(serial="SPARE", make="Axis", model="W1", mount="chest", unit=None, by=BY, at=DAY_ONE)
    page = administrator.get(reverse("fleet-overdue"))
    assert [each.camera.serial for each in page.context["heard"]] == [staged.camera.serial]
    assert [each.camera.serial for each in page.context["never"]] == ["NEVER"]
    week = administrator.get(reverse("fleet-overdue"), {"days": "7"})
    assert week.context["heard"] == []
    contacts.footage_came(camera_id=never.id, at=now() - timedelta(days=4))
    page = administrator.get(reverse("fleet-overdue"))
    assert [each.seen_by for each in page.context["heard"]] == ["dock", "axis"]
    assert "not docked 1 by Axis, no footage 1 never docked 0" in text(page)
    assert "By Axis, footage" in text(page)
    refused = administrator.get(reverse("fleet-overdue"), {"days": "0"})
    assert refused.status_code == 400
    assert "greater than or equal to 1" in text(refused)


def test_long_lists_of_docks_and_overdue_cameras_come_in_parts(staged, administrator, monkeypatch):
    monkeypatch.setattr(numbered, "PAGE_ROWS", 2)
    for number in range(5):
        install_dock(serial=f"D{number}", site="Yard", unit=staged.lambeth, bays=4, by=BY, at=DAY_ONE)
        never = receive_camera(
            serial=f"N{number}", make="Axis", model="W1", mount="chest", unit=None, by=BY, at=DAY_ONE
        )
        assign_camera(camera=never, officer=staged.okafor, by=BY, at=DAY_ONE)
    address = reverse("fleet-docks")
    shown = administrator.get(address, {"page": "2"})
    assert [now.dock.serial for now in shown.context["docks"]] == ["D2", "D3"]
    assert (shown.context["part"].earlier_url, shown.context["part"].later_url) == ("?page=1", "?page=3")
    assert 'hx-get="/fleet/docks/now?page=2"' in shown.content.decode()
    last = administrator.get(address, {"page": "3"})
    assert ([now.dock.serial for now in last.context["docks"]], last.context["part"].later_url) == (
        ["D4"],
        "",
    )
    for odd in ("0", "4", "x", "²", "9" * 30):
        assert administrator.get(address, {"page": odd}).context["part"].number == 1
    listed = []
    for number in (1, 2, 3):
        page = administrator.get(reverse("fleet-overdue"), {"days": "7", "page": number})
        assert (page.context["count"].silent, page.context["count"].never) == (0, 6)
        listed += [each.camera.serial for each in page.context["never"]]
    assert listed == ["B8A44F01", "N0", "N1", "N2", "N3", "N4"]


def test_a_supervisor_sees_their_units_docks_and_manages_none(staged, dock):
    install_dock(serial="D2", site="Hackney nick", unit=staged.hackney, bays=4, by=BY, at=DAY_ONE)
    client = staged.client(Role.SUPERVISOR, enrol("Sam", "Cole", "33LX", staged.lambeth))
    page = text(client.get(reverse("fleet-docks")))
    assert "Brixton" in page
    assert "Hackney nick" not in page
    assert "Install a dock" not in page
    assert client.get(reverse("dock", args=[Dock.objects.get(serial="D2").id])).status_code == 404
    assert client.post(reverse("dock-key-enrol", args=[dock.id]), {}).status_code == 403
