r"""What does a tus request say? Headers and metadata of tus 1.0.0 as we read them. Pure.

What a sender says of its file is never a reason to refuse the file, but where we could not keep our word without it:
the name, the number of files and the hash. Text is kept as it was said, on one line: a control character, or a byte
that is no UTF-8, becomes `\xNN`.
"""

import re
import unicodedata
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from tabard.intake.errors import MetadataTooLong, RequestUnknown
from tabard.intake.tus.errors import (
    MediaTypeWrong,
    OffsetDiffers,
    UploadTooLarge,
    UploadUnknown,
    VersionUnknown,
)
from tabard.kernel.errors import Invalid

PREFIX = b"/tus/"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
ALGORITHMS = {"sha256": 32, "sha1": 20, "md5": 16}
MEDIA_TYPE = "application/offset+octet-stream"
MOST_FILES = 100_000
NAME_CHARACTERS = 255
_METADATA_BYTES = 64 * 1024
_NUMBER = re.compile(r"\d{1,15}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,64}")
_BREAKING = {"Cc", "Zl", "Zp", "Cs"}  # what ends a line, or cannot be stored

Metadata = dict[str, str]


@dataclass(frozen=True, slots=True)
class Announced:
    """A file as its sender announces it; `files` is None where the sender does not know, `sha256` where it has none."""

    size_bytes: int
    metadata: Metadata
    raw_metadata: str
    filename: str
    recording: str
    camera: str
    files: int | None
    sha256: bytes | None

    @property
    def told_filename(self) -> str:
        """The name as its sender told it, on one line; `filename` is what we file it under."""
        return self.metadata["filename"]


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the body of one request should hash to."""

    algorithm: str
    digest: bytes


def upload_id(raw_path: bytes) -> UUID:
    """The upload that a path below `/tus/` names.

    Raises:
        UploadUnknown: none that we could have made.
    """
    text = raw_path.removeprefix(PREFIX).decode("latin-1")
    try:
        found = UUID(text)
    except ValueError as error:
        raise UploadUnknown("There is no such upload.") from error
    if str(found) != text:
        raise UploadUnknown("There is no such upload.")
    return found


def check_version(text: str) -> None:
    """Return only if the sender speaks our version (tus 1.0.0, "Tus-Resumable").

    Raises:
        VersionUnknown.
    """
    if text != VERSION:
        raise VersionUnknown("Tus-Resumable has to be 1.0.0.", field="tus-resumable")


def check_media_type(text: str) -> None:
    """Return only if a body is announced as what it has to be.

    Raises:
        MediaTypeWrong.
    """
    if text.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise MediaTypeWrong(f"Content-Type has to be {MEDIA_TYPE}.", field="content-type")


def parse_number(text: str, header: str) -> int:
    """A size or an offset.

    Raises:
        Invalid: naming the header.
    """
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"{header} is not a number of bytes.", field=header.lower())
    return int(text)


def parse_checksum(text: str) -> Checksum | None:
    """What the body should hash to; None where nothing was announced (tus 1.0.0, "Checksum").

    Raises:
        Invalid: the algorithm is not one of ours, or the hash is none of it.
    """
    if not text:
        return None
    algorithm, _, encoded = text.partition(" ")
    digest = _decoded(encoded)
    if ALGORITHMS.get(algorithm) is None or digest is None or len(digest) != ALGORITHMS[algorithm]:
        raise Invalid(
            f"Upload-Checksum is one of {', '.join(ALGORITHMS)} and its hash in base64.",
            field="upload-checksum",
        )
    return Checksum(algorithm, digest)


def check_body(*, offset: int, durable: int, length: int | None, size_bytes: int) -> None:
    """Return only if a body of this length may follow the durable bytes.

    Raises:
        OffsetDiffers: it begins elsewhere.
        UploadTooLarge: it goes on past the end of the file.
    """
    if offset != durable:
        raise OffsetDiffers("These bytes do not follow the last durable one.", offset=durable)
    if length is not None and offset + length > size_bytes:
        raise UploadTooLarge("That is more than the file was said to have.", field="content-length")


def parse_announcement(length: str, raw_metadata: str, headers: Mapping[str, str]) -> Announced:
    """The file that a creation announces.

    Args:
        length: `Upload-Length`.
        raw_metadata: `Upload-Metadata`.
        headers: Whether the request wants what we do not offer: `defer` and `concat`.

    Raises:
        RequestUnknown: an extension that we do not offer.
        Invalid: naming the field that we cannot do without.
        MetadataTooLong.
    """
    if headers.get("defer") or headers.get("concat"):
        raise RequestUnknown(
            "Deferred lengths and concatenation are not offered.", field="upload-defer-length"
        )
    size_bytes = parse_number(length, "Upload-Length")
    metadata = parse_metadata(raw_metadata)
    return Announced(
        size_bytes=size_bytes,
        metadata=metadata,
        raw_metadata=raw_metadata,
        filename=_file_name(metadata.get("filename", "")),
        recording=short(metadata.get("recording", "").strip()),
        camera=short(metadata.get("camera", "").strip()),
        files=_files(metadata.get("files", "")),
        sha256=_sha256(metadata.get("sha256", "")),
    )


def parse_metadata(text: str) -> Metadata:
    """Every key with its value (tus 1.0.0, "Upload-Metadata"); of a repeated key the first counts.

    Raises:
        Invalid: it is not written as the specification says.
        MetadataTooLong: over 64 KiB.
    """
    if len(text) > _METADATA_BYTES:
        raise MetadataTooLong("There is more metadata than a file may have.", field="upload-metadata")
    metadata: Metadata = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        key, _, encoded = pair.partition(" ")
        value = _decoded(encoded.strip())
        if value is None or not _KEY.fullmatch(key):
            raise Invalid("Upload-Metadata is keys and values in base64.", field="upload-metadata")
        metadata.setdefault(key, on_one_line(value.decode("utf-8", "backslashreplace")))
    return metadata


def on_one_line(text: str) -> str:
    """The text with everything that would break a line, or a database, written out as a number."""
    return "".join(_written_out(each) if unicodedata.category(each) in _BREAKING else each for each in text)


def short(text: str) -> str:
    """The text, or so much of it as can be a name, with the beginning of its hash to tell it from others."""
    if len(text) <= NAME_CHARACTERS:
        return text
    return f"{text[: NAME_CHARACTERS - 17]}~{sha256(text.encode()).hexdigest()[:16]}"


def _written_out(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _file_name(text: str) -> str:
    """A path's last part; never one that names a folder."""
    name = text.rpartition("/")[2]
    if not name.strip():
        raise Invalid("Upload-Metadata has to say the file's name.", field="filename")
    return short(name.replace(".", "\\x2e") if name in {".", ".."} else name)


def _files(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_FILES:
        raise Invalid(f"A recording has 1 to {MOST_FILES} files.", field="files")
    return int(text)


def _sha256(text: str) -> bytes | None:
    if not text:
        return None
    if not _SHA256.fullmatch(text):
        raise Invalid("A SHA-256 has 64 hexadecimal digits.", field="sha256")
    return bytes.fromhex(text)


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None
