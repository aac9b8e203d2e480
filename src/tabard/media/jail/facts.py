"""What does each task answer? The shapes below, and nothing else gets past the parent.

Times are seconds from the footage's first moment, whatever number its own clock starts at.
"""

from types import NoneType, UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

_MOST_INTEGER = 2**63 - 1


class StreamFacts(TypedDict):
    """One stream of the footage. `decodable` is None where the kind is neither video nor audio."""

    index: int
    kind: str
    codec: str | None
    profile: str | None
    width: int | None
    height: int | None
    fps: float | None
    rotation_degrees: int | None
    pixel_format: str | None
    sample_rate_hz: int | None
    channels: int | None
    bit_rate: int | None
    duration_s: float | None
    decodable: bool | None


class ProbeFacts(TypedDict):
    """What the footage is. `reason` is set exactly when `decodable` is false: "cannot be decoded: ..."."""

    container: str
    media_type: str
    size_bytes: int
    duration_s: float | None
    bit_rate: int | None
    created_at: str | None
    streams: list[StreamFacts]
    decodable: bool
    browser_playable: bool
    reason: str | None


class PosterFacts(TypedDict):
    """One JPEG at bytes [start, start + length) of the output."""

    start: int
    length: int
    width: int
    height: int
    time_s: float


class StripFacts(TypedDict):
    """One JPEG of thumbnails, row by row from the top left, at bytes [start, start + length) of the output."""

    start: int
    length: int
    columns: int
    rows: int
    thumb_width: int
    thumb_height: int
    times_s: list[float]


class StillsFacts(TypedDict):
    """The pictures in the output."""

    poster: PosterFacts
    strip: StripFacts


class RenditionFacts(TypedDict):
    """The H.264/AAC MP4 in the output. `damaged` counts packets and frames that could not be used."""

    container: str
    media_type: str
    size_bytes: int
    duration_s: float
    width: int
    height: int
    rotation_degrees: int
    frames: int
    damaged: int
    has_audio: bool


class ClipStreamFacts(TypedDict):
    """One stream copied into a clip, by its index in the footage; the first times are the first packet's own there."""

    index: int
    kind: str
    codec: str
    packets: int
    first_pts: int | None
    first_dts: int | None


class ClipFacts(TypedDict):
    """The clip in the output; [start_s, end_s) is what it really covers.

    `verbatim` is true when every packet read back from the clip has the payload it had in the footage.
    """

    container: str
    media_type: str
    size_bytes: int
    start_s: float
    end_s: float
    verbatim: bool
    streams: list[ClipStreamFacts]
    left_out: list[int]


class SpanFacts(TypedDict):
    """Bytes [start, start + length) of the output."""

    start: int
    length: int


class PacketStreamFacts(TypedDict):
    """One stream whose packets were listed; `codec` is empty where it is unknown."""

    index: int
    kind: str
    codec: str
    tick_numerator: int
    tick_denominator: int
    packets: int


class PacketsFacts(TypedDict):
    """Where the records are in the output: stream after stream, each in the footage's order.

    `truncated` is true when reading failed before the end, or the footage's index names bytes past it.
    """

    records: SpanFacts
    truncated: bool
    streams: list[PacketStreamFacts]


class ReadFacts(TypedDict):
    """What a camera's file says of itself; times are ISO 8601, with an offset where the file writes one.

    `track` is of [seconds from the file's first moment, longitude, latitude]; `trouble` tells what could not be read.
    """

    kind: str
    started_at: str | None
    is_satellite_time: bool
    clock_started_at: str | None
    duration_s: float | None
    latitude: float | None
    longitude: float | None
    track: list[list[float]]
    is_position_fixed: bool
    track_started_at: str | None
    camera_serial: str
    make: str
    model: str
    firmware: str
    mount: str
    said: dict[str, str]
    trouble: str


class WallFacts(TypedDict):
    """One wall as the decoder found it."""

    held: bool
    words: str


class WallsFacts(TypedDict):
    """Every wall as the decoder found it."""

    walls: dict[str, WallFacts]


SHAPES: dict[str, type] = {
    "probe": ProbeFacts,
    "stills": StillsFacts,
    "rendition": RenditionFacts,
    "clip": ClipFacts,
    "packets": PacketsFacts,
    "read": ReadFacts,
    "walls": WallsFacts,
}


def _is_number(value: Any, kind: type) -> bool:
    right_kind = isinstance(value, int) if kind is int else isinstance(value, int | float)
    return right_kind and not isinstance(value, bool) and abs(value) <= _MOST_INTEGER


def conforms(value: Any, shape: Any) -> bool:
    """Whether a value from JSON has exactly the shape, keys and kinds, all the way down."""
    if is_typeddict(shape):
        hints = get_type_hints(shape)
        return (
            isinstance(value, dict)
            and value.keys() == hints.keys()
            and all(conforms(value[key], hint) for key, hint in hints.items())
        )
    if isinstance(shape, UnionType):
        return any(conforms(value, option) for option in get_args(shape))
    if get_origin(shape) is list:
        return isinstance(value, list) and all(conforms(item, get_args(shape)[0]) for item in value)
    if get_origin(shape) is dict:
        return isinstance(value, dict) and all(conforms(item, get_args(shape)[1]) for item in value.values())
    if shape is NoneType:
        return value is None
    return _is_number(value, shape) if shape in {int, float} else isinstance(value, shape)
