"""What does a request name, and what does it say about it? Paths, names and metadata headers. Pure.

Names come from outside and go into our database, our screens and, at an export, a file system: a name is UTF-8 of
at most 255 bytes (what a file name may have) without slashes or control characters, and is not `.` or `..`. Metadata is
never refused for what it says: a value that is no clean text is kept exactly as it was sent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes

from tabard.intake.axis.times import instant
from tabard.intake.errors import MetadataTooLong, NameRefused, PathTooDeep, RequestUnknown

AUTH_PATH = b"/auth/v1.0"
STORAGE_PATH = b"/v1/"
HEALTH_PATH = b"/healthz"
NAME_BYTES = 255
METADATA_BYTES = 64 * 1024

CONTAINER_PREFIX = "x-container-meta-"
OBJECT_PREFIX = "x-object-meta-"

Headers = Iterable[tuple[bytes, bytes]]
Metadata = dict[str, str]

REGISTRIES = frozenset({"System", "Users", "Devices"})
_REJECTED_PREFIX = "RejectedContent_"
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# `<UserID>_<BWCSerialNumber>_<time>`; the time is also seen as `<date>_<time>`, and a user id may hold underscores.
_RECORDING_NAME = re.compile(r"(?P<user>.*)_(?P<serial>[^_]*)_(?P<date>\d{8})[T_](?P<time>\d{6})Z?")
# Ours or a proxy's, not the camera's; credentials must never be stored.
_NOT_KEPT = re.compile(r"x-(auth|storage|service|forwarded|real|request|amzn)-")


class Level(StrEnum):
    """How deep under an account a target lies."""

    CONTAINER = "container"
    OBJECT = "object"


class ContainerKind(StrEnum):
    """What a container holds, by its name; the values are those of `intake.models.Container.Kind`."""

    RECORDING = "recording"
    REGISTRY = "registry"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Target:
    """A container of an account, or an object in it."""

    account: str
    container: str
    object: str = ""

    @property
    def level(self) -> Level:
        """Whether it is a container or an object."""
        return Level.OBJECT if self.object else Level.CONTAINER


@dataclass(frozen=True, slots=True)
class RecordingName:
    """What the name of a recording's container says: whose camera, which, and when it was triggered."""

    user_id: str
    camera_serial: str
    triggered_at: datetime | None


def parse_target(raw_path: bytes) -> Target:
    """The container or object that a percent-encoded path under `/v1/` names.

    Raises:
        RequestUnknown: it names an account, or less.
        PathTooDeep: more than two levels under the account.
        NameRefused: a name is not safe to keep.
    """
    account, *names = raw_path.removeprefix(STORAGE_PATH).split(b"/")
    if not raw_path.startswith(STORAGE_PATH) or not names:
        raise RequestUnknown("The path names no container.", field="path")
    if len(names) > 2:
        raise PathTooDeep("There are only containers and objects under an account.", field="path")
    return Target(*(safe_name(name) for name in (account, *names)))


def safe_name(raw: bytes) -> str:
    """The decoded name, if it can be shown, stored and used as a file's name without harm.

    Raises:
        NameRefused: empty, `.`, `..`, over 255 bytes, not UTF-8, a broken escape, a slash or a control character.
    """
    if _BROKEN_ESCAPE.search(raw):
        raise NameRefused("A percent sign in a name is not followed by two hexadecimal digits.", field="name")
    plain = unquote_to_bytes(raw)
    if not 0 < len(plain) <= NAME_BYTES:
        raise NameRefused(f"A name has 1 to {NAME_BYTES} bytes.", field="name", size_bytes=len(plain))
    try:
        name = plain.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NameRefused("A name is UTF-8.", field="name") from error
    if name in {".", ".."} or "/" in name or _CONTROL.search(name):
        raise NameRefused(
            "A name has no slashes, no control characters, and is not a folder's.", field="name"
        )
    return name


def kind_of(container: str) -> ContainerKind:
    """What a container of this name holds; a name that fits no pattern may still be someone's footage."""
    if container in REGISTRIES:
        return ContainerKind.REGISTRY
    return ContainerKind.REJECTED if container.startswith(_REJECTED_PREFIX) else ContainerKind.RECORDING


def parse_recording_name(container: str) -> RecordingName | None:
    """What the name says, or None where it is not made as the specification says."""
    found = _RECORDING_NAME.fullmatch(container)
    if found is None:
        return None
    return RecordingName(found["user"], found["serial"], instant(f"{found['date']}T{found['time']}Z"))


def folded(key: str) -> str:
    """A metadata key as it is stored: `Title-Case-Parts`, since headers have no case."""
    return "-".join(part.capitalize() for part in key.split("-"))


def value(metadata: Mapping[str, str], key: str) -> str:
    """The value under a key written in any case, or an empty string."""
    return metadata.get(folded(key), "")


def parse_metadata(headers: Headers, level: Level) -> Metadata:
    """Everything the headers say about a container or an object; of a repeated header the first counts.

    Unknown `X-` headers are kept too, as `header:X-Name`, which no metadata key can be.

    Raises:
        MetadataTooLong: more than 64 KiB in all.
    """
    prefix = CONTAINER_PREFIX if level is Level.CONTAINER else OBJECT_PREFIX
    metadata: Metadata = {}
    for raw_name, raw_value in headers:
        key = _key(raw_name.decode("latin-1").lower(), prefix)
        if key:
            metadata.setdefault(key, _text(raw_value))
    if sum(len(key) + len(text.encode()) for key, text in metadata.items()) > METADATA_BYTES:
        raise MetadataTooLong("There is more metadata than a request may carry.", field="metadata")
    return metadata


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> Metadata:
    """The old metadata with the new laid over it; an empty new value removes its key."""
    return {key: text for key, text in {**old, **new}.items() if text or key not in new}


def metadata_headers(metadata: Mapping[str, str], level: Level) -> list[tuple[bytes, bytes]]:
    """The headers that read metadata back, percent-encoded, so that no value can end a header."""
    prefix = CONTAINER_PREFIX if level is Level.CONTAINER else OBJECT_PREFIX
    return [
        (f"{prefix}{key.lower()}".encode("latin-1"), quote(text, safe="-_.~:").encode("ascii"))
        for key, text in metadata.items()
        if ":" not in key
    ]


def _key(name: str, prefix: str) -> str:
    """What a header is stored under; empty if it is not kept."""
    if name.startswith(prefix):
        return folded(name.removeprefix(prefix))
    kept = name.startswith("x-") and not _NOT_KEPT.match(name)
    return f"header:{folded(name)}" if kept else ""


def _text(raw: bytes) -> str:
    """The decoded value where it is clean text, else the raw one: nothing a camera said is lost."""
    as_sent = raw.decode("latin-1").replace("\0", "%00")  # the database keeps no NUL
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return as_sent
    return as_sent if _CONTROL.search(text) else text
