"""A container that is complete becomes a recording: who, where, when, and everything that came with it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from tabard.custody.models import Event
from tabard.fleet.models import Camera
from tabard.intake.models import Container, ReceivedObject
from tabard.kernel import clock
from tabard.kernel.errors import Denied
from tabard.kernel.ids import new_id
from tabard.people.authorisation import Viewer
from tabard.people.rules import Role
from tabard.recordings.errors import CategoryUnknown
from tabard.recordings.models import Attachment, Category, Recording, Segment
from tabard.recordings.rules import footage_sha256
from tabard.recordings.services import categorise
from tabard.vault.services import open_object

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)
SERIAL = "B8A44F000001"


def iso(at):
    return at.isoformat().replace("+00:00", "Z")


def container_name(user="101PL", serial=SERIAL, at=BEGAN):
    return f"{user}_{serial}_{at:%Y%m%dT%H%M%SZ}"


@pytest.fixture
def dock(client):
    """Sends a recording as a system does, and gives back what became of it."""

    def send(objects, *, name=None, sender=client, **meta):
        name = container_name() if name is None else name
        said = {
            "UserID": "101PL",
            "BWCSerialNumber": SERIAL,
            "TriggerOn": "Button",
            "StartTimeISO": iso(BEGAN),
            "StopTimeISO": iso(BEGAN + timedelta(minutes=3)),
            "Status": "Transferring",
            **meta,
        }
        said = {key: text for key, text in said.items() if text is not None}
        assert sender.put(name, meta=said).status == 201
        for object_name, body, about in objects:
            assert sender.put(name, object_name, body=body, meta=about).status == 201
        container = Container.objects.get(name=name, destination__username=sender.username)
        assert container.recording is None
        assert sender.post(name, meta={"Status": "Complete"}).status == 204
        container.refresh_from_db()
        return container.recording

    return send


def segment(number, body=b"footage"):
    start_at = BEGAN + timedelta(minutes=number)
    about = {
        "StartTime": str(int(start_at.timestamp())),
        "ContainerType": "mkv",
        "StartLocation": "+51.5012-0.1246",
    }
    return (f"{start_at:%Y%m%dT%H%M%SZ}_4F2A.mkv", body + bytes([number]), about)


def bookmark(number, text="", **about):
    at = BEGAN + timedelta(seconds=number)
    return (f"bookmark_{iso(at)}_{number}", text.encode(), {"StartTime": iso(at), **about})


TRAIL = json.dumps(
    {
        "CoordinateEntries": [
            {"LocationWKT": "POINT(-0.0100 51.4600)", "SecondsFromStart": 0.0, "Timestamp": iso(BEGAN)},
            {"LocationWKT": "POINT(-0.0101 51.4601)", "SecondsFromStart": 10.0, "Timestamp": iso(BEGAN)},
        ]
    }
).encode()


class TestAWholeRecording:
    def test_everything_that_came_stands_under_who_where_and_when(self, dock, worn, lewisham, stop_search):
        recording = dock(
            [
                segment(1),
                segment(0),
                bookmark(60, "Searched", CategoryID="stop-search", Tags="TriggerOn:Button"),
                ("20261104_211403_4F2A_B8A44F000001_gpstrail.json", TRAIL, {"FileType": "json"}),
                ("notes.bin", b"\0\1", {}),
            ]
        )
        assert (recording.source, recording.source_name) == ("axis", container_name())
        assert (recording.officer, recording.camera, recording.unit) == (worn.officer, worn.camera, lewisham)
        assert (recording.officer_reference, recording.camera_serial) == ("101PL", SERIAL)
        heard = Camera.objects.get(pk=worn.camera_id)
        completed_at = Container.objects.get(recording=recording).completed_at
        assert (heard.last_contact, heard.last_contact_at) == ("axis", completed_at)
        assert (recording.started_at, recording.stopped_at) == (BEGAN, BEGAN + timedelta(minutes=3))
        assert (recording.trigger, recording.category, recording.flags) == ("Button", stop_search, [])
        assert (recording.latitude, recording.longitude) == (51.46, -0.01)
        assert recording.metadata["Status"] == "Complete"
        assert [part.name for part in recording.segments.all()] == [segment(0)[0], segment(1)[0]]
        assert recording.segments.first().started_at == BEGAN
        assert {part.kind: part.name for part in recording.attachments.all()} == {
            "bookmark": bookmark(60)[0],
            "track": "20261104_211403_4F2A_B8A44F000001_gpstrail.json",
            "other": "notes.bin",
        }
        mark = recording.bookmarks.get()
        assert (mark.text, mark.category_code, mark.tags) == (
            "Searched",
            "stop-search",
            {"TriggerOn": "Button"},
        )
        assert recording.track.points == [[0.0, -0.01, 51.46], [10.0, -0.0101, 51.4601]]

    def test_its_one_event_commits_to_every_segment_in_order(self, dock):
        bodies = [segment(0)[1], segment(1)[1]]
        recording = dock([segment(1), segment(0)])
        event = Event.objects.get(kind="recording.sealed")
        hashes = [hashlib.sha256(body).digest() for body in bodies]
        assert json.loads(bytes(event.leaf))["sha256"] == hashlib.sha256(b"".join(hashes)).hexdigest()
        assert event.subject_id == recording.pk
        said = event.particulars.details["segments"]
        objects = [str(part.object_id) for part in recording.segments.order_by("ordinal")]
        assert said == [
            {
                "name": segment(n)[0],
                "object": objects[n],
                "size_bytes": len(bodies[n]),
                "sha256": hashes[n].hex(),
            }
            for n in range(2)
        ]
        assert footage_sha256(()) == hashlib.sha256().digest()

    def test_the_segments_hold_the_exact_bytes(self, dock):
        recording = dock([segment(0, b"\x1a\x45\xdf\xa3 not really matroska")])
        held = b"".join(open_object(obj=recording.segments.get().object).read())
        assert held == b"\x1a\x45\xdf\xa3 not really matroska\0"
        assert recording.size_bytes == len(held)

    def test_complete_twice_is_complete_once(self, dock, client):
        recording = dock([segment(0)])
        assert client.post(container_name(), meta={"Status": "Complete"}).status == 204
        assert client.put(container_name(), meta={"Status": "Complete"}).status == 202
        assert Recording.objects.get() == recording
        assert Event.objects.filter(kind="recording.sealed").count() == 1
        assert not Event.objects.filter(kind="object.described").exists()

    def test_what_is_said_after_complete_leaves_the_sealed_recording_as_it_was(self, dock, client):
        recording = dock([segment(0)])
        assert client.post(container_name(), meta={"UserID": "202PL"}).status == 204
        recording.refresh_from_db()
        assert recording.metadata["Userid"] == "101PL"
        assert Event.objects.get(kind="object.described").subject_id == recording.pk

    def test_a_container_that_is_put_complete_is_complete(self, client):
        assert client.put(container_name(), meta={"Status": "Complete"}).status == 201
        assert Recording.objects.get().flags == [
            "unknown_camera",
            "unknown_officer",
            "clock_suspect",
            "no_footage",
        ]


class TestWhoAndWhat:
    def test_footage_of_unknown_people_and_cameras_is_kept_and_flagged(self, dock):
        recording = dock([segment(0)])
        assert (recording.officer, recording.camera, recording.unit) == (None, None, None)
        assert recording.flags == ["unknown_camera", "unknown_officer"]

    def test_a_systems_user_id_is_looked_up_in_its_registry(self, dock, client, barrow):
        client.put("Users")
        client.put("Users", "0b0f4c5e-5d4c", meta={"Name": "Lena", "UserID": "101pl"})
        recording = dock([segment(0)], name=container_name("0b0f4c5e-5d4c"), UserID="0b0f4c5e-5d4c")
        assert (recording.officer, recording.officer_reference) == (barrow, "101pl")

    def test_another_systems_registry_says_nothing(self, dock, another_client, barrow):
        other = another_client("hackney")
        other.put("Users")
        other.put("Users", "0b0f4c5e-5d4c", meta={"UserID": "101PL"})
        recording = dock([segment(0)], name=container_name("0b0f4c5e-5d4c"), UserID="0b0f4c5e-5d4c")
        assert (recording.officer, recording.officer_reference) == (None, "0b0f4c5e-5d4c")

    def test_who_is_not_said_is_read_from_the_name(self, dock, barrow, camera):
        recording = dock([segment(0)], UserID=None, BWCSerialNumber=None)
        assert (recording.officer, recording.camera) == (barrow, camera)

    def test_the_unit_is_the_cameras_where_the_officer_is_unknown(self, dock, camera, lewisham):
        recording = dock([segment(0)], UserID="999XX")
        assert (recording.unit, recording.flags) == (lewisham, ["unknown_officer"])

    def test_another_wearer_than_the_one_assigned_is_flagged(self, dock, worn, enrol):
        okafor = enrol("202", "Okafor")
        recording = dock([segment(0)], UserID="202PL")
        assert (recording.officer, recording.flags) == (okafor, ["wearer_differs"])

    def test_values_longer_than_we_list_are_kept_whole_in_the_metadata(self, dock):
        recording = dock([segment(0)], UserID="x" * 100, TriggerOn="y" * 100)
        assert recording.metadata["Userid"] == "x" * 100
        assert recording.officer_reference == "x" * 64


class TestWhen:
    def test_times_that_are_missing_are_read_from_the_name_and_flagged(self, dock, barrow, camera):
        recording = dock([("a.mkv", b"x", {})], StartTimeISO=None, StopTimeISO=None)
        assert (recording.started_at, recording.stopped_at) == (BEGAN, BEGAN)
        assert recording.flags == ["clock_suspect"]

    def test_else_the_arrival_counts(self, dock):
        before = clock.now()
        recording = dock([("a.mkv", b"x", {})], name="holiday", StartTimeISO="soon", StopTimeISO=None)
        assert before <= recording.started_at == recording.received_at <= clock.now()
        assert "clock_suspect" in recording.flags

    @pytest.mark.parametrize("year", ["1970", "2099"])
    def test_a_clock_that_cannot_be_right_is_kept_and_flagged(self, dock, barrow, camera, worn, year):
        claimed = f"{year}-01-02T03:04:05Z"
        recording = dock([segment(0)], StartTimeISO=claimed, StopTimeISO=claimed)
        assert recording.started_at.isoformat() == f"{year}-01-02T03:04:05+00:00"
        assert recording.flags == ["clock_suspect"]
        assert recording.unit == camera.unit


class TestCategories:
    def test_the_newest_bookmark_decides_and_an_unknown_category_is_kept_and_flagged(
        self, dock, barrow, camera, stop_search
    ):
        recording = dock(
            [
                segment(0),
                bookmark(9, CategoryID="gone", CategoryName="No longer there"),
                bookmark(5, CategoryID="stop-search"),
            ]
        )
        assert (recording.category, recording.flags) == (None, ["unknown_category"])
        assert [mark.category_code for mark in recording.bookmarks.all()] == ["stop-search", "gone"]

    def test_a_category_that_is_no_longer_offered_is_still_known(self, dock):
        old = Category.objects.create(code="old", name="Old", is_offered=False)
        assert dock([segment(0), bookmark(1, CategoryID="x9", CategoryName="OLD")]).category == old

    def test_bookmarks_and_tracks_that_cannot_be_read_stay_sealed_as_they_came(self, dock):
        recording = dock(
            [
                segment(0),
                ("x_gpstrail.json", b"\xff{", {}),
                ("bookmark_?_1", b"\xff\0", {"StartTime": "never"}),
            ]
        )
        assert not hasattr(recording, "track")
        mark = recording.bookmarks.get()
        assert (mark.text, mark.start_at) == ("\ufffd", BEGAN)
        assert {part.kind for part in recording.attachments.all()} == {"track", "bookmark"}
        assert (recording.latitude, recording.longitude) == (51.5012, -0.1246)

    def test_a_person_may_categorise_it_and_the_log_says_from_what_to_what(
        self, dock, barrow, stop_search, day_one
    ):
        recording = dock([segment(0), bookmark(1, CategoryID="gone")])
        officer = viewer(barrow)
        categorise(recording=recording, category="stop-search", viewer=officer, at=clock.now(), reason="Mine")
        recording.refresh_from_db()
        assert recording.category == stop_search
        assert "unknown_category" not in recording.flags
        event = Event.objects.get(kind="recording.categorised")
        assert event.particulars.details == {"from": None, "to": "stop-search", "reason": "Mine"}
        categorise(recording=recording, category="stop-search", viewer=officer, at=clock.now())
        assert Event.objects.filter(kind="recording.categorised").count() == 1

    def test_only_who_may_does_and_only_into_what_is_there(self, dock, barrow, enrol, stop_search):
        recording = dock([segment(0)])
        with pytest.raises(Denied):
            categorise(
                recording=recording, category="stop-search", viewer=viewer(enrol("202", "O")), at=clock.now()
            )
        with pytest.raises(CategoryUnknown):
            categorise(recording=recording, category="nonsense", viewer=viewer(barrow), at=clock.now())
        assert Recording.objects.get().category is None


def viewer(officer):
    return Viewer(new_id(), "Lena Barrow", frozenset({Role.OFFICER}), officer_id=officer.pk)


class TestConflictsAndLateness:
    def test_conflicting_copies_are_both_kept_and_flagged(self, dock, client, barrow, camera):
        name, body, about = segment(0)
        recording = dock([(name, body, about), (name, b"other bytes", about)])
        assert recording.flags == ["conflict"]
        assert recording.segments.get().object.size_bytes == len(body)
        assert recording.attachments.get().kind == "conflict"

    def test_an_object_after_complete_is_kept_beside_the_recording_and_flagged(
        self, dock, client, barrow, camera
    ):
        recording = dock([segment(0)])
        assert client.put(container_name(), segment(1)[0], body=b"late", meta=segment(1)[2]).status == 201
        assert client.put(container_name(), segment(0)[0], body=b"other").status == 201
        recording.refresh_from_db()
        assert recording.flags == ["late_file", "conflict"]
        assert recording.segments.count() == 1
        assert {part.kind for part in recording.attachments.all()} == {"late", "conflict"}
        assert Event.objects.get(kind="object.conflicted").particulars.details["is_late"] is True

    def test_the_same_bytes_after_complete_change_nothing(self, dock, client, barrow, camera):
        recording = dock([segment(0)])
        assert (
            client.put(container_name(), segment(0)[0], body=segment(0)[1], meta=segment(0)[2]).status == 201
        )
        recording.refresh_from_db()
        assert recording.flags == []
        assert not recording.attachments.exists()

    def test_every_sealed_byte_belongs_to_the_recording(self, dock, client):
        name, body, about = segment(0)
        dock([(name, body, about), (name, b"conflict", about), bookmark(1)])
        client.put(container_name(), "late.mkv", body=b"late")
        owned = set(Segment.objects.values_list("object_id", flat=True))
        owned |= set(Attachment.objects.values_list("object_id", flat=True))
        assert owned == set(ReceivedObject.objects.values_list("object_id", flat=True))

    def test_one_name_from_two_systems_is_two_recordings_and_a_conflict(self, dock, another_client):
        first = dock([segment(0)])
        second = dock([segment(0, b"edited")], sender=another_client("hackney"))
        assert first != second
        assert second.source_name.startswith(f"{container_name()} (")
        assert Segment.objects.count() == 2
        assert second.conflicts_with == first
        assert all("conflict" in recording.flags for recording in Recording.objects.all())

    def test_the_same_footage_from_two_systems_is_one_recording(self, dock, another_client):
        first = dock([segment(0)])
        assert dock([segment(0)], sender=another_client("hackney")) == first
        assert Segment.objects.count() == 1
        assert first.containers.count() == 2
        assert Event.objects.filter(kind="recording.came_again", subject_id=first.id).count() == 1


class TestWhatIsNoRecording:
    def test_rejected_content_is_never_refused(self, client):
        name = "RejectedContent_UnknownTime_6e0e8b63-0000-4000-8000-1b2c3d4e5f60"
        assert client.put(name, meta={"RejectedContentReason": "400"}).status == 201
        assert client.put(name, "x.mkv", body=b"rejected").status == 201
        assert client.post(name, meta={"Status": "Complete"}).status == 204
        container = Container.objects.get()
        assert (container.kind, container.recording) == ("rejected", None)
        assert container.completed_at is not None
        assert ReceivedObject.objects.get().object.size_bytes == 8

    def test_a_registry_is_never_a_recording(self, client):
        client.put("Users", meta={"Status": "Complete"})
        assert not Recording.objects.exists()


def test_every_odd_file_is_sealed_like_any_other(dock, samples):
    files = sorted(path for path in (samples / "oddmedia").rglob("*") if path.is_file())
    objects = [(f"{number:03d}_{path.name}", path.read_bytes(), {}) for number, path in enumerate(files)]
    objects.append(("zero.mkv", b"", {}))
    recording = dock(objects)
    sealed = {
        part.name: bytes(part.object.sha256)
        for part in (*recording.segments.all(), *recording.attachments.all())
    }
    assert sealed == {name: hashlib.sha256(body).digest() for name, body, _ in objects}
    assert len(files) > 60


def test_what_a_system_says_of_time_and_trigger_is_kept_as_it_came(dock):
    said = {
        "TimeZone": "Europe/London",
        "TriggerOnTimeISO": iso(BEGAN + timedelta(seconds=30)),
        "TriggerOffTimeISO": iso(BEGAN + timedelta(seconds=90)),
        "TriggerOff": "Button",
        "FirmwareVersion": "11.8.64",
        "Made-Up": "kept too",
    }
    recording = dock([segment(0)], **said)
    # With a pre-buffer it begins before it was triggered.
    assert (recording.started_at, recording.stopped_at) == (BEGAN, BEGAN + timedelta(minutes=3))
    kept = {key.lower(): text for key, text in recording.metadata.items()}
    assert {key: kept[key.lower()] for key in said} == said


def test_a_segment_is_the_cameras_file_byte_for_byte(dock):
    """The signature of signed video stands in the stream itself: nothing may be re-muxed, trimmed or rewritten."""
    name, _, about = segment(0)
    signed = bytes(range(256)) * 4099 + b"\x00\x00\x00\x01\x06\x05\xffsigned by the camera\x80" + b"\0" * 7
    recording = dock([(name, signed, about)])
    kept = recording.segments.get().object
    assert b"".join(open_object(obj=kept).read()) == signed
    assert bytes(kept.sha256) == hashlib.sha256(signed).digest()
