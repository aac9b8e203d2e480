"""One log through its life: work, a rotated and a retired key, witnesses, a timestamp, erased details; as files."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from tabard.custody import selectors, sequencer, services
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.consistency import consistency
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Cosignature, Event
from tabard.custody.services import PlannedEvent
from tabard.custody.signing.changes import retire_key, rotate_key
from tabard.custody.signing.history import key_history
from tabard.custody.timestamping.stamping import note_text
from tabard.custody.timestamping.tokens import request_for
from tabard.disclosure.leaves import disclose
from tabard.kernel.ids import new_id
from tabard.merkle.note import CosignatureSigner, SignedNote
from tabard.merkle.tiles import bundles_of, tiles_of
from tabard.people.rules import Role
from tabard.recordings.viewing import record_view
from tests.integration.web.staged import BY, FILMED_AT, Staged, stage
from tests.time_stamping import Tsa, make_tsa

WITNESSES = [
    CosignatureSigner(
        f"witness.example/w{number}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    )
    for number in (1, 2, 3)
]
POLICY = "".join(f"witness w{number} {each.vkey.encode()}\n" for number, each in enumerate(WITNESSES, 1))
POLICY += "group most 2 w1 w2 w3\nquorum most\n"
DETAILS = {
    "words": "Señor 🚓 \u0007\u2028",
    "n": -7,
    "whole": 2**53 - 1,
    "list": [None, True, {"é": 1, "\ue000": 2, "😀": 3}],
}


@dataclass
class PublishedFiles:
    """What strangers can have of the log: everything under /log/ in `folder`, and what they were given or kept."""

    folder: Path
    tsa: Tsa
    keys: list[str] = field(default_factory=list)  # vkeys, oldest first
    kept: dict[int, bytes] = field(default_factory=dict)  # checkpoints by size
    leaves: dict[str, bytes] = field(default_factory=dict)
    receipts: dict[str, bytes] = field(default_factory=dict)
    details: dict[str, bytes] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)
    consistency: dict[tuple[int, int], bytes] = field(default_factory=dict)
    token: bytes = b""

    @property
    def size(self) -> int:
        """Of the newest checkpoint."""
        return max(self.kept)

    @property
    def event(self) -> str:
        """An event in the middle whose details are open."""
        return sorted(set(self.details) & set(self.receipts))[4]

    def served(self) -> dict[str, bytes]:
        """Every published file by its path."""
        there = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in there}


def publish(home: Path) -> PublishedFiles:
    """A log of several hundred events, two keys and five checkpoints."""
    (home / "home").mkdir()
    (home / "policy").write_text(POLICY)
    files = PublishedFiles(home / "log", make_tsa(home / "tsa"))
    grow(stage())
    signer = log_signer()
    rotate_key(signer=signer, by=BY, at=FILMED_AT)
    _sign(files)
    fill(256 - sequencer.tree_size())
    _sign(files)
    retire_key(signer=signer, by=BY, at=FILMED_AT)
    fill(80)
    _sign(files)
    fill(260)
    _sign(files)
    files.keys = [key.encode() for key in reversed(signer.verifiers)]
    _erase(files)
    cosign(Checkpoint.objects.get(size=sequencer.tree_size()))
    _take(files)
    return files


def grow(staged: Staged) -> None:
    """What people do; then the first checkpoint."""
    recording, viewer = staged.record(), staged.viewer(Role.INVESTIGATOR)
    for minute in range(12):
        record_view(recording=recording, viewer=viewer, at=FILMED_AT + timedelta(minutes=minute))
    sequencer.sequence()
    sequencer.sign_checkpoint(at=FILMED_AT, signer=log_signer())


def fill(count: int) -> None:
    """So many events, placed."""
    planned = [
        PlannedEvent(
            EventKind.OBJECT_SEALED, Subject("object", new_id()), bytes([number % 256]) * 32, DETAILS
        )
        for number in range(count)
    ]
    with transaction.atomic():
        services.append_many(planned, at=FILMED_AT, by=BY)
    sequencer.sequence()


def cosign(head: Checkpoint) -> None:
    """Two of the three witnesses cosign."""
    for witness in WITNESSES[:2]:
        line = witness.sign(SignedNote.parse(head.note.encode()).text, at=FILMED_AT)
        Cosignature.objects.create(
            checkpoint=head, witness=witness.name, line=line.encode().rstrip("\n"), cosigned_at=FILMED_AT
        )


def _sign(files: PublishedFiles) -> None:
    sequencer.sequence()
    sequencer.sign_checkpoint(at=FILMED_AT, signer=log_signer())
    for head in Checkpoint.objects.all():
        files.kept[head.size] = head.note.encode()


def _erase(files: PublishedFiles) -> None:
    victim = Event.objects.filter(kind="object.sealed", position__gt=300).order_by("position").first()
    with transaction.atomic():
        services.erase_details(subject_ids=[victim.subject_id], kinds=[EventKind.OBJECT_SEALED])
    files.erased.append(str(victim.id))


def _take(files: PublishedFiles) -> None:
    newest = Checkpoint.objects.get(size=sequencer.tree_size())
    files.kept[newest.size] = selectors.published_note(newest).encode()
    for event in Event.objects.select_related("particulars").order_by("position"):
        name, known = str(event.id), event.particulars
        files.leaves[name] = bytes(event.leaf)
        if event.position % 7 == 0 or event.position > newest.size - 5 or name in files.erased:
            files.receipts[name] = selectors.receipt(event.id).encode()
        if known.details_salt is not None:
            files.details[name] = disclose(known.details, bytes(known.details_salt))
    sizes = sorted(files.kept)
    for old in sizes:
        for new in sizes[sizes.index(old) :]:
            files.consistency[old, new] = consistency(old, new).encode().encode()
    paths = {one.path for size in sizes for one in (*tiles_of(size), *bundles_of(size))}
    for path in paths:
        _write(files.folder / path, selectors.published(path))
    _write(files.folder / "checkpoint", files.kept[newest.size])
    spans = key_history(log_signer().keys())
    _write(files.folder / "vkeys", "".join(span.encode() for span in spans).encode())
    _write(files.folder / "log.vkey", f"{log_signer().vkey}\n".encode())
    files.token = files.tsa.reply(request_for(note_text(newest)).as_bytes())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
