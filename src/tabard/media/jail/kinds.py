"""What is a file, by its first bytes? Only compared, never parsed, so it can be asked outside the jail too. Pure."""

import re
from enum import StrEnum

HEAD_BYTES = 1024


class Kind(StrEnum):
    """What may be in a file; `MEDIA` is footage whose header only FFmpeg reads, `UNKNOWN` says nothing of itself."""

    MOVIE = "movie"
    MEDIA = "media"
    PICTURE = "picture"
    TELEMETRY = "telemetry"
    XML = "xml"
    JSON = "json"
    CAPTIONS = "captions"
    UNKNOWN = "unknown"


_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"wide", b"free", b"skip", b"pnot", b"sidx", b"emsg"}
_STARTS = {
    Kind.TELEMETRY: (b"DEVC\0",),
    Kind.MEDIA: (
        b"\x1aE\xdf\xa3",  # Matroska, WebM
        b"\0\0\x01\xba",  # MPEG program stream
        b"\0\0\x01\xb3",  # MPEG video
        b"0&\xb2u\x8ef\xcf\x11",  # ASF, WMV
        b"FLV\x01",
        b"OggS",
        b"fLaC",
        b"ID3",
        b"\xff\xfb",  # MP3
        b"\xff\xf1",  # AAC
    ),
    Kind.PICTURE: (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*", b"BM"),
}
_RIFF = {b"AVI ": Kind.MEDIA, b"WAVE": Kind.MEDIA, b"WEBP": Kind.PICTURE}
_TS_SYNC, _TS_LAYOUTS = b"G", ((0, 188), (4, 192))  # MPEG transport stream, plain and as camcorders write it
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ARROW = re.compile(r"\d{2}:\d{2}[,.]\d{1,3} {0,3}--> {0,3}\d{1,3}:\d{2}")


def kind_of(head: bytes) -> Kind:
    """The kind of a file that starts with these bytes, of which 1 KiB is enough."""
    if head[4:8] in _BOXES:
        return Kind.MOVIE
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], Kind.UNKNOWN)
    if _is_transport_stream(head):
        return Kind.MEDIA
    named = next((kind for kind, starts in _STARTS.items() if head.startswith(starts)), None)
    return named or _kind_of_text(as_text(head[:HEAD_BYTES]).lstrip())


def as_text(head: bytes) -> str:
    """A beginning as text, or nothing where it is none."""
    if head.startswith(_WIDE_MARKS):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return "" if b"\0" in head else head.decode("utf-8-sig", "replace")


def _is_transport_stream(head: bytes) -> bool:
    return any(
        len(head) > first + 2 * size and head[first : first + 2 * size + 1 : size] == _TS_SYNC * 3
        for first, size in _TS_LAYOUTS
    )


def _kind_of_text(text: str) -> Kind:
    if text.startswith("<"):
        return Kind.XML
    if text.startswith(("{", "[")):
        return Kind.JSON
    return Kind.CAPTIONS if _ARROW.search(text[:400]) else Kind.UNKNOWN
