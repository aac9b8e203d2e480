"""What does a file name say by a pattern? `{officer}_{date:YYYYMMDD}_{time:HHMMSS}_{sequence}.mp4`. Pure.

A pattern is plain text with fields in braces; `{{` and `}}` are braces themselves. It is no regular expression: it is
matched in time that grows with the length of pattern times name, whatever either holds. Letters of plain text match in
either case. A pattern with slashes is compared with as many folders before the name. What can be read in two ways is
ambiguous, and says nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from itertools import pairwise

from tabard.kernel.errors import Invalid

LONGEST_PATTERN = 200
LONGEST_NAME = 1024
_MOST_FIELDS = 20
_MOST_WAYS = 200
_LONGEST_FIELD = 64
_WORDS = ("officer", "camera", "category", "title", "reference", "recording", "any")
_NUMBERS = ("sequence",)
_TIMES = ("date", "time", "zone", "epoch")
FIELDS = (*_WORDS, *_NUMBERS, *_TIMES)
_LETTERS: Mapping[str, Mapping[str, str]] = {
    "date": {"YYYY": "year", "YY": "year", "MM": "month", "DD": "day"},
    "time": {"HH": "hour", "MM": "minute", "SS": "second"},
}
_EPOCH_DIGITS = 10


class PatternInvalid(Invalid):
    """A file-name pattern cannot be used; `fields["at"]` tells where in it the fault is."""

    code = "pattern_invalid"


@dataclass(frozen=True, slots=True)
class _Part:
    """Plain text (`field` is empty), or a field: how long it may be, and which characters it takes."""

    field: str
    text: str = ""
    shortest: int = 1
    longest: int = _LONGEST_FIELD


@dataclass(frozen=True)
class Pattern:
    """A pattern that can be used."""

    text: str
    parts: tuple[_Part, ...]

    @cached_property
    def folders(self) -> int:
        """How many folders before the name it speaks of."""
        return sum(part.text.count("/") for part in self.parts if not part.field)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name says: by which pattern, and under the names of the dock protocol; or that it can be read in two ways.

    `started_at` among the values is ISO 8601, without an offset where the name has none.
    """

    pattern: str = ""
    values: Mapping[str, str] | None = None
    is_ambiguous: bool = False


def parse(text: str) -> Pattern:
    """The pattern that a text writes.

    Raises:
        PatternInvalid: saying what is wrong, and where.
    """
    if not 0 < len(text) <= LONGEST_PATTERN or not text.isprintable():
        raise PatternInvalid(
            f"A pattern has 1 to {LONGEST_PATTERN} characters that can be printed.", field="pattern", at=0
        )
    parts = list(_parts(text))
    _check(parts)
    return Pattern(text, tuple(parts))


def read(name: str, patterns: Iterable[Pattern]) -> Reading:
    """What the name, a file's path with slashes, says by the patterns; of two that agree, by the first."""
    found: Reading | None = None
    for pattern in patterns:
        reading = _read(name, pattern)
        if reading is None:
            continue
        if reading.is_ambiguous or (found is not None and found.values != reading.values):
            return Reading(pattern.text, is_ambiguous=True)
        found = found or reading
    return found or Reading()


def _parts(text: str) -> Iterable[_Part]:
    plain, at = "", 0
    while at < len(text):
        if text[at : at + 2] in {"{{", "}}"}:
            plain, at = plain + text[at], at + 2
            continue
        if text[at] == "}":
            raise PatternInvalid(
                "A brace is closed that was not opened; write }} for a brace.", field="pattern", at=at
            )
        if text[at] != "{":
            plain, at = plain + text[at], at + 1
            continue
        end = text.find("}", at)
        if end < 0:
            raise PatternInvalid("A brace is not closed; write {{ for a brace.", field="pattern", at=at)
        if plain:
            yield _Part("", plain.casefold())
        yield from _field(text[at + 1 : end], at)
        plain, at = "", end + 1
    if plain:
        yield _Part("", plain.casefold())


def _field(text: str, at: int) -> Iterable[_Part]:
    """The parts of a field: one, but for dates and times, whose format is spelled out."""
    name, _, form = text.partition(":")
    if name not in FIELDS:
        raise PatternInvalid(
            f"There is no field {{{name}}}; there are {', '.join(FIELDS)}.", field="pattern", at=at
        )
    if name in _LETTERS:
        yield from _format(name, form or ("YYYYMMDD" if name == "date" else "HHMMSS"), at)
    elif name == "zone":
        yield _Part("zone", shortest=1, longest=6)
    elif name == "epoch":
        yield _Part("epoch", shortest=_EPOCH_DIGITS, longest=_EPOCH_DIGITS)
    elif not form:
        yield _Part(name)
    elif form.isascii() and form.isdigit() and 0 < int(form) <= _LONGEST_FIELD:
        yield _Part(name, shortest=int(form), longest=int(form))
    else:
        raise PatternInvalid(
            f"After {{{name}: comes how many characters it has, 1 to {_LONGEST_FIELD}.",
            field="pattern",
            at=at,
        )


def _format(name: str, form: str, at: int) -> Iterable[_Part]:
    letters, rest = _LETTERS[name], form
    while rest:
        token = next((token for token in letters if rest.startswith(token)), "")
        if not token and rest[0].isalpha():
            raise PatternInvalid(
                f"{{{name}:{form}}} is not made of {', '.join(letters)} and marks between them.",
                field="pattern",
                at=at,
            )
        yield _Part(letters[token], shortest=len(token), longest=len(token)) if token else _Part("", rest[0])
        rest = rest[len(token) or 1 :]


def _check(parts: Sequence[_Part]) -> None:
    """A pattern says something, no field says two things, and fields of no fixed length have something between them."""
    fields = [part.field for part in parts if part.field]
    if not set(fields) - {"any"}:
        raise PatternInvalid(
            "A pattern names at least one field, as {officer} or {date}.", field="pattern", at=0
        )
    twice = next((name for name in fields if name != "any" and fields.count(name) > 1), "")
    if twice:
        raise PatternInvalid(f"The {twice} stands in it twice.", field="pattern", at=0)
    if len(fields) > _MOST_FIELDS:
        raise PatternInvalid(f"A pattern has at most {_MOST_FIELDS} fields.", field="pattern", at=0)
    if {"month", "day"} & set(fields) and not {"year", "month", "day"} <= set(fields):
        raise PatternInvalid("A date has year, month and day.", field="pattern", at=0)
    if "hour" in fields and "year" not in fields:
        raise PatternInvalid("A time needs a date.", field="pattern", at=0)
    for left, right in pairwise(parts):
        if left.field and right.field and left.longest != left.shortest and right.longest != right.shortest:
            raise PatternInvalid(
                f"Between {{{left.field}}} and {{{right.field}}} has to stand something, or one needs a length.",
                field="pattern",
                at=0,
            )


def _read(name: str, pattern: Pattern) -> Reading | None:
    """What the name says by one pattern; None where they do not fit, or what fits is no date."""
    compared = "/".join(name.split("/")[-pattern.folders - 1 :])[:LONGEST_NAME]
    readings: list[Mapping[str, str]] = []
    for values in _fits(compared, pattern.parts):
        told = _told(values)
        if told is not None and told not in readings:
            readings.append(told)
        if len(readings) > 1:
            return Reading(pattern.text, is_ambiguous=True)
    return Reading(pattern.text, readings[0]) if readings else None


def _fits(name: str, parts: Sequence[_Part]) -> Iterable[Mapping[str, str]]:
    """The first ways in which the name can be cut into the parts; nobody needs to know all of them."""
    ends = _ends(name, parts)
    waiting: list[tuple[int, int, tuple[tuple[str, str], ...]]] = [(0, 0, ())] if 0 in ends[0] else []
    found = 0
    while waiting and found < _MOST_WAYS:
        number, at, taken = waiting.pop()
        if number == len(parts):
            found += 1
            yield dict(taken)
            continue
        part = parts[number]
        waiting.extend(
            (number + 1, stop, (*taken, (part.field, name[at:stop])) if part.field else taken)
            for stop in _stops(name, at, part)
            if stop in ends[number + 1]
        )


def _ends(name: str, parts: Sequence[_Part]) -> list[set[int]]:
    """From which places in the name each part, with all that follow, fits to the end; from the last part forwards."""
    ends: list[set[int]] = [set() for _ in parts] + [{len(name)}]
    for number in range(len(parts) - 1, -1, -1):
        following = ends[number + 1]
        ends[number] = {
            at
            for at in range(len(name) + 1)
            if any(stop in following for stop in _stops(name, at, parts[number]))
        }
    return ends


def _stops(name: str, at: int, part: _Part) -> Iterable[int]:
    """Where the part may end if it starts here."""
    if not part.field:
        return [at + len(part.text)] if name[at : at + len(part.text)].casefold() == part.text else []
    takes, stops = _TAKES.get(part.field, _is_digit), []
    for stop in range(at + 1, min(len(name), at + part.longest) + 1):
        if not takes(name[stop - 1]):
            break
        if stop - at >= part.shortest:
            stops.append(stop)
    return stops


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _is_in_name(character: str) -> bool:
    return character != "/" and character.isprintable()


_TAKES: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(_WORDS, _is_in_name),
    "zone": lambda character: _is_digit(character) or character in "Z+-:",
}


def _told(values: Mapping[str, str]) -> Mapping[str, str] | None:
    """The values under the names of the dock protocol; None where they make no date."""
    told = {name: values[name].strip() for name in (*_WORDS, *_NUMBERS) if name in values and name != "any"}
    if not {"year", "epoch"} & values.keys():
        return told
    start = _start(values)
    return None if start is None else {**told, "started_at": start.isoformat()}


def _start(values: Mapping[str, str]) -> datetime | None:
    try:
        if "epoch" in values:
            return datetime.fromtimestamp(int(values["epoch"]), UTC)
        year = int(values["year"]) + (2000 if len(values["year"]) == len("YY") else 0)
        hour, minute, second = (int(values.get(part, "0")) for part in ("hour", "minute", "second"))
        zone = _zone(values["zone"]) if "zone" in values else None
        return datetime(year, int(values["month"]), int(values["day"]), hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _zone(text: str) -> timezone:
    """`Z`, `+0100` or `+01:00`.

    Raises:
        ValueError: it is none of these.
    """
    if text in {"Z", "z"}:
        return UTC
    digits = text[1:].replace(":", "")
    if text[0] not in "+-" or len(digits) != 4:
        raise ValueError(text)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
