"""What tus requests say, and what of it is kept."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.intake.errors import MetadataTooLong, RequestUnknown
from tabard.intake.tus import protocol
from tabard.intake.tus.errors import OffsetDiffers, UploadTooLarge, UploadUnknown
from tabard.kernel.errors import Invalid


def metadata(**pairs):
    return ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in pairs.items())


def announced(length="3", **pairs):
    return protocol.parse_announcement(length, metadata(**{"filename": b"a.mp4", **pairs}), {})


def test_what_is_announced():
    said = announced(camera=b" B8A44F01 ", files=b"3", recording=b"R", sha256=b"ab" * 32, note=b"kept")
    assert (said.size_bytes, said.filename, said.camera, said.files) == (3, "a.mp4", "B8A44F01", 3)
    assert (said.recording, said.sha256, said.metadata["note"]) == ("R", bytes([0xAB] * 32), "kept")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"DCIM/100GOPRO/GX010001.MP4", "GX010001.MP4"),
        (b"a\\b.mp4", "a\\b.mp4"),
        (b"a\xffb.mp4", "a\\xffb.mp4"),
        ("a\u2028b".encode(), "a\\u2028b"),
        (b"\t", "\\x09"),
        (b".", "\\x2e"),
    ],
)
def test_a_name_is_kept_on_one_line_and_names_no_folder(name, kept):
    assert announced(filename=name).filename == kept


@pytest.mark.parametrize("name", [b"", b"folder/", b"   "])
def test_a_file_has_a_name(name):
    with pytest.raises(Invalid) as failed:
        announced(filename=name)
    assert failed.value.fields["field"] == "filename"


@given(st.binary(min_size=1, max_size=255))
def test_any_name_is_either_refused_or_kept_on_one_short_line(name):
    try:
        kept = announced(filename=name).filename
    except Invalid:
        return
    assert 0 < len(kept) <= protocol.NAME_CHARACTERS
    assert len(kept.splitlines()) == 1
    assert "\0" not in kept
    assert kept not in {".", ".."}


@given(st.text(max_size=300))
def test_any_metadata_is_read_or_refused(text):
    with contextlib.suppress(Invalid):
        assert all(
            key and len(value.splitlines()) <= 1 for key, value in protocol.parse_metadata(text).items()
        )


def test_a_key_without_a_value_is_one_with_an_empty_value():
    assert protocol.parse_metadata("is_last, note YQ==") == {"is_last": "", "note": "a"}
    assert protocol.parse_metadata("note YQ==,note Yg==") == {"note": "a"}


def test_too_much_metadata_is_refused():
    with pytest.raises(MetadataTooLong):
        protocol.parse_metadata("a " * 40_000)


def test_what_we_do_not_offer():
    for wanted in ({"defer": "1"}, {"concat": "final;/a /b"}):
        with pytest.raises(RequestUnknown):
            protocol.parse_announcement("3", metadata(filename=b"a"), wanted)


def test_a_body_follows_the_last_durable_byte_and_ends_with_the_file():
    protocol.check_body(offset=5, durable=5, length=None, size_bytes=10)
    protocol.check_body(offset=5, durable=5, length=5, size_bytes=10)
    with pytest.raises(OffsetDiffers) as failed:
        protocol.check_body(offset=4, durable=5, length=5, size_bytes=10)
    assert failed.value.fields["offset"] == 5
    with pytest.raises(UploadTooLarge):
        protocol.check_body(offset=5, durable=5, length=6, size_bytes=10)


@pytest.mark.parametrize(
    "path", [b"/tus/", b"/tus/x", b"/tus/0198000000007000800000000000000a", b"/tus/../x"]
)
def test_an_upload_is_named_as_we_name_it(path):
    with pytest.raises(UploadUnknown):
        protocol.upload_id(path)
