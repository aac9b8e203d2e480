"""Which folders are cards, whose, and what on them is footage."""

import os
from datetime import UTC, datetime

import pytest
from tests.docked import GoPro

from tabard.dock.cards import LABEL_FILE, Found, candidates, check_same, footage, one_line, recognise
from tabard.dock.describing import describe, recording_of
from tabard.dock.errors import CardGone
from tabard.dock.layouts import layouts, matches

AT = datetime(2026, 11, 27, 21, tzinfo=UTC)


def seen(root, *tables, is_given=False):
    return recognise(root, layouts(tables), is_given=is_given, at=AT)


def write(root, path, text=""):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def names(card):
    return [found.path for found in footage(card)]


def test_a_gopro_says_which_it_is(tmp_path):
    GoPro(tmp_path / "card").film("GX010001.MP4", b"video")
    write(tmp_path / "card", "DCIM/100GOPRO/GX010001.LRV", "small copy")
    card = seen(tmp_path / "card")
    assert (card.layout.name, card.serial, card.make) == ("gopro", "C3441325000001", "GoPro")
    assert (card.model, card.firmware) == ("HERO11 Black", "H22.01.02.32.00")
    assert names(card) == ["DCIM/100GOPRO/GX010001.MP4"]


def test_a_sony_card_says_it_beside_each_clip(tmp_path):
    write(tmp_path, "PRIVATE/M4ROOT/CLIP/C0001.MP4")
    write(
        tmp_path,
        "PRIVATE/M4ROOT/CLIP/C0001M01.XML",
        '<Device manufacturer="Sony" modelName="FDR-X3000" serialNo="0004012345"/>',
    )
    card = seen(tmp_path)
    assert (card.layout.name, card.serial, card.model) == ("sony-xavc", "4012345", "FDR-X3000")
    assert names(card) == ["PRIVATE/M4ROOT/CLIP/C0001.MP4"]


def test_any_other_camera_keeps_to_dcf_and_may_not_say_which(tmp_path):
    write(tmp_path, "DCIM/100MEDIA/DJI_0001.mp4")
    write(tmp_path, "DCIM/100MEDIA/DJI_0001.JPG")
    write(tmp_path, "DCIM/.thumbs/x.db")
    card = seen(tmp_path)
    assert (card.layout.name, card.serial) == ("dcf", "")
    assert names(card) == ["DCIM/100MEDIA/DJI_0001.mp4"]


def test_a_label_names_the_camera_and_wins(tmp_path):
    GoPro(tmp_path / "card")
    write(tmp_path / "card", LABEL_FILE, 'serial = "BWV-0042"\nmake = "Acme"\nother = 7\n')
    card = seen(tmp_path / "card")
    assert (card.serial, card.make, card.model) == ("BWV-0042", "Acme", "HERO11 Black")


@pytest.mark.parametrize("text", ["serial = ", "serial = 7", 'serial = "  "', "\0\0"])
def test_a_label_that_cannot_be_read_says_nothing(tmp_path, text):
    write(tmp_path, "DCIM/100MEDIA/A0001.MP4")
    write(tmp_path, LABEL_FILE, text)
    assert seen(tmp_path).serial == ""


def test_a_folder_with_anything_else_is_no_card_unless_a_person_says_so(tmp_path):
    write(tmp_path, "holiday/beach.mp4")
    assert seen(tmp_path) is None
    card = seen(tmp_path, is_given=True)
    assert (card.layout.name, names(card)) == ("folder", ["holiday/beach.mp4"])


ACME = {
    "name": "acme",
    "make": "Acme",
    "has": ["ACME.ID"],
    "footage": ["VIDEO/**/*.MP4"],
    "serial": {"file": "ACME.ID", "patterns": [r"SN=(?P<serial>\w+)"]},
    "recording": r"(?P<recording>(?P<sequence>\d+))_\d+_",
    "started": {"pattern": r"(?P<started>\d{8}T\d{6})", "format": "%Y%m%dT%H%M%S"},
    "clock": {
        "file": "CLOCK.TXT",
        "pattern": r"now (?P<clock>\S+ \S+)",
        "format": "%Y-%m-%d %H:%M:%S",
        "zone": "Asia/Tokyo",
        "uncertainty_s": 30,
    },
}


def test_a_layout_of_ones_own_says_all_of_it(tmp_path):
    write(tmp_path, "ACME.ID", "model A SN=77\n")
    write(tmp_path, "CLOCK.TXT", "now 2026-11-27 21:00:07\nnow 2026-11-27 21:03:07\n")
    for name in ("0007_1_20261127T200000.MP4", "0007_2_20261127T201000.MP4", "0008_1_20261127T210000.MP4"):
        write(tmp_path, f"VIDEO/a/{name}", name)
        os.utime(tmp_path / "VIDEO" / "a" / name, (1_000_000_000, 1_000_000_000))
    card = seen(tmp_path, ACME)
    assert (card.serial, card.make) == ("77", "Acme")
    assert card.clock.camera_at == datetime(2026, 11, 27, 12, 3, 7, tzinfo=UTC)
    assert (card.clock.dock_at, card.clock.uncertainty_s) == (AT, 30.0)
    files = footage(card)
    together = [each for each in files if recording_of(card, each) == ("VIDEO/a", "0007")]
    assert describe(card, files[1], together) == {
        "filename": "0007_2_20261127T201000.MP4",
        "path": "VIDEO/a/0007_2_20261127T201000.MP4",
        "camera": "77",
        "make": "Acme",
        "modified_at": "2001-09-09T01:46:40Z",
        "started_at": "2026-11-27T20:10:00",
        "sequence": "0007",
        "recording": "77/VIDEO/a/0007/2001-09-09T01:46:40Z",
        "files": "2",
    }
    assert "recording" not in describe(card, files[2], [files[2]])


def test_chapters_of_a_gopro_are_one_recording(tmp_path):
    card = GoPro(tmp_path / "card")
    for name in ("GX010012.MP4", "GX020012.MP4", "GX010013.MP4", "GOPR0014.MP4", "GP010014.MP4"):
        card.film(name, b"")
    found = footage(seen(tmp_path / "card"))
    assert [recording_of(seen(tmp_path / "card"), each)[1] for each in found] == [
        "0014",
        "0014",
        "0012",
        "0013",
        "0012",
    ]


def test_links_are_neither_listed_nor_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "GX010009.MP4").write_bytes(b"not on the card")
    card = GoPro(tmp_path / "card")
    (card.videos / "GX010001.MP4").symlink_to(tmp_path / "elsewhere" / "GX010009.MP4")
    (card.root / "DCIM" / "101GOPRO").symlink_to(tmp_path / "elsewhere")
    assert names(seen(card.root)) == []


def test_another_card_in_its_place_is_noticed(tmp_path):
    card = GoPro(tmp_path / "card")
    docked = seen(card.root)
    check_same(docked, layouts([]))
    version = card.root / "MISC" / "version.txt"
    version.write_text(version.read_text().replace("C3441325000001", "C3441325000002"))
    with pytest.raises(CardGone):
        check_same(docked, layouts([]))
    card.pull()
    with pytest.raises(CardGone):
        check_same(docked, layouts([]))


def test_a_card_that_was_seen_half_mounted_is_looked_at_again(tmp_path):
    write(tmp_path, "DCIM/100GOPRO/GX010001.MP4")
    early = seen(tmp_path)
    assert (early.layout.name, early.serial) == ("dcf", "")
    GoPro(tmp_path / "other")
    (tmp_path / "other" / "MISC").rename(tmp_path / "MISC")
    with pytest.raises(CardGone):
        check_same(early, layouts([]))


def test_folders_that_appear_are_candidates(tmp_path):
    (tmp_path / "media" / "user" / "A").mkdir(parents=True)
    (tmp_path / "media" / "file").write_text("")
    found = candidates(
        [f"{tmp_path}/media/*", f"{tmp_path}/media/*/*"], [tmp_path / "gone", tmp_path / "media"]
    )
    assert [(path.name, is_given) for path, is_given in found] == [
        ("media", True),
        ("user", False),
        ("A", False),
    ]


MATCHES = [
    ("DCIM/100GOPRO/GX010001.MP4", "dcim/*gopro/*.mp4", True),
    ("DCIM/100GOPRO/sub/GX010001.MP4", "DCIM/*GOPRO/*.MP4", False),
    ("DCIM/GX.MP4", "DCIM/**/*.MP4", True),
    ("DCIM/a/b/GX.MP4", "DCIM/**/*.MP4", True),
    ("x/DCIM/GX.MP4", "DCIM/**", False),
    ("DCIM", "DCIM/**", True),
    ("", "**", True),
]


@pytest.mark.parametrize(("path", "pattern", "fits"), MATCHES)
def test_patterns(path, pattern, fits):
    assert matches(path, pattern) is fits


def test_a_name_is_one_line_whatever_it_holds():
    assert Found("a/b\nc\x7f.MP4", 1, 1).name == "b\\x0ac\\x7f.MP4"
    assert one_line(os.fsdecode(b"caf\xe9.MP4")) == "caf\\xe9.MP4"
    assert one_line("Übung 𝄞.MP4") == "Übung 𝄞.MP4"
    assert one_line("a\u2028b") == "a\\u2028b"
    assert one_line(one_line("a\nb")) == one_line("a\nb")
