"""Which files are one recording? By what the manifest says, how cameras number their files, and equal names. Pure.

A recording that goes on for long is in several files: GoPro's `GOPR0001` goes on in `GP010001`, `GH010001` in
`GH020001`. What lies beside footage under its name (a thumbnail, a track, captions) belongs to it. Everything else that
is surely no footage is kept together, folder by folder, so that nothing is lost and nothing becomes a recording of
its own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tabard.intake.arrival_drafting import FOOTAGE_SUFFIXES
from tabard.intake.folder.listing import File
from tabard.intake.folder.manifest import Row
from tabard.intake.folder.names import short, shown

# fmt: off
SURELY_NONE = frozenset({
    ".thm", ".lrv", ".jpg", ".jpeg", ".png", ".gpr", ".gpx", ".srt", ".vtt", ".json", ".geojson", ".xml", ".csv",
    ".tsv", ".txt", ".md", ".log", ".key", ".raw", ".gpmf", ".nmea", ".fit", ".kml", ".rttm", ".ini", ".inf", ".db",
    ".dat", ".sav", ".cfg", ".html", ".pdf", ".md5", ".sha1", ".sha256", ".ds_store", ".url", ".lnk",
})
# fmt: on
_CHAPTER = re.compile(r"(?P<line>G[HXS]|GP|GOPR)(?P<chapter>\d{2})?(?P<number>\d{4})", re.IGNORECASE)
_LOW = re.compile(r"GL(?P<chapter>\d{2})(?P<number>\d{4})", re.IGNORECASE)  # GoPro's small copy of GH and GX
_BESIDE = re.compile(
    r"(?P<stem>.+?)(?:_gpstrail|_gps|_metadata|_meta|_telemetry|\.mp4|\.mov|\.mkv|\.avi)", re.IGNORECASE
)
_OTHERS = "(other files)"


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one recording, footage first, and the name that it arrives under."""

    name: str
    files: tuple[File, ...]

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all its files."""
        return frozenset(file.path for file in self.files)


def grouped(files: Iterable[File], row_of: Mapping[str, Row]) -> list[Group]:
    """Every file in exactly one group; groups in the order of their first files' paths."""
    found = list(files)
    groups: dict[str, list[File]] = defaultdict(list)
    by_stem: dict[tuple[str, str], str] = {}
    for file in found:
        if _is_footage(file.path):
            key = _named_by(row_of.get(file.path)) or _by_number(file.path)
            groups[key].append(file)
            by_stem.setdefault(_stem(file.path), key)
            by_stem.setdefault(_low_stem(file.path), key)
    for file in found:
        if not _is_footage(file.path):
            groups[_named_by(row_of.get(file.path)) or _beside(file.path, by_stem)].append(file)
    made = [Group(short(key), footage_first(members)) for key, members in groups.items()]
    return sorted(made, key=lambda group: group.files[0].path)


def _is_footage(path: str) -> bool:
    """Whether a file may be footage: one of unknown kind may."""
    suffix = PurePosixPath(path).suffix.lower()
    name = PurePosixPath(path).name.lower()
    return suffix in FOOTAGE_SUFFIXES or (suffix not in SURELY_NONE and name not in SURELY_NONE)


def _named_by(row: Row | None) -> str:
    """The group that the manifest puts the file into, if it does.

    Several files may have one crime reference and be recordings of their own, so a reference alone makes no group: the
    parts of a recording are numbered.
    """
    if row is None:
        return ""
    if row.said.get("recording"):
        return shown(row.said["recording"])
    if row.said.get("reference") and row.said.get("sequence"):
        who = (row.said["reference"], row.said.get("officer", ""), row.said.get("camera", ""))
        return shown(" ".join(part for part in who if part))
    return ""


def _by_number(path: str) -> str:
    """The group of a footage file: its path without its ending, and of a GoPro's chapters the first one's."""
    pure = PurePosixPath(path)
    chapter = _CHAPTER.fullmatch(pure.stem)
    if chapter is None:
        return shown(path)
    line, number = chapter["line"].upper(), chapter["number"]
    if line in {"GP", "GOPR"}:
        is_first = line == "GOPR" and chapter["chapter"] is None
        return shown(str(pure.with_name(f"GOPR{number}"))) if is_first or chapter["chapter"] else shown(path)
    return shown(str(pure.with_name(f"{line}01{number}"))) if chapter["chapter"] else shown(path)


def _stem(path: str) -> tuple[str, str]:
    pure = PurePosixPath(path)
    return str(pure.parent), pure.stem.lower()


def _low_stem(path: str) -> tuple[str, str]:
    """The stem of the small copy that a GoPro makes of the file."""
    pure = PurePosixPath(path)
    chapter = _CHAPTER.fullmatch(pure.stem)
    if chapter is None or chapter["chapter"] is None:
        return _stem(path)
    return str(pure.parent), f"gl{chapter['chapter']}{chapter['number']}"


def _beside(path: str, by_stem: Mapping[tuple[str, str], str]) -> str:
    """The group of the footage that the file lies beside; else of all such files in its folder."""
    folder, stem = _stem(path)
    longer = _BESIDE.fullmatch(stem)
    for name in (stem, longer["stem"] if longer else ""):
        if name and (folder, name) in by_stem:
            return by_stem[folder, name]
    return shown(f"{folder}/{_OTHERS}" if folder != "." else _OTHERS)


def footage_first(files: Sequence[File]) -> tuple[File, ...]:
    """The files with footage before what lies beside it, each in the order of paths."""
    return tuple(sorted(files, key=lambda file: (not _is_footage(file.path), file.path)))
