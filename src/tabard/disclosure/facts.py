"""What does a pack say of an exhibit? `facts.json`: read strictly, written in one way only. Pure.

Times are RFC 3339 in UTC; hashes are SHA-256 in lower-case hex; ids are the installation's, as in log entries.
"""

import dataclasses
import json
import re
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from tabard.disclosure.errors import FactsBroken

FACTS_VERSION = 3
_SINCE = {
    "clock": 2,
    "issue": 3,
}  # from which version on `recording` has the key; packs of before stay readable
T = TypeVar("T")
_HEX32 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Person:
    """An officer as a court hears of them."""

    name: str
    rank: str
    shoulder_number: str


@dataclass(frozen=True, slots=True)
class ExhibitFacts:
    """What was produced, by whom, under which reference."""

    id: str
    reference: str
    description: str
    producer: Person
    produced_at: str


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """The incident that the exhibit belongs to, in the system that owns it."""

    id: str
    kind: str
    reference: str
    title: str


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """The camera, as the register of cameras knows it; `mount` is where it was worn then, else where it usually is."""

    serial: str
    make: str
    model: str
    mount: str


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """One camera file of the recording, in the pack or not; `object` is the sealed object that holds it."""

    id: str
    ordinal: int
    name: str
    object: str
    size_bytes: int
    sha256: str
    started_at: str | None
    stopped_at: str | None

    def __post_init__(self) -> None:
        _check_sha256(self.sha256)


@dataclass(frozen=True, slots=True)
class BookmarkFacts:
    """A moment or stretch that the wearer marked."""

    start_at: str
    end_at: str | None
    text: str
    category: str


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """When the recording began as far as the camera's clock was measured, which was `ahead_ms` ahead of ours.

    Give or take `uncertainty_ms`; `basis` is what that rests on.
    """

    corrected_start_at: str
    ahead_ms: int
    uncertainty_ms: int
    basis: str


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """From when until when the camera was on issue to whoever had it; null until it comes back."""

    from_at: str
    until_at: str | None


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """The recording: times by the camera's clock, arrival by the server's; `clock` where the camera's was measured.

    `wearer` is whom the camera named, `camera_issued_to` who had it on issue when it recorded, and `issue` from when
    until when; `named_wearer` and `named_camera` are the camera's own words.
    """

    id: str
    name: str
    started_at: str
    stopped_at: str
    received_at: str
    clock: ClockFacts | None
    trigger: str
    named_camera: str
    camera: CameraFacts | None
    named_wearer: str
    wearer: Person | None
    camera_issued_to: Person | None
    issue: IssueFacts | None
    unit: str | None
    category: str | None
    flags: tuple[str, ...]
    bookmarks: tuple[BookmarkFacts, ...]
    segments: tuple[SegmentFacts, ...]


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """The excerpt, where the exhibit is one: what was asked for and what was cut, from the segment's first frame."""

    id: str
    title: str
    segment: str
    asked_start_ms: int
    asked_end_ms: int
    actual_start_ms: int
    actual_end_ms: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file of the exhibit: its name in the pack, the name it had, and what it is."""

    file: str
    kind: str
    name: str
    object: str
    size_bytes: int
    sha256: str

    def __post_init__(self) -> None:
        _check_sha256(self.sha256)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a pack says of one exhibit."""

    v: int
    exhibit: ExhibitFacts
    incident: IncidentFacts | None
    recording: RecordingFacts
    clip: ClipFacts | None
    files: tuple[FileFacts, ...]

    def encode(self) -> bytes:
        """The bytes of `facts.json`: indented for people, fields in the order declared here."""
        said = dataclasses.asdict(self)
        for key in _keys_after(self.v):
            del said["recording"][key]
        return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes) -> "Facts":
        """The facts, from exactly the bytes that `encode` gives, of this version or one before.

        Raises:
            FactsBroken: a field is missing, unknown or of another type, or the bytes are written otherwise.
        """
        facts = _as(Facts, _with_later_keys(parse_json(data)), "facts")
        if not 1 <= facts.v <= FACTS_VERSION:
            raise FactsBroken(f"facts.json is of version {facts.v}, which this check does not know.")
        if not _is_written_as(facts, data):
            raise FactsBroken("facts.json is not written as a pack writes it.")
        return facts


def parse_json(data: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        FactsBroken: it is not JSON in UTF-8.
    """
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise FactsBroken("A file that should be JSON is not.") from error


def _with_later_keys(value: Any) -> Any:
    """The value of `facts.json`, its recording with the keys that packs of its version lack."""
    if not isinstance(value, dict) or not isinstance(value.get("recording"), dict):
        return value
    version = value.get("v")
    lacking = _keys_after(version) if isinstance(version, int) else []
    return {**value, "recording": {**dict.fromkeys(lacking), **value["recording"]}}


def _keys_after(version: int) -> list[str]:
    """The keys of a recording that came only after this version."""
    return [key for key, since in _SINCE.items() if version < since]


def _check_sha256(value: str) -> None:
    if not _HEX32.fullmatch(value):
        raise FactsBroken("facts.json holds a SHA-256 that is not one.")


def _is_written_as(facts: Facts, data: bytes) -> bool:
    try:
        return facts.encode() == data
    except UnicodeEncodeError:  # half a surrogate pair: JSON can spell it, UTF-8 cannot
        return False


def _as(kind: type[T], value: Any, where: str) -> T:
    """The JSON object as that dataclass: every field there, none besides, each of its type."""
    assert dataclasses.is_dataclass(kind)  # noqa: S101 - tells the type checker what every caller passes
    hints = typing.get_type_hints(kind)
    if not isinstance(value, dict) or value.keys() != hints.keys():
        raise FactsBroken(f"{where} does not have exactly the fields {', '.join(hints)}.")
    return typing.cast(
        "T", kind(**{name: _value(hints[name], value[name], f"{where}.{name}") for name in hints})
    )


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, types.UnionType):
        return None if value is None else _value(typing.get_args(hint)[0], value, where)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(typing.get_args(hint)[0], one, where) for one in _is(list, value, where))
    if dataclasses.is_dataclass(hint):
        return _as(typing.cast("type[Any]", hint), value, where)
    return _is(hint, value, where)


def _is(kind: type[T], value: Any, where: str) -> T:
    if type(value) is not kind:
        raise FactsBroken(f"{where} is not a {kind.__name__}.")
    return value
