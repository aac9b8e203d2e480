"""The dock agent at the real door: what a camera held is sealed, made safe, permitted and erased, and logged."""

import http.client
import secrets
from dataclasses import dataclass, field
from functools import cached_property

import pytest
from tests.docked import DockStation, GoPro, seeded
from tests.integration.docks.conftest import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.fleet.docks import enrol_key, revoke_key
from tabard.fleet.models import DockedCamera, DockStatus
from tabard.fleet.services import install_dock
from tabard.intake.models import ErasePermit, Upload
from tabard.kernel import clock


@dataclass
class RealDoor:
    """The door, as a station is told of it."""

    port: int
    keys: set = field(default_factory=set)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def vkey(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/dock/v1/permit.vkey")
            return connection.getresponse().read().decode().split("\n")[0]
        finally:
            connection.close()


@dataclass
class Docked:
    station: DockStation
    row: object
    key: object
    card: GoPro

    @property
    def uploads(self):
        return Upload.objects.filter(dock=self.row)

    @property
    def permits(self):
        return ErasePermit.objects.filter(upload__dock=self.row)


@pytest.fixture
def docked(tmp_path, door, unit):
    """A station whose dock is enrolled, and a camera in it."""
    station = DockStation(tmp_path / "station", RealDoor(door))
    serial = f"D-{secrets.token_hex(4)}"
    row = install_dock(serial=serial, site="Lewisham", unit=unit, bays=8, by=BY, at=DAY_ONE)
    key = enrol_key(dock=row, public_key=station.key.public, name="station PC", by=BY, at=DAY_ONE)
    card = GoPro(station.media / "camera", serial=f"C{secrets.token_hex(6)}")
    return Docked(station, row, key, card)


def test_from_the_card_to_an_erased_card(docked, secured, read_back):
    contents = docked.card.film_many(3, seeded(1), most_bytes=600_000)
    first = docked.station.once(patience_s=0.5)
    assert (first.sealed, first.is_wrong, len(docked.card.remaining())) == (3, False, 3)
    assert any("waits for" in why for why in first.why)
    secured()
    second = docked.station.once()
    assert (second.as_json()["erased"], second.is_wrong) == (3, False)
    assert docked.card.remaining() == []
    sealed = [read_back(upload.object_id) for upload in docked.uploads]
    assert sorted(sealed) == sorted(contents.values())
    assert {permit.outcome for permit in docked.permits} == {"erased"}
    kinds = list(
        Event.objects.filter(subject_id__in=docked.uploads.values("object_id")).values_list("kind", flat=True)
    )
    assert kinds.count("erase_permit.issued") == kinds.count("camera.file_erased") == 3


def test_nothing_is_sent_twice_though_the_agent_forgets(docked, secured):
    docked.card.film_many(3, seeded(2))
    docked.station.once(patience_s=0.5)
    docked.station.forget()
    secured()
    assert docked.station.once().as_json()["erased"] == 3
    assert docked.uploads.count() == 3


def test_from_the_spool_when_the_server_is_back(docked, secured, read_back):
    contents = docked.card.film_many(2, seeded(3))
    port, docked.station.door.port = docked.station.door.port, 1
    docked.station.write()
    assert docked.station.once(patience_s=0.3).in_spool == 2
    docked.card.pull()
    docked.station.door.port = port
    docked.station.write()
    assert not docked.station.once().is_outstanding
    assert sorted(read_back(upload.object_id) for upload in docked.uploads) == sorted(contents.values())


def test_an_edited_file_is_never_permitted(docked, secured):
    path = docked.card.film("GX010001.MP4", b"as it was filmed")
    docked.station.write(erase="never")
    docked.station.once()
    secured()
    path.write_bytes(b"as somebody wanted it")
    docked.station.write(erase="with_permit")
    docked.station.once(patience_s=0.5)
    secured()
    docked.station.once(patience_s=0.5)
    assert docked.uploads.count() == 2


def test_a_large_file_in_chunks_and_chapters_of_one_recording(docked, secured, read_back):
    big = seeded(4).randbytes(9 * 1024 * 1024)
    docked.card.film("GX010001.MP4", big)
    docked.card.film("GX020001.MP4", b"the second chapter")
    docked.card.film("GX010002.MP4", b"")
    outcome = docked.station.once(patience_s=0.5)
    assert (outcome.sealed, outcome.is_wrong) == (3, False)
    assert sorted(len(read_back(upload.object_id)) for upload in docked.uploads) == [0, 18, len(big)]
    containers = {upload.container_id for upload in docked.uploads}
    assert len(containers) == 2
    secured()
    docked.station.once()
    assert docked.card.remaining() == []


def test_equal_bytes_on_two_cameras_stay_two(docked, secured):
    docked.card.film("GX010001.MP4", b"")
    docked.station.once(patience_s=0.5)
    other = GoPro(docked.station.media / "other", serial=f"C{secrets.token_hex(6)}")
    other.film("GX010001.MP4", b"")
    docked.station.once(patience_s=0.5)
    assert sorted(upload.camera for upload in docked.uploads) == sorted([docked.card.serial, other.serial])


def test_odd_names_are_permitted_as_they_were_told(docked, secured):
    for name in ("a\nb.MP4", "Übung 𝄞.mp4", "a\u2028b.MP4", "con.MP4", " .MP4"):
        (docked.card.videos / name).write_bytes(name.encode())
    docked.station.once(patience_s=0.5)
    secured()
    outcome = docked.station.once(patience_s=5)
    assert (outcome.as_json()["erased"], outcome.is_wrong) == (5, False), docked.station.said
    assert docked.card.remaining() == []


def test_a_revoked_key_ends_it_at_once(docked, secured):
    docked.card.film_many(1, seeded(5))
    revoke_key(key=docked.key, by=BY, at=clock.now())
    outcome = docked.station.once(patience_s=0.5)
    assert (outcome.sealed, outcome.in_spool) == (0, 1)
    assert docked.uploads.count() == 0


def test_it_reports_what_is_docked(docked):
    docked.card.film_many(2, seeded(6))
    docked.station.write(erase="never")
    docked.station.once(patience_s=0.5)
    status = DockStatus.objects.get(dock=docked.row)
    seen = DockedCamera.objects.get(dock=docked.row)
    assert (seen.serial, seen.make, seen.model, seen.files) == (
        docked.card.serial,
        "GoPro",
        "HERO11 Black",
        2,
    )
    assert status.spool_files == 0
