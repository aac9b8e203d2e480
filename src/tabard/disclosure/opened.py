"""What is in this pack? Its files' sizes, hashes and documents, from one pass over the zip; nothing believed yet. Pure.

What later checks rest on is read on first use and raises where it cannot be read, so that each check fails for its own
reason and none is skipped.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tabard.disclosure import bag
from tabard.disclosure.container import Container, Placed
from tabard.disclosure.errors import CheckFailed, FactsBroken
from tabard.disclosure.facts import Facts
from tabard.disclosure.leaves import ProvenLeaf, parse_canonical, prove
from tabard.disclosure.rules import Readable
from tabard.kernel.errors import TabardError
from tabard.media.packet_proof import MOST_PROOF_BYTES
from tabard.merkle.note import VerifierKey

MOST_DOCUMENT_BYTES = 16 * 1024 * 1024
_DOCUMENT_SUFFIXES = (".json", ".csv", ".txt", bag.PROOF_SUFFIX, ".vkey")


@dataclass(frozen=True, slots=True)
class FileInPack:
    """One file as it is in the zip; `data` is held for documents only, never for footage."""

    size_bytes: int
    sha256: str
    has_right_crc32: bool
    data: bytes | None


class OpenedPack:
    """Every file of the pack, read once, under its path inside the bag; the zip stays open for a second look."""

    def __init__(self, container: Container, trusted_vkey: str | None) -> None:
        self.trusted_vkey = trusted_vkey
        self.stamp = container.stamp
        self._container = container
        self._placed = {placed.member.name.partition("/")[2]: placed for placed in container.members}
        self.files: Mapping[str, FileInPack] = {
            path: _read(container, placed) for path, placed in self._placed.items()
        }

    @property
    def payload(self) -> Mapping[str, FileInPack]:
        """The files under `data/`."""
        return {path: file for path, file in self.files.items() if path.startswith(bag.PAYLOAD)}

    def document(self, path: str) -> bytes:
        """The bytes of a document.

        Raises:
            CheckFailed: the pack has no such document, or it is too large to be one.
        """
        file = self.files.get(path)
        if file is None or file.data is None:
            raise CheckFailed(f"{path} is missing or too large.")
        return file.data

    def readable(self, path: str) -> Readable:
        """A file of any size, to be read in parts.

        Raises:
            CheckFailed: the pack has no such file.
        """
        placed = self._placed.get(path)
        if placed is None:
            raise CheckFailed(f"{path} is missing.")
        container = self._container
        return Readable(placed.member.size_bytes, lambda start, stop: container.read(placed, start, stop))

    @cached_property
    def bag_info(self) -> Mapping[str, str]:
        """The labels of `bag-info.txt`."""
        return bag.parse_bag_info(self.document(bag.BAG_INFO))

    @cached_property
    def exhibits(self) -> Mapping[str, Facts]:
        """The facts of each exhibit, by its folder.

        Raises:
            CheckFailed, FactsBroken: there is no exhibit, or one has no readable facts or stands in another's folder.
        """
        found = {}
        for folder in sorted({_folder(path) for path in self.files if path.startswith(bag.EXHIBITS)}):
            facts = Facts.parse(self.document(folder + bag.FACTS))
            if bag.exhibit_folder(facts.exhibit.reference) != folder:
                raise FactsBroken(f"{folder} holds the facts of another exhibit.")
            found[folder] = facts
        if not found:
            raise CheckFailed("The pack holds no exhibit.")
        return found

    @cached_property
    def pack_verifier(self) -> VerifierKey:
        """The verifier key in the pack."""
        try:
            return VerifierKey.parse(self.document(bag.LOG_VKEY).decode())
        except UnicodeDecodeError as error:
            raise FactsBroken("The verifier key is not text.") from error

    @cached_property
    def verifier(self) -> VerifierKey:
        """The key to check with: the one we were given, else the pack's own."""
        return VerifierKey.parse(self.trusted_vkey) if self.trusted_vkey else self.pack_verifier

    @cached_property
    def proof_names(self) -> list[str]:
        """The name of every log entry in the pack, in order."""
        paths = sorted(path for path in self.files if path.startswith(bag.PROOFS))
        return [
            path[len(bag.PROOFS) : -len(bag.LEAF_SUFFIX)] for path in paths if path.endswith(bag.LEAF_SUFFIX)
        ]

    @cached_property
    def proofs(self) -> tuple[list[ProvenLeaf], list[str]]:
        """The entries that are proven, and what is wrong with the others."""
        proven, problems = [], []
        for name in self.proof_names:
            try:
                proven.append(self._prove(name))
            except TabardError as error:
                problems.append(f"{name}: {error.message}")
        return proven, problems

    @property
    def leaves(self) -> list[ProvenLeaf]:
        """The entries that are proven; whatever is not proven supports nothing."""
        return self.proofs[0]

    @cached_property
    def index(self) -> dict[str, Any]:
        """The value of `index.json`."""
        return parse_canonical(self.document(bag.INDEX))

    def _prove(self, name: str) -> ProvenLeaf:
        path = bag.PROOFS + name
        details = path + bag.DETAILS_SUFFIX
        return prove(
            name,
            self.document(path + bag.LEAF_SUFFIX),
            self.document(path + bag.PROOF_SUFFIX),
            self.document(details) if details in self.files else None,
            self.verifier,
        )


def _folder(path: str) -> str:
    """The folder of the exhibit that the path is in."""
    return f"{bag.EXHIBITS}{path[len(bag.EXHIBITS) :].partition('/')[0]}/"


def _read(container: Container, placed: Placed) -> FileInPack:
    member = placed.member
    most = MOST_PROOF_BYTES if member.name.endswith(bag.PACKETS_SUFFIX) else MOST_DOCUMENT_BYTES
    keeps = member.name.endswith(_DOCUMENT_SUFFIXES) and member.size_bytes <= most
    digest, checksum, kept = hashlib.sha256(), 0, bytearray()
    for piece in container.pieces(placed):
        digest.update(piece)
        checksum = zlib.crc32(piece, checksum)
        if keeps:
            kept += piece
    return FileInPack(
        member.size_bytes, digest.hexdigest(), checksum == member.crc32, bytes(kept) if keeps else None
    )
