"""Where does each byte of a sealed object lie, and what binds it? As `docs/reference/sealed-object.md` says.

An object is a header, one or more AES-256-GCM chunks, and an encrypted trailer. Every chunk and the trailer
are authenticated together with the whole header, their number and whether they are the last, so no part can
be moved, dropped or borrowed. A nonce is the part's number, which is safe as each object has its own key.
"""

import struct
from dataclasses import dataclass
from uuid import UUID

from tabard.sealing.errors import NotSealed, SealingParameter, Truncated, UnknownVersion

MAGIC = b"\x89TABARD\n"  # a byte above 127 and a newline: a text-mode copy breaks it at once, as in PNG
VERSION = 1
HEADER_BYTES = 64
TAG_BYTES = 16
DATA_KEY_BYTES = 32
KEY_REFERENCE_BYTES = 32
TRAILER_PLAIN_BYTES = 40
TRAILER_BYTES = TRAILER_PLAIN_BYTES + TAG_BYTES
DEFAULT_CHUNK_BYTES = 256 * 1024
MAX_CHUNK_BYTES = 16 * 1024 * 1024
MAX_CHUNKS = (
    2**32 - 1
)  # NIST SP 800-38D counts invocations under one key; this stays below its bound with room

_HEADER = struct.Struct(">8sHHI16s32s")
_PART = struct.Struct(">QB")
_NONCE = struct.Struct(">IQ")
_TRAILER = struct.Struct(">Q32s")

_MORE, _LAST, _TRAILER_FLAG = 0, 1, 2
_CHUNK_NONCE, _TRAILER_NONCE = 0, 1


@dataclass(frozen=True, slots=True)
class Header:
    """The 64 bytes at the front, in the clear; authenticated as associated data of every following part."""

    object_id: UUID
    key_reference: str
    chunk_size: int

    def __post_init__(self) -> None:
        if not 1 <= self.chunk_size <= MAX_CHUNK_BYTES:
            raise SealingParameter("The chunk size is outside 1 byte to 16 MiB.", field="chunk_size")
        if not self.key_reference.isascii() or not 1 <= len(self.key_reference) <= KEY_REFERENCE_BYTES:
            raise SealingParameter("A key reference is 1 to 32 ASCII characters.", field="key_reference")
        if not self.key_reference.isprintable():
            raise SealingParameter("A key reference has no control characters.", field="key_reference")

    def pack(self) -> bytes:
        """The header as it stands in the object, zero-padded, big-endian."""
        reference = self.key_reference.encode("ascii")
        return _HEADER.pack(MAGIC, VERSION, 0, self.chunk_size, self.object_id.bytes, reference)


def parse_header(data: bytes) -> Header:
    """The header, or an integrity error naming what is wrong with it.

    Raises:
        Truncated, NotSealed, UnknownVersion.
    """
    if len(data) < HEADER_BYTES:
        raise Truncated("The object is shorter than its header.", size_bytes=len(data))
    magic, version, reserved, chunk_size, object_id, reference = _HEADER.unpack(data[:HEADER_BYTES])
    if magic != MAGIC:
        raise NotSealed("The object does not start as a sealed object does.")
    if version != VERSION:
        raise UnknownVersion(
            f"The object is of version {version}; this program knows {VERSION}.", version=version
        )
    try:
        header = Header(UUID(bytes=object_id), reference.rstrip(b"\0").decode("ascii"), chunk_size)
    except (UnicodeDecodeError, SealingParameter) as error:
        raise NotSealed("The header holds values that no sealer writes.") from error
    if reserved or header.pack() != data[:HEADER_BYTES]:
        raise NotSealed("The header holds values that no sealer writes.")
    return header


@dataclass(frozen=True, slots=True)
class Layout:
    """Which sealed bytes hold which chunk, for one object size and chunk size."""

    chunk_size: int
    sealed_size_bytes: int

    def __post_init__(self) -> None:
        last = self._body_bytes - (self.chunk_count - 1) * self._sealed_chunk_bytes
        smallest = TAG_BYTES if self.chunk_count == 1 else TAG_BYTES + 1
        if self._body_bytes < TAG_BYTES or last < smallest:
            raise Truncated("No sealed object has this size.", sealed_size_bytes=self.sealed_size_bytes)

    @property
    def _sealed_chunk_bytes(self) -> int:
        return self.chunk_size + TAG_BYTES

    @property
    def _body_bytes(self) -> int:
        return self.sealed_size_bytes - HEADER_BYTES - TRAILER_BYTES

    @property
    def chunk_count(self) -> int:
        """At least one: empty input is sealed as one empty chunk."""
        return max(1, -(-self._body_bytes // self._sealed_chunk_bytes))

    @property
    def size_bytes(self) -> int:
        """The size of the plain bytes."""
        return self._body_bytes - self.chunk_count * TAG_BYTES

    @property
    def trailer_at(self) -> int:
        """The offset of the trailer."""
        return self.sealed_size_bytes - TRAILER_BYTES

    def chunks_at(self, first: int, stop: int) -> tuple[int, int]:
        """The half-open span of sealed bytes that holds chunks `first` up to, not including, `stop`."""
        start_at = HEADER_BYTES + first * self._sealed_chunk_bytes
        stop_at = min(HEADER_BYTES + stop * self._sealed_chunk_bytes, self.trailer_at)
        return start_at, stop_at


def sealed_size_bytes(size_bytes: int, chunk_size: int) -> int:
    """The size of the sealed object that holds `size_bytes` plain bytes."""
    chunk_count = max(1, -(-size_bytes // chunk_size))
    return HEADER_BYTES + size_bytes + chunk_count * TAG_BYTES + TRAILER_BYTES


def chunk_nonce(number: int) -> bytes:
    """The 96-bit nonce of a chunk; differs for every chunk and from the trailer's."""
    return _NONCE.pack(_CHUNK_NONCE, number)


def chunk_binding(header: bytes, number: int, *, last: bool) -> bytes:
    """The associated data of a chunk: the header, the chunk's number, whether it is the last."""
    return header + _PART.pack(number, _LAST if last else _MORE)


TRAILER_NONCE = _NONCE.pack(_TRAILER_NONCE, 0)


def trailer_binding(header: bytes, chunk_count: int) -> bytes:
    """The associated data of the trailer: the header and the number of chunks."""
    return header + _PART.pack(chunk_count, _TRAILER_FLAG)


def pack_trailer(size_bytes: int, sha256: bytes) -> bytes:
    """The plain bytes of the trailer."""
    return _TRAILER.pack(size_bytes, sha256)


def parse_trailer(plain: bytes) -> tuple[int, bytes]:
    """The plain size in bytes and the SHA-256 that an authenticated trailer holds."""
    size_bytes, sha256 = _TRAILER.unpack(plain)
    return size_bytes, sha256
