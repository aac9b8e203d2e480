"""A pack is asked for, built from sealed footage, and others' programs agree that it is whole."""

import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import bagit
import pytest
from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.integration.disclosure.docked import (
    LATER,
    NOON,
    SEGMENTS,
    TRACK,
    ask,
    build,
    checkpoint,
    dock,
    exported,
    produce,
)
from tests.integration.disclosure.forger import unpack
from tests.world import BY

from tabard.custody.adapters import log_signer
from tabard.custody.errors import NotYetSequenced
from tabard.custody.leaf import rfc3339
from tabard.custody.models import Event
from tabard.disclosure import packs
from tabard.disclosure.contents import contents_of
from tabard.disclosure.errors import PackDisposed, PackNotReady
from tabard.disclosure.facts import IssueFacts
from tabard.disclosure.models import Pack
from tabard.disclosure.verify import verify_pack
from tabard.fleet.clocks import record_reading
from tabard.fleet.issuing import Terms
from tabard.fleet.models import ClockReading
from tabard.fleet.services import assign_camera, receive_camera, return_camera
from tabard.incidents.services import record as record_incident
from tabard.kernel.errors import Denied, Unavailable
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.recordings.times import apply_readings
from tabard.vault import services as vault
from tabard.vault.errors import KeyDestroyed, StoreFull
from tabard.vault.models import SealedObject
from tabard.vault.services import PendingObject


def events(kind: str) -> int:
    return Event.objects.filter(kind=kind).count()


def report_of(pack: bytes, folder: Path):
    path = folder / "pack.zip"
    path.write_bytes(pack)
    return verify_pack(path, trusted_vkey=log_signer().vkey)


def files_of(pack: bytes) -> dict[str, bytes]:
    return unpack(pack)[1]


def test_a_request_is_logged_and_queues_the_work(world):
    pack = ask(world, produce(world, dock(world)))
    assert (pack.state, events("pack.requested")) == (Pack.State.REQUESTED, 1)
    assert ProcrastinateJob.objects.filter(
        task_name="tabard.build_pack", args={"subject_id": str(pack.id)}
    ).exists()


def test_whoever_may_not_build_packs_is_refused_and_nothing_is_asked_for(world):
    exhibit = produce(world, dock(world))
    for viewer in (world.viewer("bailey"), world.anyone(Role.SUPERVISOR), world.anyone(Role.PROSECUTOR)):
        with pytest.raises(Denied):
            packs.request(exhibit=exhibit, viewer=viewer, at=LATER)
    assert not Pack.objects.exists()


def test_a_pack_waits_for_the_checkpoint_and_is_then_built(world):
    pack = ask(world, produce(world, dock(world)))
    with pytest.raises(NotYetSequenced):
        packs.build(pack=pack, by=BY, at=LATER)
    pack.refresh_from_db()
    assert (pack.state, events("pack.failed"), events("pack.built")) == (Pack.State.REQUESTED, 0, 0)
    checkpoint()
    assert packs.build(pack=pack, by=BY, at=LATER).state == Pack.State.BUILT


def test_a_repeated_job_changes_nothing(world):
    pack = build(world, produce(world, dock(world)))
    again = packs.build(pack=pack, by=BY, at=LATER + timedelta(days=1))
    assert (again.object_id, again.built_at, events("pack.built")) == (pack.object_id, LATER, 1)


def test_the_pack_of_a_recording_holds_what_the_camera_wrote(recording_pack, tmp_path):
    report = report_of(recording_pack, tmp_path)
    assert [check for check in report.checks if not check.ok] == []
    files = files_of(recording_pack)
    for name, data in [*SEGMENTS.items(), TRACK, ("bookmark_1", b"he had a knife")]:
        assert files[f"data/exhibits/LB-1/{name}"] == data
    (exhibit,) = report.exhibits
    assert (exhibit.reference, exhibit.producer) == ("LB/1", "PC Lee Bailey (001LX)")
    assert {file.sealed_at for file in exhibit.files} == {"2026-03-02T15:00:00.000000Z"}
    assert report.vkey == log_signer().vkey
    assert report.origin == log_signer().origin


def test_the_pack_of_an_excerpt_holds_the_excerpt_alone(clip_pack, tmp_path):
    report = report_of(clip_pack, tmp_path)
    assert [check for check in report.checks if not check.ok] == []
    files = files_of(clip_pack)
    inside = [path for path in files if path.startswith("data/exhibits/")]
    assert inside == ["data/exhibits/LB-1/20260302T091000Z_7f3b-clip.mp4", "data/exhibits/LB-1/facts.json"]
    assert files[inside[0]] == b"an excerpt"
    assert b"he had a knife" not in b"".join(
        data for path, data in files.items() if path.startswith("data/proofs")
    )
    said = json.loads(files[inside[1]])
    assert (said["clip"]["asked_start_ms"], said["clip"]["actual_start_ms"]) == (1500, 1200)
    assert said["recording"]["bookmarks"] == []
    # Where it was filmed is part of the recording, not of the excerpt.
    assert b"51.46" not in b"".join(files.values())


def test_an_independent_bagit_program_finds_the_bag_valid(any_pack, tmp_path):
    with zipfile.ZipFile(io.BytesIO(any_pack)) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    found = bagit.Bag(str(folder))
    found.validate()
    assert found.version_info == (1, 0)
    assert found.info["External-Identifier"] == "LB/1"
    assert found.info["Source-Organization"] == settings.TABARD_FORCE


def test_the_zip_bears_the_name_of_its_folder(world, tmp_path):
    pack = build(world, produce(world, dock(world)))
    folder, _, _ = unpack(exported(pack))
    assert pack.file_name == f"{folder}.zip"


def test_the_facts_say_who_wore_which_camera_when(recording_pack):
    said = json.loads(files_of(recording_pack)["data/exhibits/LB-1/facts.json"])
    recording = said["recording"]
    assert recording["wearer"] == {"name": "Lee Bailey", "rank": "PC", "shoulder_number": "001LX"}
    assert (recording["camera"], recording["named_camera"]) == (None, "SIM-0001")
    assert recording["started_at"] == NOON.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert [one["name"] for one in recording["segments"]] == list(SEGMENTS)
    assert [file["kind"] for file in said["files"]] == ["segment", "segment", "track", "bookmark"]
    assert "W0001" not in json.dumps(said)  # a warrant number is nobody's business outside the force


def test_the_schedule_is_pdf_a_with_the_custody_history_and_needs_no_font_of_the_machine(recording_pack):
    pdf = files_of(recording_pack)["data/schedules/exhibits.pdf"]
    assert pdf.startswith(b"%PDF-1.7")
    assert re.search(rb"<pdfaid:part>2</pdfaid:part>", pdf)
    assert re.search(rb"<pdfaid:conformance>B</pdfaid:conformance>", pdf)
    assert b"LibertinusSerif" in pdf


def test_the_history_tells_of_changes_and_not_of_looking(world):
    from tabard.disclosure.evidence import history_of
    from tabard.recordings.viewing import record_view

    recording = dock(world)
    exhibit = produce(world, recording)
    record_view(recording=recording, viewer=world.viewer("bailey"), at=LATER)
    checkpoint()
    told = [line.what for line in history_of(contents_of(exhibit.id))]
    assert told == ["Object sealed"] * 4 + ["Recording sealed", "Exhibit produced"]


def test_the_readme_tells_a_solicitor_what_to_do(recording_pack):
    text = files_of(recording_pack)["README.txt"].decode()
    assert "LB/1" in text
    assert log_signer().vkey in text
    assert all(len(line) < 140 for line in text.split("\r\n"))


def test_names_and_words_from_outside_do_no_harm(world, tmp_path):
    names = [
        "../../etc/passwd",
        "..\\..\\x.mp4",
        "CON.mp4",
        "facts.json",
        "a b.mp4",
        "a-b.mp4",
        "警察.mp4",
        "=1+1.mp4",
    ]
    recording = dock(world, {name: f"file {name}".encode() for name in names}, with_extras=False)
    exhibit = produce(world, recording, description='=cmd|"/c calc"!A1 #set page() 🚓 قطر')
    pack = exported(build(world, exhibit))
    assert report_of(pack, tmp_path).ok
    said = json.loads(files_of(pack)["data/exhibits/LB-1/facts.json"])
    assert sorted(file["name"] for file in said["files"]) == sorted(names)
    for file in said["files"]:
        assert files_of(pack)[f"data/exhibits/LB-1/{file['file']}"] == f"file {file['name']}".encode()


def test_an_exhibit_of_an_incident_says_so(world, tmp_path):
    incident = record_incident(
        kind="crime_report",
        reference="CRIS 1234567/26",
        title="Robbery",
        start_at=NOON,
        end_at=None,
        place="Brixton Road",
        unit=world.units["LX"],
        viewer=world.viewer("bailey"),
        at=LATER,
    )
    pack = exported(build(world, produce(world, dock(world), incident=incident)))
    assert report_of(pack, tmp_path).ok
    assert b"CRIS 1234567/26" in files_of(pack)["data/schedules/exhibits.csv"]


def test_a_recording_without_footage_can_still_be_disclosed(world, tmp_path):
    pack = exported(build(world, produce(world, dock(world, {}))))
    assert report_of(pack, tmp_path).ok


def test_an_empty_camera_file_is_evidence_too(world, tmp_path):
    pack = exported(build(world, produce(world, dock(world, {"a.mp4": b""}))))
    assert report_of(pack, tmp_path).ok


def test_the_same_pack_built_twice_has_the_same_bytes(world):
    exhibit = produce(world, dock(world))
    pack = ask(world, exhibit)
    checkpoint()
    first = exported(packs.build(pack=pack, by=BY, at=LATER))
    Pack.objects.filter(id=pack.id).update(state=Pack.State.REQUESTED, object=None)
    assert exported(packs.build(pack=pack, by=BY, at=LATER)) == first


def test_the_pack_lies_in_the_store_sealed(world):
    pack = build(world, produce(world, dock(world)))
    stored = (Path(settings.TABARD_HOME) / "vault" / pack.object.store_key).read_bytes()
    assert len(stored) > pack.object.size_bytes
    assert b"bagit.txt" not in stored


def test_a_disposed_recording_cannot_be_packed(world):
    recording = dock(world)
    exhibit = produce(world, recording)
    pack = ask(world, exhibit)
    checkpoint()
    Recording.objects.filter(id=recording.id).update(disposed_at=LATER)
    with pytest.raises(PackDisposed):
        ask(world, exhibit)
    failed = packs.build(pack=pack, by=BY, at=LATER)
    assert (failed.state, events("pack.failed")) == (Pack.State.FAILED, 1)
    assert "disposed" in failed.reason


def test_a_recording_disposed_of_while_its_pack_is_built_takes_the_pack_with_it(world, monkeypatch):
    recording = dock(world)
    pack = ask(world, produce(world, recording))
    checkpoint()
    seal = PendingObject.seal

    def dispose_meanwhile(pending):
        Recording.objects.filter(id=recording.id).update(disposed_at=LATER)
        return seal(pending)

    monkeypatch.setattr(PendingObject, "seal", dispose_meanwhile)
    before = SealedObject.objects.count()
    assert packs.build(pack=pack, by=BY, at=LATER).state == Pack.State.FAILED
    assert SealedObject.objects.count() == before


def test_footage_that_is_no_longer_what_was_sealed_is_never_packed(world):
    recording = dock(world)
    exhibit = produce(world, recording)
    stored = Path(settings.TABARD_HOME) / "vault" / recording.segments.first().object.store_key
    stored.chmod(0o600)
    data = bytearray(stored.read_bytes())
    data[100] ^= 1
    stored.write_bytes(data)
    failed = build(world, exhibit)
    assert (failed.state, failed.object, events("pack.failed"), events("pack.built")) == (
        Pack.State.FAILED,
        None,
        1,
        0,
    )
    assert "Chunk 0" in failed.reason
    # A job that comes again finds the verdict and leaves it.
    assert packs.build(pack=failed, by=BY, at=LATER).state == Pack.State.FAILED
    assert events("pack.failed") == 1


def test_footage_that_the_log_does_not_know_is_never_packed(world):
    failed = build(world, produce(world, world.recording()))
    assert failed.state == Pack.State.FAILED
    assert "not a file that the log says was sealed" in failed.reason


def test_an_exhibit_whose_reference_was_changed_in_the_database_is_never_packed(world):
    exhibit = produce(world, dock(world))
    type(exhibit).objects.filter(id=exhibit.id).update(number=7)
    failed = build(world, exhibit)
    assert failed.state == Pack.State.FAILED
    assert "LB/7" in failed.reason


def test_a_full_store_is_tried_again_and_leaves_nothing(world, monkeypatch):
    pack = ask(world, produce(world, dock(world)))
    checkpoint()

    def full(pending):
        raise StoreFull("The store has no space left.")

    with monkeypatch.context() as patched:
        patched.setattr(PendingObject, "seal", full)
        with pytest.raises(Unavailable):
            packs.build(pack=pack, by=BY, at=LATER)
    assert packs.build(pack=pack, by=BY, at=LATER).state == Pack.State.BUILT


def test_of_two_workers_one_pack_remains(world, monkeypatch):
    pack = ask(world, produce(world, dock(world)))
    checkpoint()
    seal = PendingObject.seal

    def another_first(pending):
        facts = seal(pending)
        monkeypatch.setattr(PendingObject, "seal", seal)
        packs.build(pack=pack, by=BY, at=LATER)
        return facts

    monkeypatch.setattr(PendingObject, "seal", another_first)
    built = packs.build(pack=pack, by=BY, at=LATER)
    assert (built.state, events("pack.built")) == (Pack.State.BUILT, 1)
    assert exported(built)


def test_a_download_is_logged_before_the_first_byte(world):
    pack = build(world, produce(world, dock(world)))
    viewer = world.anyone(Role.DISCLOSURE_OFFICER)
    reader = packs.download(pack=pack, viewer=viewer, at=LATER)
    downloaded = Event.objects.get(kind="pack.downloaded")
    assert downloaded.particulars.actor_name == viewer.name
    assert json.loads(bytes(downloaded.leaf))["sha256"] == reader.sha256.hex()
    assert b"".join(reader.read()) == exported(pack)


def test_a_download_is_refused_to_whoever_may_not_and_while_there_is_none(world):
    pack = ask(world, produce(world, dock(world)))
    with pytest.raises(Denied):
        packs.download(pack=pack, viewer=world.viewer("bailey"), at=LATER)
    with pytest.raises(PackNotReady):
        packs.download(pack=pack, viewer=world.anyone(Role.DISCLOSURE_OFFICER), at=LATER)
    with pytest.raises(PackNotReady):
        exported(pack)
    assert events("pack.downloaded") == 0


def test_a_pack_goes_when_its_key_is_destroyed(world):
    pack = build(world, produce(world, dock(world)))
    with transaction.atomic():
        vault.destroy_key(object_id=pack.object_id, at=LATER)
    pack = Pack.objects.get(id=pack.id)
    with pytest.raises(KeyDestroyed):
        exported(pack)
    assert events("pack.downloaded") == 0


def test_a_measured_clock_goes_with_the_times_that_the_camera_said(world, tmp_path):
    then = NOON - timedelta(days=2)
    receive_camera(serial="SIM-0001", make="Sim", model="W", mount="chest", unit=None, by=BY, at=then)
    recording = dock(world)
    record_reading(
        camera=recording.camera,
        camera_at=LATER + timedelta(seconds=90),
        our_at=LATER,
        uncertainty_s=0.5,
        source=ClockReading.Source.DOCK,
        by=BY,
        at=LATER,
    )
    apply_readings(camera_id=recording.camera_id, by=BY, at=LATER)
    pack = exported(build(world, produce(world, Recording.objects.get())))
    assert report_of(pack, tmp_path).ok
    (written,) = (data for name, data in files_of(pack).items() if name.endswith("/facts.json"))
    clock = json.loads(written)["recording"]["clock"]
    assert (clock["ahead_ms"], clock["basis"]) == (90_000, "after")
    assert clock["corrected_start_at"] == rfc3339(NOON - timedelta(seconds=90))
    assert clock["uncertainty_ms"] >= 500


def test_who_wore_which_camera_and_where_when_it_recorded_goes_into_the_pack(world):
    then = world.officers["Bailey"].postings.get().during.lower
    camera = receive_camera(
        serial="SIM-0001", make="Sim", model="W", mount="chest", unit=None, by=BY, at=then
    )
    officer = dock(world).officer
    recorded_at = Recording.objects.get().started_at
    assign_camera(camera=camera, officer=officer, terms=Terms(mount="head"), by=BY, at=then)
    return_camera(camera=camera, by=BY, at=recorded_at + timedelta(hours=1))
    Recording.objects.update(camera=camera)
    facts = contents_of(produce(world, Recording.objects.get()).id).facts.recording
    assert (facts.camera.serial, facts.camera.mount) == ("SIM-0001", "head")
    assert facts.camera_issued_to.shoulder_number == officer.shoulder_number
    assert facts.issue == IssueFacts(rfc3339(then), rfc3339(recorded_at + timedelta(hours=1)))
    assert camera.mount == "chest"
