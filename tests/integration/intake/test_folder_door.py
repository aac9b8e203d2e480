"""A card or an export is taken in: everything once, whatever interrupts it, and every file accounted for."""

import hashlib
import os
from collections import Counter
from threading import Event

import pytest
from tests.telemetry import camera_file

from tabard.custody.actors import Actor
from tabard.custody.models import Event as CustodyEvent
from tabard.intake import arrivals
from tabard.intake.folder import reading, services
from tabard.intake.folder.listing import walk
from tabard.intake.folder.manifest import parse
from tabard.intake.folder.reading import Reader, Stopped
from tabard.intake.folder.reconciliation import csv_pieces, run_as_json
from tabard.intake.folder.run import Tally, counts, look, rehearse, take_in
from tabard.intake.models import Container, FolderRun, ReceivedObject
from tabard.jobs.arrivals import read_and_register
from tabard.kernel.clock import now
from tabard.media.jail.errors import JailIncomplete
from tabard.recordings.models import Recording
from tabard.vault.errors import StoreFull
from tabard.vault.models import SealedObject
from tabard.vault.services import PendingObject, destroy_key

BY = Actor.system("test")


@pytest.fixture
def card(tmp_path):
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


@pytest.fixture
def write(card):
    def make(path, body=b""):
        where = card / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(body or str(path).encode("utf-8", "surrogateescape"))
        return where

    return make


class Run:
    """One reading of the card, and what it came to."""

    def __init__(self, card, manifest=None, *, collection="Card 7", register=None, progress=None, stop=None):
        stop = stop or Event()
        self.run = services.begin(
            collection=collection, path=str(card), manifest="", manifest_sha256=None, by=BY, at=now()
        )
        found = look(card, parse(manifest.encode()) if manifest else None)
        self.tally, self.waiting = take_in(
            found,
            run=self.run,
            reader=Reader(card, stop, progress or (lambda count: None)),
            register=register or plainly,
            threads=2,
            by=BY,
            clock=now,
            shows=Shows(),
        )
        self.counts = {name: number for name, number in counts(found, self.tally).items() if number}

    def __getitem__(self, name):
        return self.counts.get(name, 0)

    @property
    def words(self):
        return {outcome.path: outcome.words for outcome in self.tally.to_look_into}


class Shows:
    def settled(self, outcome):
        pass


def plainly(container):
    """Registered without reading, which other tests do."""
    return arrivals.register(container=container, facts={}, by=BY, at=now())


def stored(vault_folder):
    return len([path for path in vault_folder.rglob("*") if path.is_file()])


@pytest.fixture
def run(db, vault_folder, card):
    return lambda *args, **options: Run(card, *args, **options)


class TestOnce:
    def test_every_file_is_sealed_and_chapters_are_one_recording(self, write, run, vault_folder):
        for name in ("DCIM/GOPR0001.MP4", "DCIM/GP010001.MP4", "DCIM/GOPR0001.THM", "MISC/version.txt"):
            write(name)
        done = run()
        assert (done["found"], done["sealed"], done["recordings"]) == (4, 4, 2)
        assert done.tally.is_clean
        film = Recording.objects.get(source_name="Card 7/DCIM/GOPR0001")
        assert [segment.name for segment in film.segments.all()] == ["GOPR0001.MP4", "GP010001.MP4"]
        assert [each.name for each in film.attachments.all()] == ["GOPR0001.THM"]
        assert stored(vault_folder) == 4

    def test_a_second_run_adds_nothing(self, write, run, vault_folder, monkeypatch):
        write("a.mp4")
        write("b.mp4")
        run()
        before = CustodyEvent.objects.exclude(kind="folder.reconciled").count()
        monkeypatch.setattr(Reader, "read", _never)
        again = run()
        assert (again["sealed"], again["already"], again["recordings"]) == (0, 2, 2)
        assert CustodyEvent.objects.exclude(kind="folder.reconciled").count() == before
        assert stored(vault_folder) == Recording.objects.count() == 2

    def test_a_file_whose_time_alone_changed_is_read_and_known(self, write, run, vault_folder):
        film = write("a.mp4")
        run()
        os.utime(film, ns=(1, 1))
        again = run()
        assert (again["sealed"], again["already"], stored(vault_folder)) == (0, 1, 1)

    def test_other_bytes_under_a_known_path_are_kept_beside_the_first(self, write, run):
        write("a.mp4", b"first")
        run()
        write("a.mp4", b"another")
        again = run()
        assert (again["sealed"], again["different"]) == (1, 1)
        assert "another card" in again.words["a.mp4"]
        assert not again.tally.is_clean
        assert set(Recording.objects.values_list("source_name", flat=True)) == {
            "Card 7/a.mp4",
            "Card 7/a.mp4 (2)",
        }
        third = run()
        assert (third["sealed"], third["already"]) == (0, 1)
        assert third.tally.is_clean

    def test_the_same_bytes_in_another_way_are_no_second_recording(self, write, run, vault_folder):
        write("a.mp4", b"film")
        run()
        write("copy of a.mp4", b"film")
        again = run()
        assert (again["sealed"], again["already"]) == (0, 2)
        other = run(collection="Card 8")
        assert other["sealed"] == 0
        assert stored(vault_folder) == Recording.objects.count() == 1

    def test_what_was_disposed_of_is_not_taken_in_again(self, write, run):
        write("a.mp4", b"film")
        run()
        destroy_key(object_id=Recording.objects.get().segments.get().object_id, at=now())
        Recording.objects.update(disposed_at=now())
        again = run()
        assert (again["sealed"], again["already"], Recording.objects.count()) == (0, 1, 1)
        assert "disposed of" in again.run.items.get().words

    def test_names_of_any_bytes_are_kept_and_found_again(self, write, run):
        write(os.fsdecode(b"caf\xe9\xff.mp4"), b"1")
        write("line\nbreak.mp4", b"2")
        write("\U0001f600" * 60 + ".mp4", b"3")
        done = run()
        assert done["sealed"] == 3
        assert run()["already"] == 3
        assert set(ReceivedObject.objects.values_list("metadata__path", flat=True)) >= {
            r"caf\xe9\xff.mp4", r"line\x0abreak.mp4",
        }  # fmt: skip

    def test_an_empty_file_and_an_empty_folder(self, card, write, run):
        (card / "nothing").mkdir()
        (card / "empty.mp4").touch()
        done = run()
        assert (done["found"], done["sealed"]) == (1, 1)


class TestInterrupted:
    def test_what_was_sealed_before_a_stop_is_not_sent_again(self, write, run, vault_folder):
        for number in range(6):
            write(f"{number}.mp4", bytes([number]) * 100)
        with pytest.raises(OSError, match="pulled"):
            run(register=_fails_after(3))
        sealed = SealedObject.objects.count()
        assert 3 <= sealed < 6
        assert stored(vault_folder) == sealed
        assert FolderRun.objects.get().finished_at is None
        read = Counter()
        again = run(progress=lambda count: read.update(bytes=count))
        assert (again["sealed"], again["already"]) == (6 - sealed, sealed)
        assert read["bytes"] == 100 * (6 - sealed)
        assert Recording.objects.count() == 6

    def test_a_recording_whose_files_are_half_in_is_completed(self, write, run):
        for name in ("GOPR0001.MP4", "GP010001.MP4", "GP020001.MP4"):
            write(name, name.encode() * 50)
        stop = Event()
        with pytest.raises(Stopped):
            run(progress=_stops_after(stop, 2), stop=stop)
        assert not Recording.objects.exists()
        run()
        assert Recording.objects.get().segments.count() == 3

    def test_a_recording_that_was_not_registered_is_registered_by_the_next_run(self, write, run):
        write("a.mp4")
        write("b.mp4")
        waits = run(register=_raises(JailIncomplete({"network": "none"})))
        assert (waits["sealed"], waits.waiting, Recording.objects.count()) == (2, 2, 0)
        assert {each.closed_at is not None for each in Container.objects.all()} == {True}
        again = run()
        assert (again["already"], again["recordings"], Recording.objects.count()) == (2, 2, 2)

    def test_a_full_store_ends_the_run_and_leaves_nothing_behind(self, write, run, monkeypatch, vault_folder):
        write("a.mp4")
        monkeypatch.setattr(PendingObject, "seal", _raises(StoreFull("No space.")))
        with pytest.raises(StoreFull):
            run()
        assert stored(vault_folder) == 0
        monkeypatch.undo()


class TestWhatCannotBeTaken:
    def test_a_file_that_changes_while_it_is_read_is_not_kept(self, write, run, vault_folder):
        film = write("a.mp4", b"1" * 10)
        write("b.mp4")
        done = run(progress=lambda count: film.write_bytes(b"2" * 10) if count == 10 else None)
        assert (done["sealed"], done["failed"]) == (1, 1)
        assert "changed" in done.words["a.mp4"]
        assert stored(vault_folder) == 1
        assert run()["sealed"] == 1

    def test_a_file_that_is_gone_by_then(self, card, write, run):
        write("a.mp4")
        found = look(card)
        (card / "a.mp4").unlink()
        (outcome,) = rehearse(found, collection="Card 7", reader=Reader(card, Event(), lambda count: None))
        assert (outcome.state, outcome.words) == ("failed", "It cannot be read: No such file or directory.")

    def test_a_link_that_took_a_files_place_is_not_followed(self, card, write, tmp_path):
        (tmp_path / "secret").write_bytes(b"a.mp4")
        write("a.mp4")
        (file,) = walk(card)
        (card / "a.mp4").unlink()
        (card / "a.mp4").symlink_to(tmp_path / "secret")
        with pytest.raises(reading.NotTaken):
            Reader(card, Event(), lambda count: None).read(file)

    def test_a_folder_that_cannot_be_read_is_told(self, card, write, run, monkeypatch):
        write("a.mp4")
        write("locked/b.mp4")
        scandir = os.scandir

        def refuses(path):
            if str(path).endswith("locked"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuses)
        done = run()
        assert (done["sealed"], done["failed"]) == (1, 1)
        assert done.words["locked"] == "The folder cannot be read: Permission denied."

    def test_a_recording_waits_for_its_unreadable_file(self, write, run, monkeypatch):
        write("GOPR0001.MP4")
        write("GP010001.MP4")
        read = Reader.read

        def fails_once(self, file, *args):
            if file.path == "GP010001.MP4":
                raise reading.NotTaken("It cannot be read: Input/output error.")
            return read(self, file, *args)

        monkeypatch.setattr(Reader, "read", fails_once)
        done = run()
        assert (done["sealed"], done["failed"], Recording.objects.count()) == (1, 1, 0)
        monkeypatch.setattr(Reader, "read", read)
        run()
        assert Recording.objects.get().segments.count() == 2


class TestReconciled:
    def test_listed_found_missing_extra_different(self, write, run):
        write("x/a.mp4", b"a")
        write("x/b.mp4", b"b")
        write("x/new.mp4", b"new")
        done = run(f"file,hash\nx/a.mp4,{_sha(b'a')}\nx/b.mp4,{_sha(b'other')}\nx/gone.mp4,{_sha(b'c')}\n")
        figures = {
            name: done[name] for name in ("listed", "found", "sealed", "missing", "extra", "different")
        }
        assert figures == {"listed": 3, "found": 3, "sealed": 3, "missing": 1, "extra": 1, "different": 1}
        assert done.words == {
            "x/b.mp4": f"Listed with SHA-256 {_sha(b'other')}, and has {_sha(b'b')}.",
            "x/gone.mp4": "Line 4 of the manifest lists it, and the folder does not hold it.",
            "x/new.mp4": "",
        }

    def test_a_weaker_hash_is_compared_and_said_to_be_weaker(self, write, run):
        write("a.mp4", b"a")
        write("b.mp4", b"b")
        md5 = hashlib.md5(b"a", usedforsecurity=False).hexdigest()
        manifest = f"file,md5\na.mp4,{md5}\nb.mp4,{md5}\n"
        done = run(manifest)
        assert (done["by_weaker_hash"], done["different"]) == (2, 1)
        again = run(manifest)
        assert (again["sealed"], again["already"], again["different"]) == (0, 2, 1)

    def test_files_sealed_before_there_was_a_manifest_are_read_for_its_weaker_hash(self, write, run):
        write("a.mp4", b"a")
        run()
        sha1 = hashlib.sha1(b"other", usedforsecurity=False).hexdigest()
        assert run(f"file,hash\na.mp4,{sha1}\n")["different"] == 1

    def test_what_was_sealed_and_has_left_the_card_is_not_missing(self, card, write, run):
        write("x/a.mp4", b"a")
        manifest = f"file,hash\na.mp4,{_sha(b'a')}\n"
        run(manifest)
        (card / "x/a.mp4").unlink()
        done = run(manifest)
        assert (done["missing"], done["already"], done["found"]) == (0, 1, 0)
        assert run(f"file,hash\na.mp4,{_sha(b'other')}\n")["missing"] == 1

    def test_the_manifest_says_whose_and_what_it_is(self, write, run, barrow, stop_search):
        write("a.mp4")
        run("file,officer,start,category,reference\na.mp4,101PL,2026-03-02T09:00:00Z,Stop and search,CR/1\n")
        recording = Recording.objects.get()
        assert (recording.officer, recording.category) == (barrow, stop_search)
        assert recording.started_at.isoformat() == "2026-03-02T09:00:00+00:00"
        assert recording.bookmarks.get().tags == {"reference": "CR/1"}

    def test_a_row_that_cannot_be_used_is_named(self, write, run):
        write("a.mp4")
        done = run("file,hash\na.mp4,zz\n")
        assert (done["failed"], done["extra"], done["sealed"]) == (1, 1, 1)

    def test_the_reconciliation_is_kept_and_the_log_commits_to_it(self, write, run):
        write("=cmd.mp4", b"a")
        done = run(f"file,hash\n=cmd.mp4,{_sha(b'a')}\ngone.mp4,\n")
        kept = FolderRun.objects.get(pk=done.run.pk)
        body = b"".join(csv_pieces(kept))
        assert hashlib.sha256(body).digest() == bytes(kept.report_sha256)
        lines = body.decode("utf-8-sig").splitlines()
        assert lines[0] == "path,state,remark,words,size_bytes,sha256,object,recording"
        assert lines[1].startswith("'=cmd.mp4,sealed,,,1," + _sha(b"a"))
        assert run_as_json(kept)["counts"] == kept.counts
        event = CustodyEvent.objects.get(kind="folder.reconciled")
        assert event.subject_id == kept.pk
        item = kept.items.get(path="=cmd.mp4")
        assert item.recording == Recording.objects.get()


class TestRehearsal:
    def test_it_says_what_would_happen_and_writes_nothing(self, card, write, run, vault_folder):
        write("a.mp4", b"a")
        run()
        write("b.mp4", b"b")
        found = look(card, parse(f"file,hash\nb.mp4,{_sha(b'x')}\nc.mp4,\n".encode()))
        before = CustodyEvent.objects.count(), stored(vault_folder)
        states = {each.path: (each.state, each.remark) for each in rehearse(found, collection="Card 7")}
        assert states == {"a.mp4": ("already", "extra"), "b.mp4": ("sealed", ""), "c.mp4": ("missing", "")}
        reader = Reader(card, Event(), lambda count: None)
        hashed = {each.path: each.remark for each in rehearse(found, collection="Card 7", reader=reader)}
        assert hashed["b.mp4"] == "different"
        assert (CustodyEvent.objects.count(), stored(vault_folder)) == before
        assert FolderRun.objects.count() == 1

    def test_with_hashes_it_knows_what_came_in_another_way(self, card, write, run):
        write("a.mp4", b"a")
        run(collection="Card 8")
        reader, tally = Reader(card, Event(), lambda count: None), Tally()
        for outcome in rehearse(look(card), collection="Card 7", reader=reader):
            tally.add(outcome)
        assert tally.counts["already"] == 1


def test_footage_is_read_in_the_jail_before_the_run_ends(write, run, camera):
    write("GX010001.MP4", camera_file())
    run(register=lambda container: read_and_register(container=container, by=BY))
    recording = Recording.objects.get()
    assert (recording.camera_serial, len(recording.track.points)) == ("C3461324500001", 4)


def _sha(body):
    return hashlib.sha256(body).hexdigest()


def _never(*_args, **_options):
    raise AssertionError("nothing had to be read")


def _raises(error):
    def fails(*_args, **_options):
        raise error

    return fails


def _fails_after(number):
    done = []

    def register(container):
        if len(done) == number:
            raise OSError("the card was pulled")
        done.append(container)
        return plainly(container)

    return register


def _stops_after(stop, pieces):
    seen = []

    def progress(_count):
        seen.append(1)
        if len(seen) == pieces:
            stop.set()

    return progress
