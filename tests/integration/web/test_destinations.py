"""The pages of body-worn systems: a file is given out once, one is shut out at once, and no transfer is forgotten."""

import base64
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from tests.integration.web.staged import BY, DAY_ONE, events, stage, text

from tabard.intake import services
from tabard.intake.certificates import make_certificate
from tabard.intake.destinations import open_destination, sign_in
from tabard.intake.errors import NotSignedIn
from tabard.intake.models import Container, Destination
from tabard.kernel import clock
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.vault import services as vault

FORM = {"name": "Lewisham docks", "username": "lewisham"}
BOX = "0b0f4c5e-5d4c-4a75-9c3a-111111111111_B8A44F01_20260301T211403Z"


@pytest.fixture
def staged(db, settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = (tmp_path / "vault").as_uri()
    return stage()


@pytest.fixture
def administrator(staged):
    return staged.client(Role.BWV_ADMINISTRATOR)


@pytest.fixture
def lewisham(staged):
    return open_destination(name="Lewisham docks", username="lewisham", by=BY, at=DAY_ONE)


@pytest.fixture
def docks(lewisham):
    return lewisham[0]


def put(docks, container, named, body=b"footage", **said):
    """What the system would have sent."""
    about = {key.capitalize(): value for key, value in said.items()}
    services.put_container(destination=docks, name=container, metadata={}, by=BY, at=DAY_ONE)
    into = Container.objects.get(destination=docks, name=container)
    pending = vault.start()
    pending.write(body)
    pending.seal()
    services.receive(container_id=into.pk, name=named, metadata=about, pending=pending, by=BY, at=DAY_ONE)
    return into


class TestLettingASystemIn:
    def test_the_file_is_given_out_once_and_lets_it_in(self, administrator):
        answer = administrator.post(reverse("destination-open"), FORM)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert answer["Content-Disposition"] == 'attachment; filename="tabard-lewisham.json"'
        file = json.loads(answer.content)
        assert sign_in(username="lewisham", key=file["BlobAPIKey"], at=DAY_ONE).name == "Lewisham docks"
        assert (file["WantEncryption"], "HTTPSCertificate" in file) == (False, False)
        for address in (reverse("destinations"), reverse("destination", args=[Destination.objects.get().pk])):
            assert file["BlobAPIKey"] not in text(administrator.get(address))
        assert file["BlobAPIKey"] not in str(events("destination.opened"))

    def test_it_carries_the_doors_certificate_and_the_footage_key(self, administrator, settings, tmp_path):
        made = make_certificate(hosts=["door.example"], at=clock.now(), days=1)
        (tmp_path / "door.pem").write_bytes(made.certificate)
        settings.TABARD_DOOR_URL = "https://door.example:8001, https://door2.example:8001"
        settings.TABARD_DOOR_CHAIN = str(tmp_path / "door.pem")
        file = json.loads(administrator.post(reverse("destination-open"), {**FORM, "encrypt": "on"}).content)
        assert file["AuthenticationTokenURI"] == [
            "https://door.example:8001/auth/v1.0",
            "https://door2.example:8001/auth/v1.0",
        ]
        assert base64.b64decode(file["HTTPSCertificate"][0]) == made.certificate
        assert base64.b64decode(file["PublicKey"]).startswith(b"-----BEGIN PUBLIC KEY-----")
        assert file["PublicKeyId"] == Destination.objects.get().footage_key_id

    def test_an_address_without_a_certificate_lets_nobody_in(self, administrator, settings):
        settings.TABARD_DOOR_URL, settings.TABARD_DOOR_CHAIN = "https://door.example:8001", ""
        answer = administrator.post(reverse("destination-open"), FORM)
        assert (answer.status_code, Destination.objects.exists()) == (400, False)
        assert "tabard intake door-certificate" in text(answer)

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"name": "", "username": "x"}, "Enter name"),
            ({"name": "é" * 40, "username": "x"}, "64 printable bytes"),
            ({"name": "Second", "username": "lewisham"}, "Another destination has this user name"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(self, administrator, docks, typed, words):
        answer = administrator.post(reverse("destination-open"), typed)
        assert answer.status_code == 400
        assert words in text(answer)
        assert typed["username"] in answer.content.decode()

    def test_a_new_file_does_not_turn_the_old_one_away_until_it_is_used(self, administrator, lewisham):
        docks, old = lewisham
        new = json.loads(administrator.post(reverse("destination-renew", args=[docks.pk])).content)[
            "BlobAPIKey"
        ]
        for key in (old, old, new, new):
            sign_in(username="lewisham", key=key, at=DAY_ONE)
        with pytest.raises(NotSignedIn):
            sign_in(username="lewisham", key=old, at=DAY_ONE)

    def test_encryption_is_never_taken_back(self, administrator, docks):
        address = reverse("destination-renew", args=[docks.pk])
        assert json.loads(administrator.post(address, {"encrypt": "on"}).content)["WantEncryption"] is True
        assert json.loads(administrator.post(address).content)["WantEncryption"] is True


class TestShuttingASystemOut:
    def test_it_is_asked_once_more_and_done_at_once(self, administrator, lewisham):
        docks, key = lewisham
        address = reverse("destination-revoke", args=[docks.pk])
        assert "cannot be undone" in text(administrator.get(address))
        sign_in(username="lewisham", key=key, at=DAY_ONE)
        page = administrator.post(address, follow=True)
        assert "shut out" in text(page)
        with pytest.raises(NotSignedIn):
            sign_in(username="lewisham", key=key, at=DAY_ONE)
        assert administrator.post(reverse("destination-renew", args=[docks.pk])).status_code == 400

    def test_nobody_else_may(self, staged, docks):
        for role in set(Role) - {Role.BWV_ADMINISTRATOR}:
            client = staged.client(role)
            assert client.get(reverse("destinations")).status_code == 403
            assert client.post(reverse("destination-revoke", args=[docks.pk])).status_code == 403
        assert Destination.objects.get().revoked_at is None


def test_what_a_system_told_of_itself_is_shown_and_what_we_do_not_know_stands_out(
    staged, administrator, docks
):
    put(docks, "System", "6e0e8b63", b"", systemname="Lewisham nick", connectionid="c1")
    put(docks, "System", "7f1f9c74", b"", systemname="Catford nick")
    put(docks, "Devices", "B8A44F01", b"", name="Camera one", model="W120", active="True")
    put(docks, "Devices", "B8A44FFF", b"", name="Camera two", model="W101", active="True")
    put(docks, "Users", "u1", b"", name="Lena Barrow", userid="482LX", active="True")
    put(docks, "Users", "u2", b"", name="Somebody Else", userid="999ZZ", active="True")
    page = text(administrator.get(reverse("destination", args=[docks.pk])))
    for words in ("Lewisham nick", "Catford nick", "Camera two", "Not in the fleet", "Unknown officer"):
        assert words in page
    assert (page.count("Not in the fleet"), page.count("Unknown officer")) == (1, 1)
    assert staged.camera.__class__.objects.count() == 1, "no camera is invented"


class TestTransfersThatNeverEnd:
    def test_one_that_was_silent_for_a_day_is_listed_and_a_fresh_one_is_not(
        self, administrator, docks, settings
    ):
        put(docks, BOX, "a.mkv")
        assert BOX in text(administrator.get(reverse("unfinished")))
        settings.TABARD_SILENCE_H = (clock.now() - DAY_ONE) / timedelta(hours=1) + 1
        assert "No transfer waits" in text(administrator.get(reverse("unfinished")))

    def test_it_is_ended_with_a_reason_and_its_footage_can_be_seen(self, administrator, docks):
        container = put(docks, BOX, "20260301T211403Z_4F2A.mkv")
        address = reverse("transfer-end", args=[container.pk])
        assert administrator.post(address, {"reason": " "}).status_code == 400
        page = administrator.post(address, {"reason": "The controller burned down"}, follow=True)
        recording = Recording.objects.get()
        assert page.redirect_chain[-1][0] == reverse("recording", args=[recording.pk])
        assert (Recording.Flag.INCOMPLETE in recording.flags, recording.segments.count()) == (True, 1)
        (event,) = events("recording.sealed")
        assert event.particulars.details["reason"] == "The controller burned down"
        assert event.particulars.actor_name == "BWV administrator Smith"
        again = administrator.post(address, {"reason": "Twice"})
        assert (again.status_code, Recording.objects.count()) == (400, 1)

    def test_what_still_comes_is_attached_and_complete_changes_nothing(self, administrator, docks):
        container = put(docks, BOX, "a.mkv")
        administrator.post(reverse("transfer-end", args=[container.pk]), {"reason": "Gave up"})
        put(docks, BOX, "b.mkv", b"late")
        services.describe_container(
            container=container, metadata={"Status": "Complete"}, by=BY, at=clock.now()
        )
        recording = Recording.objects.get()
        assert {part.name: part.kind for part in recording.attachments.all()} == {"b.mkv": "late"}


def test_rejected_content_is_shown_as_such_and_is_no_recording(administrator, docks):
    name = "RejectedContent_20260301T211403Z_6e0e8b63"
    container = put(docks, name, "whatever", b"odd")
    said = {
        "Rejectedcontentoriginalcontainer": BOX,
        "Rejectedcontentreason": "bad clip",
        "Rejectedcontenttime": "20260301T211403Z",
    }
    services.describe_container(container=container, metadata=said, by=BY, at=DAY_ONE)
    page = text(administrator.get(reverse("rejected")))
    assert (BOX in page, "bad clip" in page) == (True, True)
    assert BOX not in text(administrator.get(reverse("unfinished")))
    services.describe_container(container=container, metadata={"Status": "Complete"}, by=BY, at=DAY_ONE)
    assert not Recording.objects.exists()
