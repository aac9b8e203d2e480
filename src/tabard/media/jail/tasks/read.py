"""What does a camera's file say of itself? Its first bytes show what kind it is; a reader for that kind says the rest.

No picture is decoded, and nothing here needs FFmpeg: the readers are small and plain, and start quickly.
"""

import codecs

from tabard.media.jail.facts import ReadFacts
from tabard.media.jail.reading import captions, gpmf, movie, named
from tabard.media.jail.reading.found import Broken, Found, exactly
from tabard.media.jail.source import SourceFile
from tabard.media.jail.workbench import Workbench

_HEAD_BYTES = 1024
_MOST_TEXT_BYTES = 32 * 1024 * 1024
_MOST_TELEMETRY_BYTES = 64 * 1024 * 1024
# What is known by its first bytes alone, as its header is not read here.
_KINDS = {
    "footage": (
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
    "picture": (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*", b"BM"),
}
_RIFF = {b"AVI ": "footage", b"WAVE": "footage", b"WEBP": "picture"}
_TS_SYNC, _TS_LAYOUTS = 0x47, ((0, 188), (4, 192))  # MPEG transport stream, plain and as camcorders write it
_SURELY = ("<?xml", "<gpx", "{")  # other texts may begin so and be nothing of the kind
# Nothing can be imported once the walls stand, and a codec is a module.
for _codec in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
    codecs.lookup(_codec)


def perform(bench: Workbench) -> ReadFacts:
    """The facts; a file that says nothing of itself is of kind "other", which is no failure."""
    found, source = Found(), bench.source
    try:
        _read(found, source, exactly(source, 0, min(source.size_bytes, _HEAD_BYTES)))
    except Broken as broken:
        found.trouble.append(str(broken))
    return found.as_facts()


def _read(found: Found, source: SourceFile, head: bytes) -> None:
    if movie.looks_like(head):
        movie.read(found, source)
    elif gpmf.looks_like(head):
        gpmf.read_bare(found, exactly(source, 0, min(source.size_bytes, _MOST_TELEMETRY_BYTES)))
    elif kind := _by_first_bytes(head):
        found.kind = kind
    elif text := _as_text(head):
        _read_text(found, source, text.lstrip())


def _by_first_bytes(head: bytes) -> str:
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "")
    if any(
        len(head) > first + 2 * size and head[first : first + 2 * size + 1 : size] == bytes([_TS_SYNC]) * 3
        for first, size in _TS_LAYOUTS
    ):
        return "footage"
    return next((kind for kind, starts in _KINDS.items() if head.startswith(starts)), "")


def _as_text(head: bytes) -> str:
    """The beginning as text, or nothing where it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return "" if b"\0" in head else head.decode("utf-8-sig", "replace")


def _read_text(found: Found, source: SourceFile, head: str) -> None:
    if source.size_bytes > _MOST_TEXT_BYTES:
        raise Broken("it is longer than any text that is read here")
    body = exactly(source, 0, source.size_bytes)
    try:
        if head.startswith("<"):
            named.read_xml(found, body)
        elif head.startswith(("{", "[")):
            named.read_json(found, body.removeprefix(b"\xef\xbb\xbf"))
        elif captions.looks_like(head):
            captions.read(found, _decoded(body))
    except Broken:
        if head.startswith(_SURELY):
            raise


def _decoded(body: bytes) -> str:
    wide = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    return body.decode("utf-16" if wide else "utf-8-sig", "replace")
