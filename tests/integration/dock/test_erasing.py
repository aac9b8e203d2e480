"""A file goes only by a permit for exactly this file, now; whatever else the server says, the card keeps it."""

import hashlib
import os
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.docked import GoPro, seeded

from tabard.dock import erasing, erasures
from tabard.dock.cards import footage, recognise
from tabard.dock.erasing import erase
from tabard.dock.errors import CardGone, FileChanged, NotErased, PermitWrong
from tabard.dock.layouts import layouts
from tabard.dock.line import ServerClock
from tabard.dock.memory import Memory
from tabard.dock.permits import FileAtHand, Permit
from tabard.merkle.note import Signer


def replaced(field, value):
    def change(lines):
        return [f"{field} {value}" if line.startswith(f"{field} ") else line for line in lines]

    return change


FORGED = {
    "another dock's": replaced("dock", "0192f0c4-9999-7000-8000-00000000d0c1"),
    "another camera's": replaced("camera", "C3441325000002"),
    "another file's": replaced("file", "GX010002.MP4"),
    "another size": replaced("size", "1"),
    "other bytes": replaced("sha256", "ab" * 32),
    "another object's": replaced("object", "0192f0c4-9999-7000-8000-000000000000"),
    "long expired": replaced("expires", "2001-01-01T00:00:00Z"),
    "good for ever": replaced("expires", "2999-01-01T00:00:00Z"),
    "no permit": lambda _: ["log.example", "7", "AAAA"],
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_wrong_permit_erases_nothing(station, door, card, change):
    path = card.film("GX010001.MP4", b"footage")
    door.permit_text = change
    outcome = station.once()
    assert (outcome.sealed, outcome.is_wrong) == (1, True)
    assert path.read_bytes() == b"footage"
    assert door.erasures == {}


def test_another_keys_permit_erases_nothing(station, door, card):
    path = card.film("GX010001.MP4", b"footage")
    door.permit_signer = Signer(door.permit_signer.name, Ed25519PrivateKey.generate())
    assert station.once().is_wrong
    assert path.exists()


def test_a_permit_for_one_file_does_not_serve_for_another(station, door, card):
    """The server is tricked, or broken: whichever file is asked about, it gives out the first file's permit."""
    card.film("GX010001.MP4", b"one")
    card.film("GX010002.MP4", b"two")
    first = []
    door.permit_text = lambda lines: first.append(lines) or first[0]
    outcome = station.once()
    assert card.remaining() == ["GX010002.MP4"]
    assert outcome.troubled == 1


@pytest.mark.parametrize("ahead", [timedelta(days=-7300), timedelta(days=7300), timedelta(minutes=9)])
def test_permits_hold_by_the_servers_clock_whatever_ours_says(station, door, card, ahead):
    card.film_many(2, seeded(1))
    door.ahead = ahead
    outcome = station.once()
    assert (outcome.stages.total(), card.remaining()) == (2, [])
    faults = door.reports[-1]["faults"]
    assert any("clock of this station is off" in words for words in faults)


def test_the_servers_time_counts_from_when_it_was_asked(monkeypatch):
    clock, now = ServerClock(), 1000.0
    monkeypatch.setattr("tabard.dock.line.steady_s", lambda: now)
    assert clock.latest() is None
    said = datetime(2026, 11, 27, 21, tzinfo=UTC)
    clock.heard(said, asked_at_s=990.0, answered_at_s=994.0)
    assert clock.latest() == said + timedelta(seconds=10)
    assert clock.round_trip_s() == 4.0


@pytest.fixture
def at_hand(tmp_path):
    """A file on a card, a permit for it, and how to erase it by that."""
    card = GoPro(tmp_path / "card")
    path = card.film("GX010001.MP4", b"footage")
    docked = recognise(card.root, layouts([]), is_given=False, at=datetime.now(UTC))
    (found,) = footage(docked)
    now = datetime.now(UTC)
    sha256 = hashlib.sha256(b"footage").hexdigest()
    file = FileAtHand("dock-1", docked.serial, found.name, found.size_bytes, sha256, "object-1")
    permit = Permit("p1", file, 7, now, now + timedelta(minutes=10))

    def attempt(**changes):
        settings = {
            "dock": "dock-1",
            "object_id": "object-1",
            "latest": lambda: now,
            "stop": threading.Event(),
        }
        erase(docked, found, permit, **settings | changes)

    return path, attempt


def test_the_file_is_gone(at_hand):
    path, attempt = at_hand
    attempt()
    assert not path.exists()


def test_without_the_servers_time_it_stays(at_hand):
    path, attempt = at_hand
    with pytest.raises(NotErased):
        attempt(latest=lambda: None)
    assert path.exists()


def test_other_bytes_of_the_same_size_and_time_stay(at_hand):
    path, attempt = at_hand
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"FOOTAGE")
    os.utime(path, ns=times)
    with pytest.raises(PermitWrong) as caught:
        attempt()
    assert caught.value.fields["why"] == "sha256"
    assert path.read_bytes() == b"FOOTAGE"


def test_a_file_that_changed_since_it_was_found_stays(at_hand):
    path, attempt = at_hand
    path.write_bytes(b"footage and more")
    with pytest.raises(FileChanged):
        attempt()
    assert path.exists()


def test_a_file_that_is_written_to_stays(at_hand):
    path, attempt = at_hand
    with path.open("ab"), pytest.raises(NotErased, match="open for writing"):
        attempt()
    assert path.exists()


def test_another_file_under_its_name_stays(at_hand, monkeypatch):
    """Swapped in the moment before: what was hashed is another inode than what has the name now."""
    path, attempt = at_hand
    real = erasing.check_permit

    def swapping(*arguments, **settings):
        real(*arguments, **settings)
        path.rename(path.with_suffix(".old"))
        path.write_bytes(b"another")

    monkeypatch.setattr(erasing, "check_permit", swapping)
    with pytest.raises(NotErased, match="Another file"):
        attempt()
    assert path.read_bytes() == b"another"
    assert path.with_suffix(".old").read_bytes() == b"footage"


def test_a_link_in_its_place_stays_and_so_does_what_it_leads_to(at_hand, tmp_path):
    path, attempt = at_hand
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(FileChanged):
        attempt()
    assert elsewhere.read_bytes() == b"footage"
    assert path.is_symlink()


def test_a_folder_that_became_a_link_is_not_entered(at_hand, tmp_path):
    path, attempt = at_hand
    path.parent.rename(tmp_path / "moved")
    path.parent.symlink_to(tmp_path / "moved")
    with pytest.raises(FileChanged):
        attempt()
    assert (tmp_path / "moved" / path.name).exists()


def test_a_pulled_card_is_told(at_hand):
    path, attempt = at_hand
    shutil.rmtree(path.parents[2])
    with pytest.raises(CardGone):
        attempt()


def test_a_read_only_card_is_told_and_never_forced(at_hand, monkeypatch):
    path, attempt = at_hand

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(NotErased, match="Read-only"):
        attempt()
    assert path.exists()


def test_what_was_not_erased_is_told_to_the_server(station, door, card, monkeypatch):
    card.film("GX010001.MP4", b"footage")
    monkeypatch.setattr(erasing, "_unlink", _refuse)
    outcome = station.once()
    assert outcome.troubled == 1
    (told,) = door.erasures.values()
    assert (told["outcome"], told["why"]) == ("not_erased", "The card does not let it go.")
    monkeypatch.undo()
    station.once()
    assert card.remaining() == []
    assert sorted(each["outcome"] for each in door.erasures.values()) == ["erased", "not_erased"]


def _refuse(_):
    raise NotErased("The card does not let it go.")


def test_a_card_that_reads_differently_each_time_is_left_alone(station, door, card, monkeypatch):
    card.film("GX010001.MP4", b"footage")
    station.write(erase="never")
    station.once()
    station.write(erase="with_permit")
    hashes = iter(["00" * 32, "11" * 32])
    monkeypatch.setattr(erasures, "hash_file", lambda *_: next(hashes))
    outcome = station.once()
    assert outcome.troubled == 1
    assert any("other bytes each time" in why for why in outcome.why)
    assert card.remaining() == ["GX010001.MP4"]
    assert door.permits == {}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_stop_between_intent_and_outcome_is_answered_by_the_card(station, door, card, monkeypatch, moment):
    """As after kill -9: the intent is there, the outcome is not."""
    card.film("GX010001.MP4", b"footage")
    real_erase, real_conclude = erasing._unlink, Memory.conclude
    if moment == "before":
        monkeypatch.setattr(erasing, "_unlink", _die)
    else:
        monkeypatch.setattr(Memory, "conclude", _die)
    station.once()
    assert door.erasures == {}
    monkeypatch.setattr(erasing, "_unlink", real_erase)
    monkeypatch.setattr(Memory, "conclude", real_conclude)
    station.once()
    assert card.remaining() == []
    told = sorted(each["outcome"] for each in door.erasures.values())
    assert told == (["erased", "not_erased"] if moment == "before" else ["erased"])


def _die(*_, **__):
    raise RuntimeError("killed")
