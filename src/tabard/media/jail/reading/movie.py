"""What does the header of an MP4 or MOV file say? Time, length, place, camera; and the telemetry beside the picture.

By the standard its times are UTC; cameras write the time on their display, whatever zone that is, so they are taken as
times without a zone. Apple's `creationdate` carries its offset, and telemetry has satellite time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tabard.media.jail.reading import gpmf
from tabard.media.jail.reading.boxes import Box, Movie, unpacked
from tabard.media.jail.reading.found import Broken, Found, iso_6709, say_fields, written_time
from tabard.media.jail.reading.gopro import say_header
from tabard.media.jail.reading.samples import samples
from tabard.media.jail.source import SourceFile
from tabard.recordings.spellings import fields_of

_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001 - a camera's time has no zone
_MOST_TOP_BOXES = 256
_MOST_TRACKS = 64
_MOST_SAMPLE_BYTES = 1024 * 1024
_MOST_TELEMETRY_BYTES = 256 * 1024 * 1024
# Texts of QuickTime's user data, iTunes' and Android's; Apple's long names are spelled out and known as such.
_TEXTS = {
    b"\xa9mak": "make", b"\xa9mod": "model", b"\xa9swr": "firmware", b"\xa9day": "start", b"\xa9xyz": "place",
    b"\xa9nam": "title", b"FIRM": "firmware", b"manu": "make", b"modl": "model",
}  # fmt: skip


def read(found: Found, source: SourceFile) -> None:
    """Everything that the file's boxes say."""
    movie, tops = Movie(source), 0
    for box in movie.boxes():
        tops += 1
        if box.kind == b"mdat":
            say_header(found, movie.body(box, 512))
        if box.kind == b"moov":
            _header(found, movie, box)
        if box.kind in {b"moov", b"moof", b"styp", b"sidx"}:
            found.kind = "footage"
        if tops >= _MOST_TOP_BOXES or box.kind == b"moof":
            break
    if tops and found.kind == "other":
        found.kind = "footage"
        found.trouble.append("it has no header")


def _header(found: Found, movie: Movie, moov: Box) -> None:
    """What the header says; what is broken in it is noted, and the rest counts."""
    for part in (_times, _user_data, _keys, _tracks):
        try:
            part(found, movie, moov)
        except Broken as broken:
            found.trouble.append(f"the header is broken: {broken}")


def _times(found: Found, movie: Movie, moov: Box) -> None:
    """When it was made and how long it lasts (clause 8.2.2); of a header without a time, its first track's."""
    for path in ((b"mvhd",), (b"trak", b"tkhd"), (b"trak", b"mdia", b"mdhd")):
        box = movie.first(moov, *path)
        if box is None:
            continue
        body = movie.body(box, 64)
        is_long = body[:1] == b"\1"
        (created,) = unpacked("Q" if is_long else "I", body, 4)
        if created:
            found.say_start(_camera_time(created))
        if path == (b"mvhd",):
            ticks, length = unpacked("IQ" if is_long else "II", body, 20 if is_long else 12)
            if ticks and 0 < length < (2**64 - 1 if is_long else 2**32 - 1):
                found.duration_s = length / ticks


def _camera_time(seconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _user_data(found: Found, movie: Movie, moov: Box) -> None:
    for holder in (moov, *movie.inside(moov, b"trak")):
        for udta in movie.inside(holder, b"udta"):
            for box in movie.boxes(udta.start, udta.stop):
                _user_box(found, movie, box)


def _user_box(found: Found, movie: Movie, box: Box) -> None:
    if box.kind == b"GPMF":
        gpmf.settings(found, movie.body(box))
    elif box.kind == b"loci":
        _loci(found, movie.body(box, 512))
    elif box.kind == b"meta":
        for item, text in _listed(movie, box):
            _say(found, _TEXTS.get(item, ""), text)
    elif box.kind in _TEXTS:
        _say(found, _TEXTS[box.kind], _text(movie.body(box, 512), box.kind))


def _say(found: Found, name: str, text: str) -> None:
    if name == "start":
        found.say_start(written_time(text))
    elif name == "place":
        if (place := iso_6709(text)) is not None:
            found.say_place(*place)
    elif name:
        found.say(name, text)


def _text(body: bytes, kind: bytes) -> str:
    """A text of user data: those of QuickTime carry their length and language before them, the makers' do not."""
    if kind.startswith(b"\xa9") and len(body) >= 4:
        (length,) = unpacked("H", body)
        body = body[4 : 4 + length] if 0 < length <= len(body) - 4 else body
    return body.split(b"\0")[0].decode("utf-8", "replace")


def _loci(found: Found, body: bytes) -> None:
    """Where it was (3GPP TS 26.244 clause 8.10): after a name, fixed-point degrees."""
    end = body.find(b"\0", 6)
    if end >= 0:
        longitude, latitude = unpacked("ii", body, end + 2)
        found.say_place(latitude / 65536, longitude / 65536)


def _keys(found: Found, movie: Movie, moov: Box) -> None:
    """Apple's metadata with names spelled out, `com.apple.quicktime.make` and the like."""
    named: dict[str, str] = {}
    for meta in movie.inside(moov, b"meta"):
        keys = _key_names(movie, meta)
        for item, text in _listed(movie, meta):
            number = int.from_bytes(item)
            if 0 < number <= len(keys):
                named.setdefault(keys[number - 1], text)
    for name, text in named.items():
        if name.endswith(".location.ISO6709"):
            _say(found, "place", text)
        elif name.endswith(".software"):
            found.say("firmware", text)
    say_fields(found, fields_of((name.rpartition(".")[2], text) for name, text in named.items()))


def _contents(movie: Movie, meta: Box) -> Box:
    """`meta` is a full box by ISO and a plain one by Apple; which one shows by where its handler stands."""
    is_plain = movie.body(meta, 8)[4:8] == b"hdlr"
    return meta if is_plain else Box(meta.kind, meta.start + 4, meta.stop)


def _key_names(movie: Movie, meta: Box) -> list[str]:
    keys = movie.first(_contents(movie, meta), b"keys")
    if keys is None:
        return []
    body, names, at = movie.body(keys, 64 * 1024), list[str](), 8
    (count,) = unpacked("I", body, 4)
    for _ in range(min(count, 1000)):
        (size,) = unpacked("I", body, at)
        names.append(body[at + 8 : at + size].decode("utf-8", "replace"))
        at += max(size, 8)
    return names


def _listed(movie: Movie, meta: Box) -> Iterator[tuple[bytes, str]]:
    """Every text in the item list, with what names it: four letters, or a number among the keys."""
    ilst = movie.first(_contents(movie, meta), b"ilst")
    for item in movie.boxes(ilst.start, ilst.stop) if ilst else ():
        data = movie.first(item, b"data")
        body = movie.body(data, 4096) if data else b""
        if len(body) > 8 and body[3] in {0, 1}:  # a text, or not said
            yield item.kind, body[8:].decode("utf-8", "replace")


def _tracks(found: Found, movie: Movie, moov: Box) -> None:
    for number, track in enumerate(movie.inside(moov, b"trak")):
        description = movie.first(track, b"mdia", b"minf", b"stbl", b"stsd")
        if number >= _MOST_TRACKS:
            return
        if description is not None and movie.body(description, 16)[12:16] == b"gpmd":
            _telemetry(found, movie, track)


def _telemetry(found: Found, movie: Movie, track: Box) -> None:
    telemetry, left = gpmf.Telemetry(), _MOST_TELEMETRY_BYTES
    for sample in samples(movie, track):
        left -= sample.size_bytes
        if left < 0 or sample.size_bytes > _MOST_SAMPLE_BYTES:
            found.trouble.append("there is more telemetry than is read")
            break
        try:
            telemetry.add(
                movie.body(Box(b"", sample.start, sample.start + sample.size_bytes)),
                sample.at_s,
                sample.length_s,
            )
        except Broken as broken:
            found.trouble.append(f"the telemetry is broken: {broken}")
            break
    gpmf.say(found, telemetry)
