"""A BWV administrator lets a body-worn system in, follows what it told, ends a transfer, and shuts the system out."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.web import town as towns

from tabard.intake import services
from tabard.intake.destinations import sign_in as system_signs_in
from tabard.intake.encryption import make_footage_key
from tabard.intake.errors import NotSignedIn
from tabard.intake.models import Container, Destination
from tabard.vault import services as vault

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BEFORE = datetime.now(UTC) - timedelta(days=2)
BOX = "0b0f4c5e-5d4c-4a75-9c3a-111111111111_B8A44F000001_20261104T211403Z"
REJECTED = "RejectedContent_20261104T211403Z_6e0e8b63-0000-4000-8000-1b2c3d4e5f60"


def send(destination, container, named, **said):
    """What a system would send."""
    metadata = {key.capitalize(): text for key, text in said.items()}
    services.put_container(destination=destination, name=container, metadata={}, by=towns.BY, at=BEFORE)
    into = Container.objects.get(destination=destination, name=container)
    pending = vault.start()
    pending.write(named.encode())
    pending.seal()
    services.receive(
        container_id=into.pk, name=named, metadata=metadata, pending=pending, by=towns.BY, at=BEFORE
    )
    return into


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_first_file_to_the_last(open_browser, sign_in, check_page, width):
    page = sign_in(open_browser(width), "amir")
    page.goto("/systems/")
    check_page(page, "no system yet")
    page.get_by_role("button", name="Let a system in").last.click()
    check_page(page, "let a system in")
    page.get_by_role("button", name="Make and download").click()
    page.get_by_role("alert").wait_for()
    page.faults.clear()  # Chromium reports the refusal's status as a fault
    check_page(page, "let a system in, refused")
    page.get_by_label("Name", exact=True).fill("Lewisham docks")
    page.get_by_label("User name").fill("lewisham")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Make and download").click()
    file = json.loads(downloading.value.path().read_text())
    assert downloading.value.suggested_filename == "tabard-lewisham.json"
    destination = system_signs_in(username="lewisham", key=file["BlobAPIKey"], at=datetime.now(UTC))

    send(destination, "System", "6e0e8b63", systemname="Lewisham nick")
    send(destination, "Devices", "B8A44FFFFF", name="Camera two", model="W101")
    send(destination, "Users", "0b0f4c5e", name="Lena Barrow", userid="999ZZ")
    send(destination, REJECTED, "clip.mkv")
    send(destination, BOX, "20261104T211403Z_4F2A.mkv")
    make_footage_key(by=towns.BY, at=BEFORE)
    Destination.objects.update(footage_key_id="footage-key-0001-0123456789abcdef")
    for path in ("/systems/", f"/systems/{destination.id}/", "/systems/rejected/", "/systems/unfinished/"):
        page.goto(path)
        check_page(page, path)
    page.get_by_role("link", name="End it").click()
    check_page(page, "end a transfer")
    page.get_by_label("Why it is ended").fill("The controller was replaced")
    page.get_by_role("button", name="End the transfer").click()
    page.get_by_text("flagged as incomplete").first.wait_for()

    page.goto(f"/systems/{destination.id}/")
    page.get_by_role("button", name="Revoke").click()
    check_page(page, "revoke")
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("is shut out").first.wait_for()
    check_page(page, "revoked")
    with pytest.raises(NotSignedIn):
        system_signs_in(username="lewisham", key=file["BlobAPIKey"], at=datetime.now(UTC))
