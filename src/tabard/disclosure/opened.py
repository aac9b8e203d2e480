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

from tabard.custody.timestamping.tokens import TsaChain
from tabard.disclosure import bag
from tabard.disclosure.container import Container, Placed
from tabard.disclosure.errors import CheckFailed, FactsBroken
from tabard.disclosure.facts import Facts
from tabard.disclosure.leaves import ProvenLeaf, parse_canonical, prove
from tabard.disclosure.rules import Readable
from tabard.disclosure.vouching import Cosigned, Trust, cosignatures, log_keys_in
from tabard.kernel.errors import TabardError
from tabard.media.packet_proof import MOST_PROOF_BYTES
from tabard.merkle.note import VerifierKey
from tabard.merkle.policy import Policy

MOST_DOCUMENT_BYTES = 16 * 1024 * 1024
_DOCUMENT_SUFFIXES = (".json", ".csv", ".txt", bag.PROOF_SUFFIX, ".vkey", ".pem", bag.STAMP_SUFFIX)


@dataclass(frozen=True, slots=True)
class FileInPack:
    """One file as it is in the zip; `data` is held for documents only, never for footage."""

    size_bytes: int
    sha256: str
    has_right_crc32: bool
    data: bytes | None


class OpenedPack:
    """Every file of the pack, read once, under its path inside the bag; the zip stays open for a second look."""

    def __init__(self, container: Container, trust: Trust) -> None:
        self.trust = trust
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
    def pack_verifiers(self) -> tuple[VerifierKey, ...]:
        """The log's verifier keys in the pack, newest first: those that signed its checkpoint."""
        return log_keys_in(self.document(bag.LOG_VKEY))

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """The keys to check with: those that we were given, else the pack's own."""
        return self.trust.log_keys or self.pack_verifiers

    @cached_property
    def pack_policy(self) -> Policy | None:
        """The witness policy in the pack; None where it has none."""
        if bag.WITNESS_POLICY not in self.files:
            return None
        return Policy.parse(self.document(bag.WITNESS_POLICY))

    @property
    def policy(self) -> Policy | None:
        """The policy to check with: the one that we were given, else the pack's own."""
        return self.trust.policy or self.pack_policy

    @property
    def witness_keys(self) -> dict[str, VerifierKey]:
        """Where the key of each witness of the pack's policy must stand."""
        keys = [each.key for each in self.pack_policy.witnesses] if self.pack_policy else []
        return dict(zip(bag.witness_paths(key.name for key in keys), keys, strict=True))

    @cached_property
    def tokens(self) -> list[bytes]:
        """The timestamps, in order; one whose number does not follow has no place in the pack."""
        count = sum(path.endswith(bag.STAMP_SUFFIX) for path in self.files)
        paths = [path for path in map(bag.token_path, range(1, count + 1)) if path in self.files]
        return [self.document(path) for path in paths]

    @cached_property
    def tsa_chain(self) -> TsaChain:
        """The certificates to check timestamps with: those that we were given, else the pack's own."""
        return self.trust.tsa_chain or TsaChain.parse(self.document(bag.TSA_CHAIN))

    @cached_property
    def note(self) -> bytes:
        """The signed checkpoint that all proofs end in, with its cosignatures.

        Raises:
            CheckFailed: nothing is proven, or they end in several.
        """
        notes = {leaf.checkpoint_note for leaf in self.leaves}
        if len(notes) != 1:
            raise CheckFailed("The receipts do not end in one and the same signed checkpoint.")
        (note,) = notes
        return note

    @cached_property
    def cosignatures(self) -> list[Cosigned]:
        """The cosignatures on the checkpoint, judged by the keys of both policies."""
        policies = [policy for policy in (self.policy, self.pack_policy) if policy]
        witnesses = [each.key for policy in policies for each in policy.witnesses]
        return cosignatures(self.note, (*self.verifiers, *self.pack_verifiers), witnesses)

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
            self.verifiers,
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
