"""What does a camera's file say of itself? Its first bytes show what kind it is; a reader for that kind says the rest.

No picture is decoded, and nothing here needs FFmpeg: the readers are small and plain, and start quickly.
"""

import codecs

from tabard.media.jail.facts import ReadFacts
from tabard.media.jail.kinds import HEAD_BYTES, Kind, kind_of
from tabard.media.jail.reading import captions, gpmf, movie, named
from tabard.media.jail.reading.found import Broken, Found, exactly
from tabard.media.jail.source import SourceFile
from tabard.media.jail.workbench import Workbench

_MOST_TEXT_BYTES = 32 * 1024 * 1024
_MOST_TELEMETRY_BYTES = 64 * 1024 * 1024
_SURELY = (b"<?xml", b"<gpx", b"{")  # other texts may begin as XML and JSON do, and be nothing of the kind
_MARK = b"\xef\xbb\xbf"
# Nothing can be imported once the walls stand, and a codec is a module.
for _codec in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
    codecs.lookup(_codec)


def perform(bench: Workbench) -> ReadFacts:
    """The facts; a file that says nothing of itself is of kind "other", which is no failure."""
    found, source = Found(), bench.source
    try:
        head = exactly(source, 0, min(source.size_bytes, HEAD_BYTES))
        _read(found, source, kind_of(head), head)
    except Broken as broken:
        found.trouble.append(str(broken))
    return found.as_facts()


def _read(found: Found, source: SourceFile, kind: Kind, head: bytes) -> None:
    if kind is Kind.MOVIE:
        movie.read(found, source)
    elif kind is Kind.TELEMETRY:
        gpmf.read_bare(found, exactly(source, 0, min(source.size_bytes, _MOST_TELEMETRY_BYTES)))
    elif kind in {Kind.MEDIA, Kind.PICTURE}:
        found.kind = "footage" if kind is Kind.MEDIA else "picture"
    elif kind is not Kind.UNKNOWN:
        _read_text(found, source, kind, head)


def _read_text(found: Found, source: SourceFile, kind: Kind, head: bytes) -> None:
    if source.size_bytes > _MOST_TEXT_BYTES:
        raise Broken("it is longer than any text that is read here")
    body = exactly(source, 0, source.size_bytes)
    try:
        if kind is Kind.XML:
            named.read_xml(found, body)
        elif kind is Kind.JSON:
            named.read_json(found, body.removeprefix(_MARK))
        else:
            captions.read(found, body.decode("utf-16" if b"\0" in head else "utf-8-sig", "replace"))
    except Broken:
        if head.removeprefix(_MARK).startswith(_SURELY):
            raise
