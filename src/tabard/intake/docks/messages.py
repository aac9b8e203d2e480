"""What does a dock's request in JSON say? Values out of foreign bytes, or the field that is wrong. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tabard.fleet.docks import CameraSeen, ClockShown, Report
from tabard.intake.tus.protocol import on_one_line
from tabard.kernel.errors import Invalid

MOST_HASHES = 1_000
MOST_CAMERAS = 500
MOST_FAULTS = 50
_LARGEST = 2**63 - 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_FAULT = 200
_LONGEST_WHY = 500
_WIDEST_S = 86_400.0


@dataclass(frozen=True, slots=True)
class PermitAsked:
    """A file as its card gave it just now, which somebody wants to erase."""

    upload_id: UUID
    sha256: bytes
    size_bytes: int
    camera: str


@dataclass(frozen=True, slots=True)
class ErasureTold:
    """What became of a permit."""

    permit_id: UUID
    outcome: str
    acted_at: datetime
    why: str


class Fields:
    """One JSON object, read field by field; `place` is where it stands, for errors."""

    def __init__(self, said: Any, place: str = "") -> None:
        if not isinstance(said, dict):
            raise Invalid("This has to be a JSON object.", field=place or "body")
        self._said: Mapping[str, Any] = said
        self._place = f"{place}." if place else ""

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        """The object that a body holds.

        Raises:
            Invalid: it holds none.
        """
        try:
            return cls(json.loads(body))
        except (ValueError, RecursionError) as error:
            raise Invalid("The body is no JSON.", field="body") from error

    def text(self, name: str, longest: int) -> str:
        """The text of a field on one line, cut to its length; empty where it is absent."""
        value = self._said.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return on_one_line(value)[:longest]

    def text_if_any(self, name: str, longest: int) -> str | None:
        """The same; None where it is absent."""
        return None if self._said.get(name) is None else self.text(name, longest)

    def needed(self, name: str, longest: int) -> str:
        """The same, of a field that has to be there."""
        value = self.text(name, longest).strip()
        if not value:
            raise self._wrong(name, "text")
        return value

    def number(self, name: str, most: int = _LARGEST) -> int | None:
        """A whole number from 0; None where it is absent."""
        value = self._said.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self._wrong(name, f"a whole number from 0 to {most}")
        return value

    def seconds(self, name: str) -> float:
        """A span of seconds, at most a day; 0 where it is absent."""
        value = self._said.get(name, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _WIDEST_S:
            raise self._wrong(name, "seconds from 0 to 86400")
        return float(value)

    def instant(self, name: str) -> datetime:
        """A time with its offset, RFC 3339."""
        found = self._said.get(name)
        try:
            instant = datetime.fromisoformat(found if isinstance(found, str) else "")
        except ValueError:
            raise self._wrong(name, "a time of RFC 3339") from None
        if instant.tzinfo is None:
            raise self._wrong(name, "a time with its offset")
        return instant

    def uuid(self, name: str) -> UUID:
        """An id."""
        try:
            return UUID(self.needed(name, 36))
        except ValueError:
            raise self._wrong(name, "an id") from None

    def sha256(self, name: str) -> bytes:
        """A SHA-256."""
        return self._hash(name, self._said.get(name))

    def hashes(self, name: str) -> list[bytes]:
        """A list of SHA-256s."""
        return [self._hash(name, each) for each in self._list(name, MOST_HASHES)]

    def texts(self, name: str, most: int, longest: int) -> list[str]:
        """A list of texts, each on one line; empty where it is absent."""
        found = self._list(name, most)
        if not all(isinstance(each, str) for each in found):
            raise self._wrong(name, "a list of texts")
        return [on_one_line(each)[:longest] for each in found]

    def objects(self, name: str, most: int) -> "list[Fields]":
        """A list of objects; empty where it is absent."""
        found = self._list(name, most)
        return [Fields(each, f"{self._place}{name}.{number}") for number, each in enumerate(found)]

    def object(self, name: str) -> "Fields | None":
        """An object; None where it is absent."""
        found = self._said.get(name)
        return None if found is None else Fields(found, f"{self._place}{name}")

    def _list(self, name: str, most: int) -> Sequence[Any]:
        found = self._said.get(name)
        if found is None:
            return ()
        if not isinstance(found, list) or len(found) > most:
            raise self._wrong(name, f"a list of at most {most}")
        return found

    def _hash(self, name: str, value: Any) -> bytes:
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise self._wrong(name, "a SHA-256 in lower-case hexadecimal")
        return bytes.fromhex(value)

    def _wrong(self, name: str, wanted: str) -> Invalid:
        return Invalid(f"{name} has to be {wanted}.", field=f"{self._place}{name}")


def permit_asked(body: bytes) -> PermitAsked:
    """The file that somebody wants to erase.

    Raises:
        Invalid: naming the field that is wrong.
    """
    said = Fields.parse(body)
    size_bytes = said.number("size_bytes")
    if size_bytes is None:
        raise Invalid("size_bytes is missing.", field="size_bytes")
    return PermitAsked(
        said.uuid("upload"), said.sha256("sha256"), size_bytes, said.text("camera", 256).strip()
    )


def erasure_told(body: bytes) -> ErasureTold:
    """What became of a permit.

    Raises:
        Invalid: naming the field that is wrong.
    """
    said = Fields.parse(body)
    outcome = said.needed("outcome", 16)
    if outcome not in {"erased", "not_erased"}:
        raise Invalid("outcome has to be erased or not_erased.", field="outcome")
    return ErasureTold(
        said.uuid("permit"), outcome, said.instant("erased_at"), said.text("why", _LONGEST_WHY)
    )


def report(body: bytes) -> Report:
    """What a dock reports.

    Raises:
        Invalid: naming the field that is wrong.
    """
    said = Fields.parse(body)
    return Report(
        dock_at=said.instant("dock_time"),
        agent=said.text("agent", 64),
        round_trip_s=said.seconds("round_trip_s"),
        free_bytes=said.number("free_bytes"),
        spool_files=said.number("spool_files"),
        spool_bytes=said.number("spool_bytes"),
        faults=said.texts("faults", MOST_FAULTS, _LONGEST_FAULT),
        cameras=_once_each(map(_camera, said.objects("cameras", MOST_CAMERAS))),
    )


def _once_each(cameras: Any) -> list[CameraSeen]:
    """Each camera once, whatever the case of its serial number; the last word counts."""
    return list({camera.serial.upper(): camera for camera in cameras}.values())


def _camera(said: Fields) -> CameraSeen:
    return CameraSeen(
        serial=said.needed("serial", 64),
        bay=said.number("bay", 32_767),
        make=said.text("make", 64),
        model=said.text("model", 64),
        firmware=said.text("firmware", 64),
        files=said.number("files"),
        size_bytes=said.number("bytes"),
        free_bytes=said.number("free_bytes"),
        battery_percent=said.number("battery_percent", 100),
        faults=said.texts("faults", MOST_FAULTS, _LONGEST_FAULT),
        clock=_clock(said.object("clock")),
    )


def _clock(said: Fields | None) -> ClockShown | None:
    if said is None:
        return None
    return ClockShown(said.instant("camera_at"), said.instant("dock_at"), said.seconds("uncertainty_s"))
