"""What does an export say that it holds? A table of files in any order of columns, or what `sha256sum` writes. Pure.

Columns are known by their names in the spellings of common systems (`recordings.spellings`); one must name the file.
A hash is known by its length: SHA-256, or SHA-1 or MD5, which only tell accidents and are said to be weaker.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tabard.kernel.errors import Invalid
from tabard.recordings.spellings import SPELLINGS, fields_of, spelled

MOST_ROWS = 5_000_000
MOST_BYTES = 2 * 1024**3
_HEAD_CHARACTERS = 10_000
_LONGEST_CELL = 128 * 1024
ALGORITHMS = {64: "sha256", 40: "sha1", 32: "md5"}
_HASH_FIELDS = ("sha256", "sha1", "md5")
_HEX = re.compile(r"(?:[a-z0-9-]{2,8}[:=])?([0-9a-f]{32,64})", re.IGNORECASE)
_SUM_LINE = re.compile(r"([0-9a-fA-F]{32,64})  ?\*?(.+)")
# What a row says of the recording, under the names of the dock protocol.
SAID = (
    "officer", "camera", "started_at", "stopped_at", "category", "title", "reference", "recording", "sequence",
)  # fmt: skip


class ManifestInvalid(Invalid):
    """A manifest cannot be read as a table of files; the message says what would make it one."""

    code = "manifest_invalid"


@dataclass(frozen=True, slots=True)
class Row:
    """One listed file: its line, its name as it is written there, its hashes, and what is said of it."""

    line: int
    file: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """All rows of a manifest, and the SHA-256 of the file itself."""

    rows: Sequence[Row]
    sha256: bytes


def parse(body: bytes) -> Manifest:
    """The manifest that the bytes are.

    Raises:
        ManifestInvalid: it is no table, no column names the file, or it lists nothing.
    """
    text = _decoded(body)
    try:
        rows = list(_sums(text)) or list(_table(text))
    except csv.Error as error:
        raise ManifestInvalid(f"The manifest is no table: {error}.", field="manifest") from error
    if not rows:
        raise ManifestInvalid("The manifest lists no file.", field="manifest")
    return Manifest(rows, hashlib.sha256(body).digest())


def _decoded(body: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or what Windows wrote before those."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _sums(text: str) -> Iterator[Row]:
    """The rows of a file that is made of hashes and names alone, as `sha256sum` and BagIt write them."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    found = [(number, _SUM_LINE.fullmatch(line)) for number, line in lines[:MOST_ROWS]]
    if not found or any(match is None or len(match[1]) not in ALGORITHMS for _, match in found):
        return
    for number, match in found:
        if match is not None:
            yield Row(number, match[2], {ALGORITHMS[len(match[1])]: match[1].lower()})


def _table(text: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns: list[str] = []
    for number, cells in enumerate(lines, 1):
        if not columns:
            columns = _columns(cells)
            continue
        if number > MOST_ROWS:
            raise ManifestInvalid(f"A manifest has at most {MOST_ROWS:,} rows.", field="manifest")
        row = _row(lines.line_num, columns, cells)
        if row is not None:
            yield row


def _delimiter(text: str) -> str:
    """What stands most often between the cells of the first lines, of which some may be a title."""
    head = text[:_HEAD_CHARACTERS]
    return max(",;\t|", key=head.count)


def _columns(cells: Sequence[str]) -> list[str]:
    """The names of the columns, once they are there; lines before them, as a title, are passed over."""
    known = {spelled(cell) for cell in cells}
    if "file" in known:
        return list(cells)
    if len([name for name in known if name]) >= 2:
        spellings = ", ".join(sorted(SPELLINGS["file"])[:6])
        raise ManifestInvalid(
            f"No column names the file. Call one of them `file` ({spellings} will do as well).",
            field="manifest",
        )
    return []


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row | None:
    if not any(cell.strip() for cell in cells):
        return None
    fields = fields_of(zip(columns, cells, strict=False))
    hashes, fault = _hashes(fields[name] for name in _HASH_FIELDS if name in fields)
    said = {name: fields[name] for name in SAID if name in fields}
    if "file" not in fields:
        return Row(line, "", hashes, said, "It names no file.")
    return Row(line, fields["file"], hashes, said, fault)


def _hashes(texts: Iterable[str]) -> tuple[dict[str, str], str]:
    hashes: dict[str, str] = {}
    for text in texts:
        found = _HEX.fullmatch(text.strip())
        if found is None or len(found[1]) not in ALGORITHMS:
            return hashes, f"Its hash is no SHA-256, SHA-1 or MD5: {text[:80]!r}."
        hashes[ALGORITHMS[len(found[1])]] = found[1].lower()
    return hashes, ""
