"""How do an exhibit's files, facts and proofs become one bag in one zip?

Streamed: no file of footage is ever held whole.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID
from zlib import crc32

from tabard.custody.anchors import Anchor
from tabard.disclosure import bag
from tabard.disclosure.container import Member, write_container
from tabard.disclosure.contents import Contents
from tabard.disclosure.errors import PackedBytesDiffer
from tabard.disclosure.evidence import evidence_for, history_of
from tabard.disclosure.readme import readme
from tabard.disclosure.schedule import schedule_csv
from tabard.disclosure.schedule_pdf import schedule_pdf
from tabard.vault import services as vault
from tabard.vault.models import SealedObject


@dataclass(frozen=True, slots=True)
class Sender:
    """Who makes the pack: the force, and the version of the program."""

    force: str
    version: str


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of the pack, ready to be written as often as asked."""

    path: str
    size_bytes: int
    sha256: str
    crc32: int
    pieces: Callable[[], Iterable[bytes]]


def assemble(
    contents: Contents,
    *,
    anchor: Anchor,
    pack_id: UUID,
    folder: str,
    sender: Sender,
    at: datetime,
    sink: Callable[[bytes], object],
) -> None:
    """The whole zip went to `sink`; the same contents, log and `at` give the same bytes.

    The vault is read twice: a zip says each file's CRC-32 before its bytes, and nothing is packed that does not
    still have the SHA-256 it was sealed with.

    Raises:
        NotYetSequenced: when no checkpoint covers the log's entries yet.
        Integrity: when the log does not bear out the facts, or an object is not what was sealed.
        Unavailable: when the store cannot serve now.
    """
    small = _documents(contents, anchor, sender, at)
    payload = [_of_bytes(path, data) for path, data in small.items()]
    payload += _footage(contents) + _packets(contents)
    tags = _tags(contents, payload, pack_id=pack_id, sender=sender, at=at, timestamps=_dated_words(anchor))
    tags.append(_of_bytes(bag.README, readme(contents.facts, anchor, force=sender.force)))
    tag_manifest = _of_bytes(bag.TAG_MANIFEST, bag.manifest({tag.path: tag.sha256 for tag in tags}))
    members = [
        (Member(f"{folder}/{file.path}", file.size_bytes, file.crc32), file.pieces)
        for file in [*payload, *tags, tag_manifest]
    ]
    write_container(members, at, sink)


def _documents(contents: Contents, anchor: Anchor, sender: Sender, at: datetime) -> dict[str, bytes]:
    """Everything in the payload that is written for the pack, by path; proofs first, for without them there is none."""
    facts = contents.facts
    documents = dict(evidence_for(contents, anchor).files)
    documents[bag.exhibit_folder(facts.exhibit.reference) + bag.FACTS] = facts.encode()
    documents[bag.SCHEDULE_CSV] = schedule_csv([facts])
    documents[bag.SCHEDULE_PDF] = schedule_pdf(facts, history_of(contents), force=sender.force, at=at)
    return documents


def _tags(
    contents: Contents,
    payload: Sequence[PackFile],
    *,
    pack_id: UUID,
    sender: Sender,
    at: datetime,
    timestamps: str,
) -> list[PackFile]:
    exhibit = contents.facts.exhibit
    oxum = bag.Oxum(sum(file.size_bytes for file in payload), len(payload))
    info = [
        ("Source-Organization", sender.force),
        ("Bagging-Date", at.astimezone(UTC).date().isoformat()),
        ("External-Identifier", exhibit.reference),
        ("External-Description", exhibit.description),
        ("Internal-Sender-Identifier", str(pack_id)),
        ("Payload-Oxum", str(oxum)),
        ("Bag-Software-Agent", f"Tabard {sender.version}"),
        ("Tabard-Pack-Version", bag.PACK_VERSION),
        (bag.TIMESTAMPS, timestamps),
    ]
    return [
        _of_bytes(bag.DECLARATION, bag.DECLARATION_BYTES),
        _of_bytes(bag.BAG_INFO, bag.bag_info(info)),
        _of_bytes(bag.PAYLOAD_MANIFEST, bag.manifest({file.path: file.sha256 for file in payload})),
    ]


def _dated_words(anchor: Anchor) -> str:
    """How many timestamps the pack carries; where it should have one and has none, why."""
    return f"{len(anchor.tokens)} ({anchor.why_undated})" if anchor.why_undated else str(len(anchor.tokens))


def _footage(contents: Contents) -> list[PackFile]:
    folder = bag.exhibit_folder(contents.facts.exhibit.reference)
    return [
        _of_object(folder + file.file, obj)
        for file, obj in zip(contents.facts.files, contents.objects, strict=True)
    ]


def _packets(contents: Contents) -> list[PackFile]:
    if contents.packets is None:
        return []
    return [_of_object(bag.packets_path(contents.facts.files[0].file), contents.packets)]


def _of_bytes(path: str, data: bytes) -> PackFile:
    return PackFile(path, len(data), sha256(data).hexdigest(), crc32(data), lambda: [data])


def _of_object(path: str, obj: SealedObject) -> PackFile:
    """The object as a file of the pack, after reading all of it once.

    Raises:
        PackedBytesDiffer: it is not what was sealed.
    """
    reader = vault.open_object(obj=obj)
    digest, checksum = sha256(), 0
    for piece in reader.read():
        digest.update(piece)
        checksum = crc32(piece, checksum)
    if digest.digest() != bytes(obj.sha256):
        raise PackedBytesDiffer("A file read back is not the one that was sealed.", object_id=str(obj.id))
    return PackFile(path, reader.size_bytes, digest.hexdigest(), checksum, reader.read)
