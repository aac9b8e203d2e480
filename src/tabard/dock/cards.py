"""Which folder is a camera's card, and of which camera?

A card is recognised by its layout when it appears. What it holds is read through `reading.py`, which refuses if another
card lies in its place by then. A line in `tabard-camera.toml` at a card's root (`serial = "…"`) names the camera where
its maker writes no number: who labels the camera writes it.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import Any
from unicodedata import category

from tabard.dock.errors import CardGone
from tabard.dock.layouts import Layout, SerialRule, matches

LABEL_FILE = "tabard-camera.toml"
MOST_FILES = 200_000
_DEEPEST = 16
_MOST_TEXT_BYTES = 256 * 1024
_BREAKING = {"Cc", "Zl", "Zp", "Cs"}
_EVERYTHING = Layout(name="folder", has=("**",), footage=("**",))


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What the camera's clock showed when the dock's showed that, as far apart as `uncertainty_s` at most."""

    camera_at: datetime
    dock_at: datetime
    uncertainty_s: float


@dataclass(frozen=True, slots=True)
class Card:
    """A mounted card, or a folder that was given as one.

    Attributes:
        root: Where it is mounted.
        identity: Device and inode of the root; another card in its place has others.
        serial: The camera's, or empty where the card does not say.
        free_bytes: Of the file system, when it was recognised.
        clock: What can be known of its clock; most often nothing.
    """

    root: Path
    identity: tuple[int, int]
    layout: Layout
    serial: str = ""
    make: str = ""
    model: str = ""
    firmware: str = ""
    is_read_only: bool = False
    free_bytes: int = 0
    clock: ClockReading | None = None

    @property
    def name(self) -> str:
        """What people call it: the camera's serial number, else the folder."""
        return self.serial or one_line(self.root.name)

    @property
    def key(self) -> str:
        """What the agent's memory files it under."""
        return self.serial or one_line(f"folder {self.root}")


@dataclass(frozen=True, slots=True)
class Found:
    """A file of footage on a card: its path from the root, and how large and old it is."""

    path: str
    size_bytes: int
    modified_ns: int

    @property
    def name(self) -> str:
        """The path's last part, on one line, as it is sent."""
        return one_line(self.path.rpartition("/")[2])

    @property
    def shown(self) -> str:
        """The path, on one line."""
        return one_line(self.path)


def one_line(name: str) -> str:
    r"""The name with whatever would break a line, and every byte that is no UTF-8, written out as `\xNN`."""
    return "".join(_written_out(each) if category(each) in _BREAKING else each for each in name)


def _written_out(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # how Python carries a byte of a name that is no UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def candidates(watch: Iterable[str], folders: Iterable[Path]) -> list[tuple[Path, bool]]:
    """The folders that may be cards now, and whether each was given as one; none inside another."""
    given = {folder.absolute(): True for folder in folders if folder.is_dir()}
    seen = [Path(path) for pattern in watch for path in sorted(glob(pattern)) if os.path.isdir(path)]  # noqa: PTH112, PTH207 - pathlib's glob refuses a pattern from the root
    for path in seen:
        given.setdefault(path.absolute(), False)
    return list(given.items())


def recognise(root: Path, layouts: Sequence[Layout], *, is_given: bool, at: datetime) -> Card | None:
    """The card in the folder; None where no layout fits and it was not given as one.

    Args:
        root: The folder.
        layouts: Those to try, in order.
        is_given: Whether a person said that this folder is a card.
        at: When it appeared, by the dock's clock.

    Raises:
        CardGone: it cannot be read.
    """
    try:
        paths = list(_paths(root))
        layout = next((each for each in layouts if each.fits(paths)), _EVERYTHING if is_given else None)
        if layout is None:
            return None
        facts, space = root.stat(), os.statvfs(root)
        card = Card(
            root,
            (facts.st_dev, facts.st_ino),
            layout,
            make=layout.make,
            is_read_only=bool(space.f_flag & os.ST_RDONLY),
            free_bytes=space.f_bavail * space.f_frsize,
            clock=_clock(root, layout, paths, at),
        )
        return replace(card, **_labels(root, layout, paths))
    except OSError as error:
        raise CardGone(f"{root} cannot be read: {error.strerror}.", path=str(root)) from error


def footage(card: Card) -> list[Found]:
    """Every file of footage on the card, in the order of their paths. Symbolic links are not followed or listed.

    Raises:
        CardGone: it cannot be read.
    """
    try:
        found = [
            Found(path, facts.st_size, facts.st_mtime_ns)
            for path, facts in _files(card.root)
            if card.layout.is_footage(path) and path != LABEL_FILE
        ]
    except OSError as error:
        raise CardGone(f"{card.root} cannot be read: {error.strerror}.", path=str(card.root)) from error
    return sorted(found, key=lambda each: each.path)


def check_same(card: Card, layouts: Sequence[Layout]) -> None:
    """What lies there is the card that was recognised: the same device, and the same camera by its own word.

    A device number comes back when cards are swapped quickly, so the number alone would not do. A card that says by now
    what it did not say when it was looked at first, half mounted, is another one too.

    Raises:
        CardGone: it is not.
    """
    again = recognise(card.root, layouts, is_given=card.layout is _EVERYTHING, at=datetime.now(UTC))
    if again is None or _known_by(again) != _known_by(card):
        raise CardGone(f"Another card lies in {card.root} now.", path=str(card.root))


def _known_by(card: Card) -> tuple[tuple[int, int], str, str]:
    return card.identity, card.serial, card.layout.name


def _entries(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every file and folder beneath, with its path from the root; bounded in depth and number."""
    waiting, seen = [("", 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    raise CardGone(f"{root} holds more files than a camera's card.", path=str(root))
                path = f"{folder}/{entry.name}" if folder else entry.name
                yield path, entry
                if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
                    waiting.append((path, depth + 1))


def _paths(root: Path) -> Iterator[str]:
    return (path for path, entry in _entries(root) if not entry.is_symlink())


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for path, entry in _entries(root):
        if entry.is_file(follow_symlinks=False):
            yield path, entry.stat(follow_symlinks=False)


def _labels(root: Path, layout: Layout, paths: Sequence[str]) -> dict[str, Any]:
    """What the card says of its camera; a label that a person wrote wins over the maker's file."""
    said = _by_rule(root, layout.serial, paths) if layout.serial else {}
    return {key: _printable(value) for key, value in {**said, **_by_label(root)}.items() if value.strip()}


def _by_rule(root: Path, rule: SerialRule, paths: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (path for path in sorted(paths) if matches(path, rule.file)):
        text = _text(root / path)
        for pattern in rule.patterns:
            match = pattern.search(text)
            found |= {key: value for key, value in (match.groupdict() if match else {}).items() if value}
        if "serial" in found:
            break
    return {key: found[key] for key in ("serial", "model", "firmware") if key in found}


def _by_label(root: Path) -> dict[str, str]:
    try:
        values: Mapping[str, Any] = tomllib.loads(_text(root / LABEL_FILE))
    except tomllib.TOMLDecodeError:
        return {}
    known = ("serial", "make", "model", "firmware")
    return {key: value for key in known if isinstance(value := values.get(key), str)}


def _clock(root: Path, layout: Layout, paths: Sequence[str], at: datetime) -> ClockReading | None:
    """The newest time that the camera's clock file holds, if its layout has one."""
    if layout.clock is None:
        return None
    rule = layout.clock
    texts = [_text(root / path) for path in paths if matches(path, rule.file)]
    times = [time for text in texts for line in text.splitlines() if (time := rule.read(line))]
    return ClockReading(max(times), at, rule.uncertainty_s) if times else None


def _text(path: Path) -> str:
    """The beginning of a small file of the maker's; nothing where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        try:
            return file.read(_MOST_TEXT_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""


def _printable(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())[:64]
