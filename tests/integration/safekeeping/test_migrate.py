"""Everything moves to a new store, and the move ends only when every single object was read back from there."""

import csv
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tabard.custody.actors import Actor
from tabard.custody.models import Event
from tabard.kernel.clock import now
from tabard.kernel.errors import Unavailable
from tabard.safekeeping import migrate as moving
from tabard.safekeeping.errors import MoveRefused
from tabard.safekeeping.migrate import migrate, plan_move, results
from tabard.vault import services as vault
from tabard.vault.models import Move, MovedObject
from tabard.vault.stores import store_from_url

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


@pytest.fixture
def held(stores, world):
    recording = world.recording([os.urandom(300_000), b"short", b""])
    stores.copy_all()
    return [segment.object for segment in recording.segments.order_by("ordinal")]


@pytest.fixture
def url(stores):
    return (stores.home / "new").as_uri()


def move(url, store="a"):
    return migrate(url=url, store=store, by=BY, clock=now)


def new_path(stores, obj):
    return stores.home / "new" / obj.store_key


def test_as_many_come_out_as_went_in_and_the_old_store_is_as_it_was(held, stores, url):
    before = {obj: stores.path(obj).read_bytes() for obj in held}
    report = move(url)
    assert (report.is_whole, report.objects_in, report.objects_out) == (True, 3, 3)
    assert {obj: new_path(stores, obj).read_bytes() for obj in held} == before
    assert {obj: stores.path(obj).read_bytes() for obj in held} == before
    event = Event.objects.select_related("particulars").get(kind="store.migrated")
    assert (event.particulars.details["objects_in"], event.particulars.details["objects_out"]) == (3, 3)
    assert report.move.ended_at is not None
    assert [words for _, words in results(report.move)] == ["moved, read back, hash equal"] * 3


def test_a_plan_copies_nothing(held, stores, url):
    report = plan_move(url=url, store="a")
    assert (report.objects_in, report.objects_out) == (3, 0)
    assert not (stores.home / "new").exists()
    assert not Move.objects.exists()


def test_a_damaged_original_is_taken_from_the_other_store(held, stores, url):
    path = stores.path(held[0])
    path.write_bytes(bytes(path.stat().st_size))
    assert move(url).is_whole
    assert new_path(stores, held[0]).read_bytes() == stores.path(held[0], "b").read_bytes()


def test_it_does_not_end_while_one_is_missing_and_goes_on_when_it_is_back(held, stores, url):
    hidden = {}
    for store in "ab":
        path = stores.path(held[1], store)
        hidden[path] = path.read_bytes()
        path.unlink()
    report = move(url)
    assert (report.is_whole, report.objects_in, report.objects_out) == (False, 3, 2)
    assert [(each.object_id, each.code) for each in report.not_moved] == [(held[1].pk, "object_lost")]
    assert not Event.objects.filter(kind="store.migrated").exists()
    for path, data in hidden.items():
        path.write_bytes(data)
    again = move(url)
    assert (again.is_whole, again.moved_now, again.move.pk) == (True, 1, report.move.pk)


def test_stopped_midway_it_goes_on_with_the_rest(held, stores, url, monkeypatch):
    copied = []

    def fails_at_the_second(*, obj, source, target):
        if copied:
            raise Unavailable("The plug was pulled.")
        copied.append(obj)
        real(obj=obj, source=source, target=target)

    real = moving.copy_object
    monkeypatch.setattr(moving, "copy_object", fails_at_the_second)
    report = migrate(url=url, store="a", by=BY, clock=now, threads=1)
    assert (report.is_whole, report.objects_out) == (False, 1)
    monkeypatch.setattr(moving, "copy_object", real)
    assert move(url).moved_now == 2


def test_what_was_sealed_meanwhile_is_caught_up(held, url, world, monkeypatch):
    late = []

    def seals_one_more(*, obj, source, target):
        if not late:
            late.append(obj)
        real(obj=obj, source=source, target=target)

    real = moving.copy_object
    monkeypatch.setattr(moving, "copy_object", seals_one_more)
    noted = moving._Moving._note

    def note(self, obj, error):
        if len(late) == 1:
            late.append(world.recording(b"came in during the move"))
        noted(self, obj, error)

    monkeypatch.setattr(moving._Moving, "_note", note)
    report = move(url)
    assert (report.is_whole, report.objects_in) == (True, 4)


def test_once_more_before_the_switch_copies_only_what_was_sealed_since(held, stores, url, world):
    first = move(url)
    world.recording(b"sealed between the end and the switch")
    again = move(url)
    assert (again.is_whole, again.moved_now, again.objects_out) == (True, 1, 4)
    assert again.move.pk == first.move.pk
    assert Event.objects.filter(kind="store.migrated").count() == 2
    Move.objects.update(ended_at=now() - timedelta(days=8))
    assert move(url).moved_now == 4  # long ago: nothing is taken for granted


def test_one_that_left_the_new_store_again_is_noticed_at_the_end(held, stores, url, monkeypatch):
    withdrawn = moving._Moving._withdraw_disposed

    def vandal(self):
        new_path(stores, held[2]).unlink()
        withdrawn(self)

    monkeypatch.setattr(moving._Moving, "_withdraw_disposed", vandal)
    report = move(url)
    assert (report.is_whole, report.not_moved[0].code) == (False, "not_listed")
    monkeypatch.setattr(moving._Moving, "_withdraw_disposed", withdrawn)
    assert move(url).is_whole


def test_what_is_disposed_of_during_the_move_leaves_the_new_store_too(held, stores, url, monkeypatch):
    withdrawn = moving._Moving._withdraw_disposed

    def disposing(self):
        vault.destroy_key(object_id=held[0].pk, at=now())
        withdrawn(self)

    monkeypatch.setattr(moving._Moving, "_withdraw_disposed", disposing)
    report = move(url)
    assert (report.is_whole, report.objects_in) == (True, 2)
    assert not new_path(stores, held[0]).exists()
    assert stores.path(held[0]).exists()  # there its own disposal removes it


def test_bytes_that_stand_there_already_are_not_believed(held, stores, url):
    target = store_from_url(url, "new")
    with target.create(held[0].store_key) as writer:
        writer.write(b"left by another attempt")
        writer.commit()
    assert move(url).is_whole
    assert new_path(stores, held[0]).read_bytes() == stores.path(held[0]).read_bytes()


@pytest.mark.parametrize("store", ["a", "b"])
def test_a_store_that_is_in_use_is_refused(held, stores, store):
    with pytest.raises(MoveRefused):
        move((stores.home / f"store-{store}").as_uri())
    assert not MovedObject.objects.exists()


def test_after_switching_reconcile_and_scrub_find_nothing_wrong(held, stores, url, settings):
    from tabard.safekeeping.reconcile import reconcile
    from tabard.safekeeping.scrub import scrub

    assert move(url).is_whole
    settings.TABARD_STORE_URL = url
    found = []
    reconcile(by=BY, at=now(), belonging=lambda _: {}, report=found.append, progress=lambda *_: None)
    assert found == []
    assert scrub(store="a", by=BY, clock=now).ok


def test_the_command_writes_a_line_for_each_file_and_says_what_to_set(
    held, stores, url, tmp_path, monkeypatch
):
    from contextlib import nullcontext

    from tabard.cli.commands import vault_migrate
    from tabard.cli.commands.vault import app
    from tabard.cli.home import Home

    monkeypatch.setattr(vault_migrate, "database", lambda: nullcontext(Home(tmp_path)))
    answer = CliRunner().invoke(app, ["migrate", "--to", url, "--json"])
    said = json.loads(answer.stdout.splitlines()[-1])
    assert (answer.exit_code, said["ok"], said["set"]) == (0, True, {"TABARD_STORE_URL": url})
    with Path(said["manifest"]).open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["object"] for line in lines} == {str(obj.pk) for obj in held}
    assert {line["recording"] for line in lines} == {str(held[0].segment.recording_id)}
    assert {line["sha256"] for line in lines} == {bytes(obj.sha256).hex() for obj in held}
