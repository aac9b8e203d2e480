"""The line is down: cameras are read out all the same, nothing lies about in the clear, and all of it arrives later."""

import os
import shutil

import pytest
from tests.docked import GoPro, seeded, wrong_erases

from tabard.dock.errors import SpoolBroken, SpoolFull
from tabard.dock.reporting import report
from tabard.dock.spool import Spool

KEY = bytes(range(32))


@pytest.fixture
def offline(door):
    door.stop()
    yield door
    if door._server is None:
        door.start()


def spool_of(station):
    return sorted(path.name.rpartition(".")[2] for path in (station.home / "spool").iterdir())


def test_cameras_are_read_out_and_may_leave(station, card, offline):
    contents = card.film_many(3, seeded(1))
    outcome = station.once(patience_s=0.5)
    assert (outcome.sealed, outcome.in_spool, outcome.is_outstanding) == (0, 3, True)
    assert spool_of(station) == ["entry"] * 3 + ["sealed"] * 3
    assert all(path.exists() for path in contents)
    card.pull()
    offline.start()
    later = station.once()
    assert (later.cameras, later.in_spool, later.is_outstanding) == (0, 0, False)
    assert sorted(bytes(upload.data) for upload in offline.sealed()) == sorted(contents.values())
    assert {upload.metadata["camera"] for upload in offline.sealed()} == {"C3441325000001"}
    assert spool_of(station) == []


def test_back_in_its_dock_the_camera_is_emptied_without_being_sent_again(station, card, offline, tmp_path):
    contents = card.film_many(3, seeded(1))
    station.once(patience_s=0.5)
    shutil.move(card.root, tmp_path / "away")
    offline.start()
    station.once()
    shutil.move(tmp_path / "away", card.root)
    outcome = station.once()
    assert (outcome.found, outcome.is_wrong, card.remaining()) == (3, False, [])
    assert offline.created == 3
    assert wrong_erases(offline, contents) == []


def test_what_is_in_the_spool_is_not_sent_from_the_card_as_well(station, card, offline):
    card.film_many(4, seeded(1), most_bytes=300_000)
    station.once(patience_s=0.5)
    offline.start()
    assert station.once().sealed == 4
    assert offline.created == 4
    assert card.remaining() == []


def test_the_spool_counts_though_the_memory_is_lost(station, card, offline):
    contents = card.film_many(3, seeded(1))
    station.once(patience_s=0.5)
    station.forget()
    card.pull()
    offline.start()
    assert station.once().in_spool == 0
    assert sorted(bytes(upload.data) for upload in offline.sealed()) == sorted(contents.values())


def test_the_memory_counts_though_the_spool_is_lost(station, card, offline):
    contents = card.film_many(3, seeded(1))
    station.once(patience_s=0.5)
    shutil.rmtree(station.home / "spool")
    offline.start()
    outcome = station.once()
    assert (outcome.sealed, outcome.is_wrong) == (3, False)
    assert wrong_erases(offline, contents) == []


def test_nothing_of_the_footage_can_be_read_from_the_station(station, card, offline):
    secret = b"what the officer said at the door " * 1000
    card.film("GX010001.MP4", secret)
    station.once(patience_s=0.5)
    for path in (station.home / "spool").iterdir():
        data = path.read_bytes()
        assert b"the officer said" not in data
        assert b"GX010001" not in data
        assert path.stat().st_mode & 0o077 == 0


def test_without_a_spool_files_wait_on_their_card(station, card, offline):
    station.write(spool="false")
    card.film_many(2, seeded(1))
    outcome = station.once(patience_s=0.5)
    assert (outcome.in_spool, outcome.sealed) == (0, 0)
    assert spool_of(station) == []
    assert any("server" in why for why in outcome.why)


def test_a_full_spool_takes_no_more_and_says_so(station, card, offline):
    station.write(spool_mib=1)
    card.film("GX010001.MP4", bytes(700_000))
    card.film("GX010002.MP4", bytes(600_000))
    card.film("GX010003.MP4", bytes(100_000))
    outcome = station.once(patience_s=0.5)
    assert outcome.in_spool == 2
    assert any("spool is full" in why for why in outcome.why)
    offline.start()
    assert station.once().sealed == 3


def test_quiet_hours_are_for_reading_cards(station, card, door):
    station.write(quiet=["00:00-23:59", "23:59-00:00"])
    card.film_many(2, seeded(1))
    assert station.once(patience_s=0.5).in_spool == 2
    assert door.created == 0
    station.write(quiet=[])
    assert station.once().sealed == 2


def test_the_server_may_ask_for_quiet(station, card, door):
    """It says so in its answer to a report, which a running agent makes from time to time."""
    door.quiet_until = "2999-01-01T00:00:00Z"
    parts = station.open()
    try:
        assert not parts.is_quiet()
        report(parts)
        assert parts.is_quiet()
        door.quiet_until = "2001-01-01T00:00:00Z"
        report(parts)
        assert not parts.is_quiet()
    finally:
        parts.close()


def put(spool, data, **facts):
    said = {
        "card": "C1",
        "path": "a.MP4",
        "size_bytes": len(data),
        "modified_ns": 1,
        "glance": "g",
        "metadata": {},
    }
    return spool.put({**said, **facts}, [memoryview(data)])


def opened(folder, *, most_bytes=10**9, key=KEY):
    return Spool(folder, key, most_bytes=most_bytes, reserve_bytes=0)


def test_an_entry_comes_out_as_it_went_in(tmp_path):
    data = seeded(1).randbytes(700_001)
    entry = put(opened(tmp_path), data)
    again = opened(tmp_path)
    (found,) = again.entries()
    assert found == entry
    with again.outgoing(found) as outgoing:
        assert outgoing.read(0, len(data)) == data
        assert outgoing.read(300_000, 600_000) == data[300_000:600_000]
    again.remove(found.id)
    assert list(tmp_path.iterdir()) == []


def test_damage_is_noticed_before_a_byte_of_it_is_sent(tmp_path):
    spool, data = opened(tmp_path), seeded(1).randbytes(600_000)
    entry = put(spool, data)
    path = tmp_path / f"{entry.id}.sealed"
    damaged = bytearray(path.read_bytes())
    damaged[400_000] ^= 1
    path.write_bytes(damaged)
    with spool.outgoing(entry) as outgoing, pytest.raises(Exception, match="not what was sealed"):
        outgoing.read(0, 600_000)


def test_an_entry_that_cannot_be_read_is_told_and_kept(tmp_path):
    spool = opened(tmp_path)
    entry, other = put(spool, b"one"), put(spool, b"two")
    (tmp_path / f"{entry.id}.entry").write_text("{}")
    assert [each.id for each in spool.entries()] == [other.id]
    assert spool.survey()[1] == [entry.id]
    assert (tmp_path / f"{entry.id}.sealed").exists()


def test_another_stations_key_opens_nothing(tmp_path):
    entry = put(opened(tmp_path), b"one")
    strange = opened(tmp_path, key=bytes(32))
    assert strange.entries() == []
    assert strange.survey()[1] == [entry.id]
    with pytest.raises(SpoolBroken), strange.outgoing(entry):
        pass


def test_swapped_entries_are_noticed(tmp_path):
    spool = opened(tmp_path)
    one, two = put(spool, b"one"), put(spool, b"two")
    first, second = tmp_path / f"{one.id}.entry", tmp_path / f"{two.id}.entry"
    first.write_bytes(second.read_bytes())
    assert spool.survey()[1] == [one.id]


def test_what_a_crash_left_is_gone_at_the_next_start(tmp_path):
    entry = put(opened(tmp_path), b"one")
    (tmp_path / f"{entry.id}.0000.part").write_bytes(b"half")
    (tmp_path / "0192f0c4-0000-7000-8000-000000000000.sealed").write_bytes(
        b"an object whose entry never came"
    )
    again = opened(tmp_path)
    assert [each.id for each in again.entries()] == [entry.id]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_a_full_disk_leaves_nothing_and_says_so(tmp_path, monkeypatch, call):
    spool = opened(tmp_path)
    real = getattr(os, call)

    def full(*arguments, **settings):
        if call == "open" and not arguments[1] & os.O_CREAT:
            return real(*arguments, **settings)
        raise OSError(28, "No space left on device")

    if call == "write":
        monkeypatch.setattr("tabard.dock.spool._sink", lambda file: _no_space)
    else:
        monkeypatch.setattr(os, call, full)
    with pytest.raises(SpoolFull):
        put(spool, b"one" * 1000)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    assert put(spool, b"one").sha256


def _no_space(data):
    raise SpoolFull("The disk of the spool is full.")


def test_a_file_of_another_size_is_not_kept(tmp_path):
    with pytest.raises(SpoolBroken):
        put(opened(tmp_path), b"one", size_bytes=4)
    assert list(tmp_path.iterdir()) == []


def test_promised_room_is_nobody_elses(tmp_path):
    spool = opened(tmp_path, most_bytes=2_000_000)

    def pieces():
        assert not spool.has_room(1_000_000)
        with pytest.raises(SpoolFull):
            put(spool, bytes(1_000_000))
        yield memoryview(bytes(1_200_000))

    spool.put(
        {"card": "C1", "path": "a", "size_bytes": 1_200_000, "modified_ns": 1, "glance": "g", "metadata": {}},
        pieces(),
    )
    assert not spool.has_room(1_000_000)


def test_several_cameras_share_the_spool(station, offline):
    contents = {}
    for number in range(4):
        contents |= GoPro(station.media / f"c{number}", serial=f"S{number}").film_many(3, seeded(number))
    assert station.once(patience_s=0.5).in_spool == 12
    offline.start()
    outcome = station.once()
    assert (outcome.sealed, outcome.is_wrong) == (12, False)
    assert wrong_erases(offline, contents) == []
    assert offline.created == 12
