"""What comes from a dock or a folder becomes a recording: of what is said of it, what it says itself, and its names."""

from datetime import UTC, datetime, timedelta

import pytest

from tabard.custody.actors import Actor
from tabard.custody.models import Event
from tabard.fleet.services import install_dock, receive_camera
from tabard.intake import arrivals
from tabard.intake.arrival_drafting import Part, draft_of
from tabard.intake.arrivals import ArrivalEmpty
from tabard.intake.naming import services as naming
from tabard.intake.naming.rules import PatternInvalid
from tabard.intake.naming.selectors import tried as tried_on
from tabard.intake.services import Receipt, receive
from tabard.people.services import create_unit, enrol_officer
from tabard.recordings.drafts import TrackPoint
from tabard.recordings.facts import FileKind, FootageFacts
from tabard.vault import services as vault

BY = Actor.system("test")
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BY_SATELLITE = datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
ON_THE_CAMERA = datetime(2026, 3, 2, 10, 0)


@pytest.fixture
def unit(db, vault_folder):
    return create_unit(kind="force", code="F", name="Force", parent=None, by=BY, at=AT - timedelta(days=30))


@pytest.fixture
def container(db, vault_folder):
    return arrivals.open_for_collection(collection="Card 7", name="GOPR0001", at=AT)


def put(container, name, data=b"bytes", **metadata):
    pending = vault.start()
    pending.write(data)
    pending.seal()
    receipt = receive(container_id=container.pk, name=name, metadata=metadata, pending=pending, by=BY, at=AT)
    return receipt, pending.object_id


def finish(container, facts=None):
    arrivals.close(container=container, by=BY, at=AT)
    return arrivals.register(container=container, facts=facts or {}, by=BY, at=AT)


def test_opening_a_name_again_finds_what_was_opened(container):
    assert arrivals.open_for_collection(collection="Card 7", name="GOPR0001", at=AT).pk == container.pk
    assert arrivals.open_for_collection(collection="Card 8", name="GOPR0001", at=AT).pk != container.pk


def test_each_dock_has_names_of_its_own(unit):
    docks = [install_dock(serial=f"D{n}", site="Front desk", unit=unit, bays=8, by=BY, at=AT) for n in (1, 2)]
    first, second = (arrivals.open_for_dock(dock=dock, name="R1", at=AT) for dock in docks)
    assert first.pk != second.pk
    for container in (first, second):
        put(container, "a.mp4", str(container.pk).encode())
    assert {finish(first).source_name, finish(second).source_name} == {
        "R1",
        f"R1 ({second.pk.hex[-12:]})",
    }


def test_closing_is_logged_once_and_registering_again_finds_the_same_recording(container):
    put(container, "a.mp4")
    recording = finish(container)
    assert finish(container) == recording
    kinds = list(Event.objects.order_by("at", "id").values_list("kind", flat=True))
    assert kinds == ["object.sealed", "arrival.completed", "recording.sealed"]
    assert recording.source_name == "Card 7/GOPR0001"
    assert recording.source == "folder"


def test_nothing_cannot_be_complete(container):
    with pytest.raises(ArrivalEmpty):
        arrivals.close(container=container, by=BY, at=AT)
    assert not Event.objects.exists()


def test_what_the_sender_says_comes_before_what_the_footage_says(container, unit):
    officer = enrol_officer(
        warrant_number="W1", shoulder_number="101LX", given_name="A", family_name="B", rank="PC", unit=unit,
        by=BY, at=AT - timedelta(days=9),
    )  # fmt: skip
    camera = receive_camera(serial="C1", make="M", model="X", mount="chest", unit=unit, by=BY, at=AT)
    _, clip = put(container, "a.mp4", officer="101LX", started_at="2026-03-02T09:00:00Z", title="A stop")
    facts = FootageFacts(
        FileKind.FOOTAGE,
        started_at=BY_SATELLITE,
        duration_s=30.0,
        camera_serial="C1",
        said={"officer": "999"},
    )
    recording = finish(container, {clip: facts})
    assert (recording.officer, recording.camera) == (officer, camera)
    assert recording.started_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert recording.stopped_at == recording.started_at + timedelta(seconds=30)
    assert recording.bookmarks.get().text == "A stop"
    assert recording.flags == []


def test_footage_tells_its_start_and_its_way(container):
    _, film = put(container, "a.mp4")
    points = (TrackPoint(0.0, -0.01, 51.46), TrackPoint(1.0, -0.02, 51.46))
    facts = FootageFacts(
        FileKind.FOOTAGE, started_at=BY_SATELLITE, is_satellite_time=True, clock_started_at=ON_THE_CAMERA,
        duration_s=2.0, track=points, make="GoPro", model="Camera",
    )  # fmt: skip
    recording = finish(container, {film: facts})
    assert recording.started_at == BY_SATELLITE
    assert recording.track.points == [[0.0, -0.01, 51.46], [1.0, -0.02, 51.46]]
    assert (recording.latitude, recording.longitude) == (51.46, -0.01)
    assert recording.metadata == {
        "make": "GoPro", "model": "Camera", "camera_clock": "2026-03-02T10:00:00",
    }  # fmt: skip


def test_a_time_without_a_time_zone_is_said_to_have_none(container):
    _, film = put(container, "a.mp4")
    facts = FootageFacts(FileKind.FOOTAGE, clock_started_at=ON_THE_CAMERA)
    draft = draft_of(container, [Part(container.received.get(), facts)], "GOPR0001")
    assert (draft.started_at, draft.has_zone) == (ON_THE_CAMERA.replace(tzinfo=UTC), False)
    recording = finish(container, {film: facts})
    assert recording.started_at == ON_THE_CAMERA.replace(tzinfo=UTC)
    assert "no_time_zone" in recording.flags


def test_satellite_time_tells_how_far_the_cameras_clock_is_off(container):
    put(container, "a.mp4", sequence="0007")
    facts = FootageFacts(
        FileKind.FOOTAGE, started_at=BY_SATELLITE, is_satellite_time=True, clock_started_at=ON_THE_CAMERA
    )
    draft = draft_of(container, [Part(container.received.get(), facts)], "GOPR0001")
    assert (draft.has_zone, draft.is_satellite_time, draft.gnss_offset_s) == (True, True, 3593.0)
    assert draft.segments[0].sequence == 7


def test_a_track_beside_the_footage_is_laid_along_it_by_its_own_times(container):
    _, film = put(container, "a.mp4", started_at="2026-03-02T09:00:00Z")
    _, way = put(container, "a.gpx", b"way")
    facts = {
        film: FootageFacts(FileKind.FOOTAGE, duration_s=60.0),
        way: FootageFacts(
            FileKind.TRACK,
            started_at=BY_SATELLITE,
            track=(TrackPoint(0.0, 0.1, 51.0),),
            track_started_at=BY_SATELLITE,
        ),
    }
    recording = finish(container, facts)
    assert recording.track.points == [[7.0, 0.1, 51.0]]
    assert [part.kind for part in recording.attachments.all()] == ["track"]


def test_footage_that_could_not_be_read_is_a_recording_all_the_same(container):
    put(container, "a.mp4", modified_at="2026-03-02T09:00:00Z")
    recording = finish(container)
    assert recording.segments.count() == 1
    assert recording.started_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert "clock_suspect" in recording.flags
    assert recording.metadata["not_read"] == "a.mp4: it was not read"


def test_what_comes_after_the_recording_stands_beside_it(container):
    put(container, "a.mp4")
    recording = finish(container)
    assert put(container, "a.mp4", b"other")[0] is Receipt.CONFLICTED
    assert put(container, "b.mp4")[0] is Receipt.SEALED
    recording.refresh_from_db()
    assert {"conflict", "late_file"} <= set(recording.flags)


def test_what_waits_is_listed(container):
    put(container, "a.mp4")
    later = AT + timedelta(hours=1)
    (waiting,) = arrivals.unclosed(silent_since=later)
    assert (waiting, waiting.files, waiting.last_at) == (container, 1, AT)
    assert not arrivals.unclosed(silent_since=AT)
    arrivals.close(container=container, by=BY, at=AT)
    assert not arrivals.unclosed(silent_since=later)
    assert list(arrivals.unregistered(closed_before=later)) == [container]
    assert not arrivals.unregistered(closed_before=AT)
    finish(container)
    assert not arrivals.unregistered(closed_before=later)


def test_names_say_what_neither_sender_nor_footage_says(container):
    naming.add(text="{officer}/{camera}_{date}_{time}_{sequence}.mp4", by=BY, at=AT)
    put(container, "C7_20260302_090007_12.mp4", path="card/101LX/C7_20260302_090007_12.mp4")
    recording = finish(container)
    assert (recording.officer_reference, recording.camera_serial) == ("101LX", "C7")
    assert recording.started_at == datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)


def test_a_pattern_that_was_removed_says_nothing(container):
    pattern = naming.add(text="{officer}_{any}.mp4", by=BY, at=AT)
    naming.remove(pattern=pattern, by=BY, at=AT)
    naming.remove(pattern=pattern, by=BY, at=AT)
    put(container, "101LX_1.mp4")
    assert finish(container).officer_reference == ""
    assert Event.objects.filter(kind__startswith="name_pattern.").count() == 2


def test_a_pattern_is_in_force_once(db):
    naming.add(text="{officer}.mp4", by=BY, at=AT)
    with pytest.raises(PatternInvalid, match="in force"):
        naming.add(text="{officer}.mp4", by=BY, at=AT)
    (tried,) = tried_on(["101LX.mp4"], also=["{camera}.mp4"])
    assert tried.reading.is_ambiguous
