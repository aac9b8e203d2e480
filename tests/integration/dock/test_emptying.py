"""A camera is docked: its footage is sealed, once and whole, and the camera emptied only where that is wanted."""

import os
import threading
import time

import pytest
from tests.docked import GoPro, seeded, wrong_erases

from tabard.dock.agent import Agent
from tabard.dock.sending import MOST_CHUNK_BYTES


def contents_of(door):
    return sorted(bytes(upload.data) for upload in door.sealed())


def test_every_camera_is_emptied(station, door):
    contents = {}
    for number in range(3):
        card = GoPro(station.media / f"camera{number}", serial=f"C34413250000{number:02}")
        contents |= card.film_many(3, seeded(number))
        (card.videos / "GX010001.LRV").write_bytes(b"the maker's own small copy")
    outcome = station.once()
    assert (outcome.cameras, outcome.found, outcome.sealed, outcome.is_wrong) == (3, 9, 9, False)
    assert contents_of(door) == sorted(contents.values())
    assert {upload.state for upload in door.sealed()} == {"erased"}
    assert [path for path in contents if path.exists()] == []
    assert len(list(station.media.glob("*/DCIM/100GOPRO/*.LRV"))) == 3
    assert wrong_erases(door, contents) == []


def test_the_server_is_told_what_the_card_says(station, door, card):
    path = card.film("GX010007.MP4", b"seven, chapter one")
    card.film("GX020007.MP4", b"seven, chapter two")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    station.once()
    first = next(each for each in door.sealed() if each.metadata["filename"] == "GX010007.MP4")
    assert first.metadata == {
        "filename": "GX010007.MP4",
        "path": "DCIM/100GOPRO/GX010007.MP4",
        "camera": "C3441325000001",
        "make": "GoPro",
        "model": "HERO11 Black",
        "firmware": "H22.01.02.32.00",
        "modified_at": "2023-11-14T22:13:20Z",
        "sequence": "0007",
        "recording": "C3441325000001/DCIM/100GOPRO/0007/2023-11-14T22:13:20Z",
        "files": "2",
        "sha256": first.sha256,
    }
    assert len({each.metadata["recording"] for each in door.sealed()}) == 1
    assert door.reports[-1]["cameras"][0]["serial"] == "C3441325000001"
    assert "clock" not in door.reports[-1]["cameras"][0]


def test_nothing_is_erased_by_default(station, door, card):
    station.write(erase="never")
    contents = card.film_many(3, seeded(1))
    outcome = station.once()
    assert outcome.sealed == 3
    assert len(card.remaining()) == 3
    assert door.permits == {}
    # What was sent is not sent again, whether or not the agent remembers it.
    for forget in (False, True):
        if forget:
            station.forget()
        assert station.once().sealed == 3
        assert door.created == 3
    assert contents_of(door) == sorted(contents.values())


def test_turned_on_later_it_erases_what_was_sent_before(station, door, card):
    station.write(erase="never")
    contents = card.film_many(3, seeded(1))
    station.once()
    station.write(erase="with_permit")
    assert station.once().stages.total() == 3
    assert card.remaining() == []
    assert wrong_erases(door, contents) == []
    assert door.created == 3


def test_a_camera_that_is_not_known_is_never_erased(station, door):
    card = GoPro(station.media / "camera", serial="")
    card.film_many(2, seeded(1))
    outcome = station.once()
    assert (outcome.sealed, len(card.remaining())) == (2, 2)
    assert door.permits == {}
    assert "camera" not in door.sealed()[0].metadata


def test_what_is_only_sealed_waits_and_the_pass_ends_with_its_patience(station, door, card):
    door.secured = False
    card.film_many(2, seeded(1))
    outcome = station.once(patience_s=0.5)
    assert (outcome.sealed, len(card.remaining())) == (2, 2)
    assert any("store b, checkpoint" in why for why in outcome.why)
    door.secured = True
    station.once()
    assert card.remaining() == []


def test_files_of_a_recording_are_erased_once_all_are_sealed(station, door, card):
    """Else a later pass would see half a recording and take it for one."""
    card.film("GX010001.MP4", b"one")
    card.film("GX020001.MP4", b"two")
    refused = []

    def second_file_is_refused(method, path):
        if method == "POST" and path == "/tus/" and door.created == 1:
            refused.append(path)
            return 400
        return None

    door.trouble = second_file_is_refused
    outcome = station.once(patience_s=0.5)
    assert refused
    assert outcome.is_wrong
    assert (outcome.sealed, len(card.remaining())) == (1, 2)


def test_a_file_that_grows_is_left_until_it_has_settled(station, door, card):
    station.write(settle_s=1)
    path = card.film("GX010001.MP4", b"")
    parts = [b"a" * 100, b"b" * 100, b"c" * 100]

    def film() -> None:
        for part in parts:
            with path.open("ab") as file:
                file.write(part)
            time.sleep(0.5)

    filming = threading.Thread(target=film)
    filming.start()
    outcome = station.once()
    filming.join()
    assert outcome.sealed == 1
    assert contents_of(door) == [b"".join(parts)]


def test_an_edited_file_is_sent_as_well_and_both_are_kept(station, door, card):
    """Same name, size and time, and even the same beginning and end: it is found out before it would be erased."""
    station.write(erase="never")
    before = bytes(200_000)
    path = card.film("GX010001.MP4", before)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    station.once()
    after = before[:100_000] + b"!" + before[100_001:]
    path.write_bytes(after)
    os.utime(path, ns=times)
    station.write(erase="with_permit")
    outcome = station.once()
    assert outcome.is_wrong
    assert outcome.differing == 1
    assert contents_of(door) == [before, after]
    assert path.read_bytes() == after
    assert station.once().differing == 1


def test_odd_names_arrive_and_are_permitted(station, door, card):
    contents = {
        card.videos / name: name.encode("utf-8", "surrogateescape")
        for name in (
            "a\nb.MP4",
            "Übung 𝄞.mp4",
            os.fsdecode(b"\xff\xfe.MP4"),
            "-rf .MP4",
            "con.MP4",
            "x" * 251 + ".MP4",
        )
    }
    for path, content in contents.items():
        path.write_bytes(content)
    outcome = station.once()
    assert (outcome.found, outcome.sealed, outcome.is_wrong) == (6, 6, False)
    assert card.remaining() == []
    assert wrong_erases(door, contents) == []


def test_a_large_file_goes_in_chunks(station, door, card):
    content = seeded(1).randbytes(2 * MOST_CHUNK_BYTES + 12345)
    card.film("GX010001.MP4", content)
    requests = []
    door.trouble = lambda method, path: requests.append(method)
    station.once()
    assert contents_of(door) == [content]
    assert requests.count("PATCH") == 3


def test_a_bandwidth_limit_holds_for_all_cameras_together(station, door):
    station.write(kib_per_s=200)
    for number in range(2):
        GoPro(station.media / f"camera{number}", serial=f"S{number}").film("GX010001.MP4", bytes(150_000))
    begun = time.monotonic()
    station.once()
    # 300 kB less the quarter of a second that may go at once, less the last piece, whose wait nobody has to sit out.
    assert time.monotonic() - begun > 0.9
    assert len(door.sealed()) == 2


def test_a_running_agent_notices_cards_that_come_and_go(station, door):
    stop = threading.Event()
    parts = station.open(stop)
    agent = threading.Thread(target=Agent(parts, station.said.append).run)
    agent.start()
    try:
        card = GoPro(station.media / "camera")
        contents = card.film_many(2, seeded(1))
        wait_for(lambda: card.remaining() == [])
        card.pull()
        wait_for(lambda: not parts.board.cameras())
        second = GoPro(station.media / "camera", serial="C2")
        contents |= second.film_many(2, seeded(2))
        wait_for(lambda: second.remaining() == [] and len(door.erasures) == 4)
    finally:
        stop.set()
        agent.join()
        parts.close()
    assert {upload.metadata["camera"] for upload in door.sealed()} == {"C3441325000001", "C2"}
    assert len(door.sealed()) == 4


def wait_for(what, *, seconds=60):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("patience_s", [0.0, 5.0])
def test_with_no_camera_there_is_nothing_to_do(station, patience_s):
    outcome = station.once(patience_s=patience_s)
    assert (outcome.cameras, outcome.found, outcome.is_outstanding, outcome.is_wrong) == (0, 0, False, False)


def test_a_file_that_is_put_back_is_looked_at_like_any_other(station, door, card):
    """From a copy, say: same name, size and time. The server has it, so it is permitted and erased again."""
    path = card.film("GX010001.MP4", b"footage")
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    stop = threading.Event()
    parts = station.open(stop)
    agent = threading.Thread(target=Agent(parts, station.said.append).run)
    agent.start()
    try:
        wait_for(lambda: not path.exists())
        path.write_bytes(b"footage")
        os.utime(path, ns=times)
        wait_for(lambda: not path.exists())
    finally:
        stop.set()
        agent.join()
        parts.close()
    assert door.created == 1
    assert [each["outcome"] for each in door.erasures.values()] == ["erased", "erased"]


def test_hundreds_of_files_that_wait_are_not_asked_about_one_by_one(station, door, card):
    door.secured = False
    card.film_many(40, seeded(1), most_bytes=10)
    asked = []
    door.trouble = lambda method, path: asked.append(path) if path.startswith("/dock/v1/uploads/") else None
    assert station.once(patience_s=3).sealed == 40
    assert len(asked) < 20
    door.secured = True
    station.once()
    assert card.remaining() == []
