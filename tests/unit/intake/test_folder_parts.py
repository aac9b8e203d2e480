"""Which files a folder holds, which of them are one recording, and what a manifest lists: name by name."""

import os

import pytest

from tabard.intake.folder.grouping import grouped
from tabard.intake.folder.listing import File, LeftOut, walk
from tabard.intake.folder.manifest import ManifestInvalid, Row, parse
from tabard.intake.folder.matching import match
from tabard.intake.folder.names import object_name, short, shown

SHA = "ab" * 32


def files(*paths):
    return [File(path, 1, 0, 0, number) for number, path in enumerate(sorted(paths))]


def groups(*paths, rows=None):
    return {group.name: [file.path for file in group.files] for group in grouped(files(*paths), rows or {})}


class TestNames:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("a/b c.mp4", "a/b c.mp4"),
            ("\u00fc\U0001f600.mp4", "\u00fc\U0001f600.mp4"),
            (os.fsdecode(b"caf\xe9.mp4"), r"caf\xe9.mp4"),
            ("back\\slash", r"back\\slash"),
            ("line\nbreak\x7f", r"line\x0abreak\x7f"),
            ("\u202egpj.mp4", r"\xe2\x80\xaegpj.mp4"),
        ],
    )
    def test_any_name_can_be_shown(self, path, text):
        assert shown(path) == text

    def test_no_two_names_are_shown_alike(self):
        assert shown(os.fsdecode(b"\xe9")) != shown(r"\xe9")

    def test_a_long_name_keeps_its_beginning_and_stays_its_own(self):
        first, second = short("x" * 300 + "1"), short("x" * 300 + "2")
        assert len(first) == len(second) == 200
        assert first != second

    def test_files_of_one_name_in_one_recording_are_told_apart(self):
        paths = frozenset({"a/1.mp4", "b/1.mp4", "b/2.mp4"})
        names = {object_name(path, among=paths) for path in paths}
        assert len(names) == 3
        assert "2.mp4" in names


class TestListing:
    def test_a_folder_is_listed_by_names_and_links_are_not_followed(self, tmp_path):
        card, outside = tmp_path / "card", tmp_path / "outside"
        (card / "b").mkdir(parents=True)
        outside.mkdir()
        (outside / "secret").write_bytes(b"x")
        (card / "b" / "2.mp4").write_bytes(b"22")
        (card / "a.mp4").write_bytes(b"1")
        (card / "in").symlink_to("a.mp4")
        (card / "out").symlink_to(outside / "secret")
        (card / "out_folder").symlink_to(outside)
        (card / "nowhere").symlink_to("gone")
        os.mkfifo(card / "pipe")
        found = list(walk(card))
        assert [(each.path, each.size_bytes) for each in found if isinstance(each, File)] == [
            ("a.mp4", 1), ("b/2.mp4", 2),
        ]  # fmt: skip
        left_out = {each.path: each.is_failure for each in found if isinstance(each, LeftOut)}
        assert left_out == {"in": False, "out": True, "out_folder": True, "nowhere": True, "pipe": False}

    def test_names_of_any_bytes_are_listed(self, tmp_path):
        name = b"caf\xe9\xff.mp4"
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
        (found,) = walk(tmp_path)
        assert os.fsencode(found.path) == name
        assert found.shown == r"caf\xe9\xff.mp4"


class TestGrouping:
    def test_chapters_of_an_older_gopro_are_one_recording(self):
        assert groups("D/GOPR0001.MP4", "D/GP010001.MP4", "D/GP020001.MP4", "D/GOPR0002.MP4") == {
            "D/GOPR0001": ["D/GOPR0001.MP4", "D/GP010001.MP4", "D/GP020001.MP4"],
            "D/GOPR0002": ["D/GOPR0002.MP4"],
        }

    def test_chapters_of_a_newer_gopro_are_one_recording_with_their_small_copies(self):
        assert groups("GH010001.MP4", "GH020001.MP4", "GL010001.LRV", "GH020001.THM", "GX010001.MP4") == {
            "GH010001": ["GH010001.MP4", "GH020001.MP4", "GH020001.THM", "GL010001.LRV"],
            "GX010001": ["GX010001.MP4"],
        }

    def test_folders_have_numbers_of_their_own(self):
        assert set(groups("100GOPRO/GOPR0001.MP4", "101GOPRO/GP010001.MP4")) == {
            "100GOPRO/GOPR0001", "101GOPRO/GOPR0001",
        }  # fmt: skip

    def test_what_lies_beside_footage_belongs_to_it(self):
        assert groups("a.mp4", "a.srt", "A.GPX", "a.mp4.json", "a_metadata.xml", "b.mkv") == {
            "a.mp4": ["a.mp4", "A.GPX", "a.mp4.json", "a.srt", "a_metadata.xml"],
            "b.mkv": ["b.mkv"],
        }

    def test_what_is_surely_no_footage_is_kept_by_folder_and_what_may_be_stands_alone(self):
        assert groups("x/readme.txt", "x/notes.csv", "y/photo.jpg", "x/unknown", "x/film.bin") == {
            "x/(other files)": ["x/notes.csv", "x/readme.txt"],
            "y/(other files)": ["y/photo.jpg"],
            "x/unknown": ["x/unknown"],
            "x/film.bin": ["x/film.bin"],
        }

    def test_two_films_of_one_name_are_two_recordings(self):
        assert len(groups("a.mp4", "a.mkv")) == 2

    def test_the_manifest_puts_files_together(self):
        rows = {
            "x/1.mp4": Row(1, "", said={"recording": "R7"}),
            "y/9.mp4": Row(2, "", said={"recording": "R7"}),
        }
        assert groups("x/1.mp4", "y/9.mp4", rows=rows) == {"R7": ["x/1.mp4", "y/9.mp4"]}

    def test_a_crime_reference_alone_puts_nothing_together(self):
        rows = {name: Row(1, "", said={"reference": "CR/1"}) for name in ("1.mp4", "2.mp4")}
        assert len(groups("1.mp4", "2.mp4", rows=rows)) == 2
        rows = {
            f"{number}.mp4": Row(1, "", said={"reference": "CR/1", "sequence": str(number)})
            for number in (1, 2)
        }
        assert groups("1.mp4", "2.mp4", rows=rows) == {"CR/1": ["1.mp4", "2.mp4"]}


class TestManifest:
    def test_columns_in_any_order_and_common_spellings(self):
        manifest = parse(
            "\ufeffEvidence list of 2 March\r\n"
            "Badge Number;Checksum;File Name;Recording Start;Case Number;Category\r\n"
            f"101LX;{SHA.upper()};x/a.mp4;2026-03-02 09:00;CR/1;Arrest\r\n\r\n"
            "102LX;;b.mp4;;;\r\n".encode()
        )
        first, second = manifest.rows
        assert (first.file, first.hashes) == ("x/a.mp4", {"sha256": SHA})
        assert first.said == {
            "officer": "101LX", "started_at": "2026-03-02 09:00", "reference": "CR/1", "category": "Arrest",
        }  # fmt: skip
        assert (second.file, second.hashes, second.said) == ("b.mp4", {}, {"officer": "102LX"})
        assert (first.line, second.line) == (3, 5)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
    def test_encodings(self, encoding):
        assert (
            parse("file,title\nfu\u00df.mp4,R\u00e9union\n".encode(encoding)).rows[0].file == "fu\u00df.mp4"
        )

    @pytest.mark.parametrize(
        ("digest", "algorithm"),
        [("ab" * 32, "sha256"), ("ab" * 20, "sha1"), ("AB" * 16, "md5"), ("md5:" + "ab" * 16, "md5")],
    )
    def test_a_hash_is_known_by_its_length(self, digest, algorithm):
        assert list(parse(f"file,hash\na.mp4,{digest}\n".encode()).rows[0].hashes) == [algorithm]

    def test_what_sha256sum_writes_is_a_manifest(self):
        rows = parse(f"{SHA}  data/a.mp4\n{SHA} *b.mp4\n".encode()).rows
        assert [(row.file, row.hashes) for row in rows] == [
            ("data/a.mp4", {"sha256": SHA}), ("b.mp4", {"sha256": SHA}),
        ]  # fmt: skip

    def test_a_row_that_cannot_be_used_says_why(self):
        first, second = parse(b"file,sha256\na.mp4,xyz\n,aa\n").rows
        assert first.fault == "Its hash is no SHA-256, SHA-1 or MD5: 'xyz'."
        assert second.fault == "It names no file."

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"", "lists no file"),
            (b"a,b\n1,2\n", "lists no file"),
            (b"officer,start\n1,2\n", "No column names the file"),
            (b"file\n", "lists no file"),
            (b'file\n"' + b"x" * 200_000, "no table"),
        ],
    )
    def test_what_is_no_manifest_is_refused_with_what_would_help(self, body, words):
        with pytest.raises(ManifestInvalid, match=words):
            parse(body)


class TestMatching:
    def found(self, written, *paths):
        matched = match([Row(2, written)], files(*paths))
        return next(iter(matched.row_of), None), len(matched.missing), len(matched.faulty)

    @pytest.mark.parametrize(
        ("written", "path"),
        [
            ("x/a.mp4", "x/a.mp4"),
            ("X\\A.MP4", "x/a.mp4"),
            ("D:\\Export\\x\\a.mp4", "x/a.mp4"),
            ("/mnt/export/x/a.mp4", "x/a.mp4"),
            ("./x//a.mp4", "x/a.mp4"),
            ("a.mp4", "x/a.mp4"),
            ("cafe\u0301.mp4", "caf\u00e9.mp4"),
        ],
    )
    def test_a_row_finds_its_file(self, written, path):
        assert self.found(written, path, "x/b.mp4") == (path, 0, 0)

    def test_a_row_whose_file_is_not_there(self):
        assert self.found("x/c.mp4", "x/a.mp4") == (None, 1, 0)

    def test_what_could_be_two_files_is_none(self):
        assert self.found("a.mp4", "x/a.mp4", "y/a.mp4") == (None, 0, 1)
        assert self.found("y/a.mp4", "x/a.mp4", "y/a.mp4") == ("y/a.mp4", 0, 0)

    def test_a_whole_path_comes_before_an_ending(self):
        assert self.found("a.mp4", "a.mp4", "y/a.mp4") == ("a.mp4", 0, 0)

    def test_two_rows_of_one_file_must_agree(self):
        rows = [Row(2, "a.mp4", {"sha256": SHA}), Row(3, "A.mp4", {"sha256": SHA})]
        assert not match(rows, files("a.mp4")).faulty
        rows[1] = Row(3, "A.mp4", {"sha256": "cd" * 32})
        ((row, words),) = match(rows, files("a.mp4")).faulty
        assert (row.line, words) == (3, "Line 2 says otherwise of the same file.")
