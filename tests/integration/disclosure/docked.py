"""Recordings as a door leaves them: every file sealed with its own event, then the recording."""

from datetime import datetime, timedelta
from io import BytesIO

from django.db import transaction
from tests.world import BY, DAY_ONE, World, seal

from tabard.custody import sequencer
from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.incidents import exhibits
from tabard.incidents.models import Exhibit, Incident
from tabard.media import services as media
from tabard.people.rules import Role
from tabard.recordings import clips
from tabard.recordings.drafts import (
    AttachmentDraft,
    AttachmentKind,
    BookmarkDraft,
    RecordingDraft,
    SealedDraft,
    SegmentDraft,
)
from tabard.recordings.models import Clip, Recording
from tabard.recordings.services import register
from tabard.vault import services as vault

NOON = DAY_ONE + timedelta(hours=3)
LATER = DAY_ONE + timedelta(hours=6)

SEGMENTS = {
    "20260302T090500Z_7f3a.mp4": b"first camera file " * 40,
    "20260302T091000Z_7f3b.mp4": b"second" * 700,
}
TRACK = ("20260302_gpstrail.json", b'{"CoordinateEntries": []}')


def dock(world: World, files: dict[str, bytes] | None = None, *, with_extras: bool = True) -> Recording:
    """A recording of PC Bailey's, with a bookmark and a track unless told otherwise."""
    contents = SEGMENTS if files is None else files
    with transaction.atomic():
        segments = tuple(
            SegmentDraft(_sealed(name, data), NOON + timedelta(minutes=number))
            for number, (name, data) in enumerate(contents.items())
        )
        extras = (
            AttachmentDraft(AttachmentKind.BOOKMARK, _sealed("bookmark_1", b"he had a knife")),
            AttachmentDraft(AttachmentKind.TRACK, _sealed(*TRACK)),
        )
        draft = RecordingDraft(
            source="test",
            source_name=f"001LX_SIM-0001_{Recording.objects.count()}",
            officer_reference="001LX",
            camera_serial="SIM-0001",
            started_at=NOON,
            stopped_at=NOON + timedelta(minutes=2),
            segments=segments,
            attachments=extras if with_extras else (),
            bookmarks=(BookmarkDraft(start_at=NOON, text="he had a knife"),) if with_extras else (),
            metadata={"TriggerOnLocation": "51.46,-0.11"},
        )
        return register(draft=draft, by=BY, at=LATER)


def _sealed(name: str, data: bytes) -> SealedDraft:
    draft = seal(name, data, LATER)
    custody.append(
        kind=EventKind.OBJECT_SEALED,
        subject=Subject("object", draft.object_id),
        at=LATER,
        by=BY,
        sha256=draft.sha256,
    )
    return draft


def cut(world: World, recording: Recording, data: bytes = b"an excerpt") -> Clip:
    clip = clips.request(
        segment=recording.segments.get(ordinal=1),
        start_s=1.5,
        end_s=4.0,
        title="The knife",
        viewer=world.viewer("bailey"),
        at=LATER,
    )
    with vault.start() as pending, transaction.atomic():
        pending.write(data)
        pending.seal()
        sealed = vault.record(pending=pending, at=LATER)
        return clips.record_cut(
            clip=clip, sealed=sealed, container="mp4", actual_start_s=1.2, actual_end_s=4.04, by=BY, at=LATER
        )


def excerpt(world: World, recording: Recording, start_s: float = 2.5, end_s: float = 5.2) -> Clip:
    """A clip of the recording's first file, cut in the decoder jail as a worker cuts it."""
    clip = clips.request(
        segment=recording.segments.select_related("object", "recording").get(ordinal=0),
        start_s=start_s,
        end_s=end_s,
        title="The knife",
        viewer=world.viewer("bailey"),
        at=LATER,
    )
    return media.cut_clip(clip=clip, by=BY, at=LATER)


def produce(
    world: World,
    recording: Recording,
    *,
    clip: Clip | None = None,
    incident: Incident | None = None,
    description: str = "Body-worn video of the stop",
) -> Exhibit:
    return exhibits.produce(
        recording=recording,
        clip=clip,
        incident=incident,
        producer=world.officers["Bailey"],
        description=description,
        viewer=world.viewer("bailey"),
        at=LATER,
    )


def checkpoint(at: datetime = LATER) -> None:
    """Every event so far has its place under a signed checkpoint."""
    sequencer.sequence()
    sequencer.sign_checkpoint(at=at, signer=log_signer())


def ask(world: World, exhibit: Exhibit) -> Pack:
    return packs.request(exhibit=exhibit, viewer=world.anyone(Role.DISCLOSURE_OFFICER), at=LATER)


def build(world: World, exhibit: Exhibit, at: datetime = LATER) -> Pack:
    """The pack as the worker leaves it, built or failed."""
    pack = ask(world, exhibit)
    checkpoint()
    return packs.build(pack=pack, by=BY, at=at)


def exported(pack: Pack) -> bytes:
    out = BytesIO()
    size_bytes = packs.export(pack=pack, out=out, by=BY, at=LATER)
    assert size_bytes == len(out.getvalue())
    return out.getvalue()
