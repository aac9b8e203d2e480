"""What make of camera is this card of, and which of its files are footage?

A layout says so by what lies where. Those of known makes are in `layouts.toml`; a configuration adds others, which come
first. Nothing but footage is ever read whole, sent or erased.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tabard.dock.errors import BadConfiguration

Pattern = re.Pattern[str]
_KEYS = {"name", "make", "has", "footage", "serial", "recording", "started", "clock"}


@dataclass(frozen=True, slots=True)
class SerialRule:
    """Which file of a card names the camera, and how."""

    file: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How a time is written: a pattern with one group, and the format of that."""

    pattern: Pattern
    group: str
    format: str

    def read(self, text: str) -> datetime | None:
        """The time in the text, without an offset where it has none; None where there is no such time."""
        match = self.pattern.search(text)
        try:
            return datetime.strptime(match[self.group], self.format) if match else None  # noqa: DTZ007 - as it was written
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A file that the camera writes at docking with its own time in it, and how old it may be then."""

    file: str
    time: TimeRule
    zone: ZoneInfo | None
    uncertainty_s: float

    def read(self, text: str) -> datetime | None:
        """The instant in the text, in UTC; None where there is none."""
        time = self.time.read(text)
        if time is None:
            return None
        return (time if time.tzinfo else time.replace(tzinfo=self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Layout:
    """How cards of one kind look."""

    name: str
    has: tuple[str, ...]
    footage: tuple[str, ...]
    make: str = ""
    serial: SerialRule | None = None
    recording: Pattern | None = None
    started: TimeRule | None = None
    clock: ClockRule | None = None

    def is_footage(self, path: str) -> bool:
        """Whether the file at that path from the card's root is footage."""
        return any(matches(path, pattern) for pattern in self.footage)

    def fits(self, paths: Iterable[str]) -> bool:
        """Whether a card with those files and folders is of this kind."""
        found = list(paths)
        return all(any(matches(path, pattern) for path in found) for pattern in self.has)

    def group(self, name: str) -> tuple[str, str]:
        """What the files of one recording share, and the camera's number; the name itself and nothing where unknown."""
        match = self.recording.match(name) if self.recording else None
        if match is None:
            return name, ""
        return match["recording"], match.groupdict().get("sequence") or ""


def matches(path: str, pattern: str) -> bool:
    """Whether the path fits: `*` within a name, `**` for any number of folders, upper and lower case alike."""
    return _fit(path.lower().split("/"), pattern.lower().split("/"))


def layouts(tables: Sequence[Mapping[str, Any]]) -> tuple[Layout, ...]:
    """The layouts of a configuration, then those of known makes.

    Raises:
        BadConfiguration: naming the layout and the line at fault.
    """
    return (*(_layout(table) for table in tables), *_known())


@cache
def _known() -> tuple[Layout, ...]:
    text = files("tabard.dock").joinpath("layouts.toml").read_text(encoding="utf-8")
    return tuple(_layout(table) for table in tomllib.loads(text)["layout"])


def _fit(parts: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_fit(parts[skipped:], patterns[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and _fit(parts[1:], patterns[1:])


def _layout(table: Mapping[str, Any]) -> Layout:
    name = table.get("name")
    where = f"layout {name or '(without a name)'}"
    if unknown := set(table) - _KEYS:
        raise BadConfiguration(f"Nobody knows what {', '.join(sorted(unknown))} is.", field=where)
    if not isinstance(name, str) or not name:
        raise BadConfiguration("A layout needs a name.", field=where)
    return Layout(
        name=name,
        has=_globs(table, "has", where),
        footage=_globs(table, "footage", where),
        make=_text(table, "make", where),
        serial=_serial(table["serial"], where) if "serial" in table else None,
        recording=_regex(table["recording"], "recording", where) if "recording" in table else None,
        started=_time(table["started"], "started", where) if "started" in table else None,
        clock=_clock(table["clock"], where) if "clock" in table else None,
    )


def _globs(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        raise BadConfiguration(f"`{key}` must be a list of one or more patterns.", field=where)
    return tuple(value)


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise BadConfiguration(f"`{key}` must be text.", field=where)
    return value


def _regex(value: Any, group: str, where: str) -> Pattern:
    """A regular expression with that group."""
    try:
        pattern = re.compile(value, re.IGNORECASE)
    except (re.error, TypeError) as error:
        raise BadConfiguration(f"{value!r} is not a regular expression: {error}.", field=where) from error
    if group and group not in pattern.groupindex:
        raise BadConfiguration(f"{value!r} has no group (?P<{group}>…).", field=where)
    return pattern


def _serial(value: Any, where: str) -> SerialRule:
    if not isinstance(value, dict) or not isinstance(value.get("file"), str):
        raise BadConfiguration("`serial` needs a `file` and `patterns`.", field=where)
    patterns = tuple(_regex(each, "", where) for each in value.get("patterns", []))
    if not any("serial" in pattern.groupindex for pattern in patterns):
        raise BadConfiguration("None of `serial.patterns` has a group (?P<serial>…).", field=where)
    return SerialRule(value["file"], patterns)


def _time(value: Any, group: str, where: str) -> TimeRule:
    if not isinstance(value, dict) or not isinstance(value.get("format"), str):
        raise BadConfiguration(f"`{group}` needs a `pattern` and a `format`.", field=where)
    return TimeRule(_regex(value.get("pattern"), group, where), group, value["format"])


def _clock(value: Any, where: str) -> ClockRule:
    time = _time(value, "clock", where)
    uncertainty_s = value.get("uncertainty_s", 60)
    if not isinstance(value.get("file"), str) or not isinstance(uncertainty_s, int | float):
        raise BadConfiguration("`clock` needs a `file`, and `uncertainty_s` must be a number.", field=where)
    return ClockRule(value["file"], time, _zone(value, time, where), float(uncertainty_s))


def _zone(value: Mapping[str, Any], time: TimeRule, where: str) -> ZoneInfo | None:
    """The zone of times without an offset, which must be said: a guessed one would be an hour off in summer."""
    zone = value.get("zone")
    if zone is None and "%z" in time.format:
        return None
    try:
        return ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadConfiguration(
            "`clock` needs a `zone` such as Europe/London or UTC, or a format with %z.", field=where
        ) from error
