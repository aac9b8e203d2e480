"""What is done with footage: taken in, looked into, looked at, excerpted, packed, kept, disposed of."""

from datetime import timedelta
from io import BytesIO

from django.db import transaction
from tests.disposals import stopped_run
from tests.integration.api.access_world import DONE_AT, FILMED_AT, seal, sign_log
from tests.integration.logged.registry import AT, BY, Call, Stage, act
from tests.world import footage

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.adapters import whole
from tabard.custody.kinds import EventKind as E
from tabard.disclosure import history, packs
from tabard.disclosure.history import HistoryForm
from tabard.intake import destinations
from tabard.intake import services as intake
from tabard.intake.models import Container, Destination
from tabard.media import packets
from tabard.media import services as media
from tabard.people.rules import Role
from tabard.people.services import create_account
from tabard.recordings import clips, services, viewing
from tabard.recordings.drafts import RecordingDraft, SealedDraft, SegmentDraft
from tabard.recordings.models import Recording, Segment
from tabard.retention import disposing, early_disposal, holds, releases, runs
from tabard.retention.disposing import Ground
from tabard.retention.models import DisposalRun, ScheduledDisposal
from tabard.vault import services as vault


def film(form: str = "h264-mp4", name: str = "film") -> Recording:
    """A recording that nothing keeps, of real video, as a door leaves it."""
    kept = seal(footage(form))
    file = SealedDraft(f"{name}.mp4", kept.id, kept.size_bytes, bytes(kept.sha256))
    with transaction.atomic():
        custody.append(
            kind=E.OBJECT_SEALED,
            subject=Subject("object", kept.id),
            at=DONE_AT,
            by=BY,
            sha256=bytes(kept.sha256),
            details={"name": file.name, "size_bytes": kept.size_bytes},
        )
    return services.register(draft=_draft(name, file), by=BY, at=DONE_AT)


def segment_of(recording: Recording) -> Segment:
    return recording.segments.select_related("object", "recording").get()


def _draft(name: str, file: SealedDraft) -> RecordingDraft:
    stopped_at = FILMED_AT + timedelta(seconds=4)
    return RecordingDraft(
        source="test",
        source_name=name,
        officer_reference="101LX",
        camera_serial="CAM-101LX",
        started_at=FILMED_AT,
        stopped_at=stopped_at,
        segments=(SegmentDraft(file, FILMED_AT, stopped_at),),
    )


def destination() -> Destination:
    return destinations.open_destination(name="Dock", username="dock", by=BY, at=DONE_AT)[0]


def container(name: str = "20260314_101LX_CAM-1") -> Container:
    where = destination()
    intake.put_container(destination=where, name=name, metadata={}, by=BY, at=DONE_AT)
    return intake.find_container(destination=where, name=name)


def pending(data: bytes = b"footage") -> vault.PendingObject:
    found = vault.start()
    found.write(data)
    found.seal()
    return found


def put(into: Container, name: str, data: bytes) -> vault.PendingObject:
    sealed = pending(data)
    intake.receive(container_id=into.pk, name=name, metadata={}, pending=sealed, by=BY, at=DONE_AT)
    return sealed


@act("intake.services.receive", E.OBJECT_SEALED)
def receive(stage: Stage) -> Call:
    into = container()

    def call():
        sealed = pending()
        intake.receive(container_id=into.pk, name="a.mp4", metadata={}, pending=sealed, by=BY, at=AT)
        return sealed.object_id

    return call


@act("intake.services.receive#other bytes", E.OBJECT_CONFLICTED)
def receive_conflict(stage: Stage) -> Call:
    into = container()
    put(into, "a.mp4", b"first")

    def call():
        sealed = pending(b"other")
        intake.receive(container_id=into.pk, name="a.mp4", metadata={}, pending=sealed, by=BY, at=AT)
        return sealed.object_id

    return call


@act("intake.services.receive#again", E.OBJECT_DESCRIBED)
def receive_again(stage: Stage) -> Call:
    into = container()
    first = put(into, "a.mp4", b"first")

    def call():
        sealed = pending(b"first")
        said = {"Tag": "new"}
        intake.receive(container_id=into.pk, name="a.mp4", metadata=said, pending=sealed, by=BY, at=AT)
        return first.object_id

    return call


@act("intake.services.receive#a registry's", E.DESTINATION_REGISTERED)
def receive_registry(stage: Stage) -> Call:
    into = container("System")

    def call():
        intake.receive(container_id=into.pk, name="u", metadata={}, pending=pending(), by=BY, at=AT)
        return into.destination_id

    return call


@act("intake.services.describe_object", E.OBJECT_DESCRIBED)
def describe_object(stage: Stage) -> Call:
    into = container()
    sealed = put(into, "a.mp4", b"first")
    received = intake.find_object(destination=into.destination, container=into.name, name="a.mp4")

    def call():
        intake.describe_object(received=received, metadata={"Tag": "x"}, by=BY, at=AT)
        return sealed.object_id

    return call


def _full() -> Container:
    into = container()
    put(into, "20260314T224107Z_a.mp4", b"first")
    return into


@act("intake.services.complete", E.RECORDING_SEALED)
def complete(stage: Stage) -> Call:
    into = _full()
    return lambda: intake.complete(container=into, by=BY, at=AT).pk


@act("intake.services.describe_container", E.RECORDING_SEALED)
def describe_complete(stage: Stage) -> Call:
    into = _full()

    def call():
        intake.describe_container(container=into, metadata={"Status": "Complete"}, by=BY, at=AT)
        return Recording.objects.get(source_name=into.name).pk

    return call


@act("intake.services.describe_container#late", E.OBJECT_DESCRIBED)
def describe_late(stage: Stage) -> Call:
    into = _full()
    recording = intake.complete(container=into, by=BY, at=DONE_AT)
    said = {"Category": "arrest"}
    return lambda: intake.describe_container(container=into, metadata=said, by=BY, at=AT) or recording.pk


@act("intake.services.put_container#late", E.OBJECT_DESCRIBED)
def put_container_late(stage: Stage) -> Call:
    into = _full()
    recording = intake.complete(container=into, by=BY, at=DONE_AT)
    where, said = into.destination, {"Category": "arrest"}

    def call():
        intake.put_container(destination=where, name=into.name, metadata=said, by=BY, at=AT)
        return recording.pk

    return call


@act("recordings.services.register", E.RECORDING_SEALED)
def register(stage: Stage) -> Call:
    kept = seal(b"x")
    draft = _draft("new", SealedDraft("x.mp4", kept.id, kept.size_bytes, bytes(kept.sha256)))
    return lambda: services.register(draft=draft, by=BY, at=AT).pk


@act("recordings.services.categorise", E.RECORDING_CATEGORISED)
def categorise(stage: Stage) -> Call:
    recording, viewer = stage.own.recording, stage.viewer
    return lambda: (
        services.categorise(recording=recording, category="crime", viewer=viewer, at=AT) or recording.pk
    )


@act("recordings.viewing.record_view", E.RECORDING_VIEWED)
def view(stage: Stage) -> Call:
    recording, viewer = stage.own.recording, stage.viewer
    return lambda: viewing.record_view(recording=recording, viewer=viewer, at=AT) or recording.pk


@act("recordings.viewing.record_play", E.RECORDING_PLAYED)
def play(stage: Stage) -> Call:
    segment, viewer = stage.own.segment, stage.viewer
    return lambda: viewing.record_play(segment=segment, viewer=viewer, at=AT) or segment.recording_id


@act("recordings.viewing.record_clip_play", E.CLIP_PLAYED)
def play_clip(stage: Stage) -> Call:
    clip, viewer = stage.own.clip, stage.viewer
    return lambda: viewing.record_clip_play(clip=clip, viewer=viewer, at=AT) or clip.pk


@act("recordings.viewing.record_search", E.RECORDINGS_SEARCHED)
def search(stage: Stage) -> Call:
    viewer = stage.viewer
    return lambda: viewing.record_search(viewer=viewer, asked={"words": ""}, at=AT) or whole("force").id


@act("recordings.clips.request", E.CLIP_REQUESTED)
def request_clip(stage: Stage) -> Call:
    segment, viewer = stage.own.segment, stage.viewer
    return lambda: clips.request(segment=segment, start_s=1, end_s=2, title="", viewer=viewer, at=AT).pk


def _requested(stage: Stage, segment: Segment | None = None):
    found = segment or stage.own.segment
    return clips.request(segment=found, start_s=1, end_s=2, title="", viewer=stage.viewer, at=DONE_AT)


@act("recordings.clips.record_failure", E.CLIP_FAILED)
def fail_clip(stage: Stage) -> Call:
    clip = _requested(stage)
    return lambda: clips.record_failure(clip=clip, reason="no", by=BY, at=AT).pk


@act("recordings.clips.record_cut", E.CLIP_CUT)
def record_cut(stage: Stage) -> Call:
    clip, kept = _requested(stage), seal(b"a clip")

    def call():
        with transaction.atomic():
            clips.record_cut(
                clip=clip, sealed=kept, container="mp4", actual_start_s=1, actual_end_s=2, by=BY, at=AT
            )
        return clip.pk

    return call


@act("media.services.probe_recording", E.RECORDING_PROBED)
def probe(stage: Stage) -> Call:
    recording = film()
    return lambda: media.probe_recording(recording=recording, by=BY, at=AT) and recording.pk


def _probed(form: str = "h264-mp4") -> Segment:
    recording = film(form)
    media.probe_recording(recording=recording, by=BY, at=DONE_AT)
    return segment_of(recording)


@act("media.services.make_derivatives", E.DERIVATIVE_MADE, E.DERIVATIVE_MADE)
def derive(stage: Stage) -> Call:
    segment = _probed()
    return lambda: media.make_derivatives(segment=segment, by=BY, at=AT) and segment.pk


@act("media.packets.index_packets", E.SEGMENT_PACKETS_INDEXED)
def index(stage: Stage) -> Call:
    segment = _probed()
    return lambda: packets.index_packets(segment=segment, by=BY, at=AT) and segment.pk


@act("media.services.cut_clip", E.CLIP_CUT)
def cut(stage: Stage) -> Call:
    segment = _probed()
    packets.index_packets(segment=segment, by=BY, at=DONE_AT)
    clip = _requested(stage, segment)
    return lambda: media.cut_clip(clip=clip, by=BY, at=AT).pk


@act("media.services.cut_clip#not listed yet", E.SEGMENT_PACKETS_INDEXED, E.CLIP_CUT)
def cut_first(stage: Stage) -> Call:
    clip = _requested(stage, _probed())
    return lambda: media.cut_clip(clip=clip, by=BY, at=AT).pk


def _exhibit(stage: Stage):
    """An exhibit of a recording that can be packed, under a signed checkpoint."""
    from tabard.incidents import exhibits

    found = exhibits.produce(
        recording=film(name="packed"),
        producer=stage.own.officer,
        description="The arrest",
        viewer=stage.viewer,
        at=DONE_AT,
    )
    sign_log()
    return found


@act("disclosure.packs.request", E.PACK_REQUESTED)
def request_pack(stage: Stage) -> Call:
    exhibit, viewer = stage.own.exhibit, stage.viewer
    return lambda: packs.request(exhibit=exhibit, viewer=viewer, at=AT).pk


@act("disclosure.packs.build", E.PACK_BUILT)
def build_pack(stage: Stage) -> Call:
    pack = packs.request(exhibit=_exhibit(stage), viewer=stage.viewer, at=DONE_AT)
    return lambda: packs.build(pack=pack, by=BY, at=AT).pk


@act("disclosure.packs.build#that cannot be", E.PACK_FAILED)
def fail_pack(stage: Stage) -> Call:
    pack = packs.request(exhibit=stage.own.exhibit, viewer=stage.viewer, at=DONE_AT)
    return lambda: packs.build(pack=pack, by=BY, at=AT).pk


@act("disclosure.packs.download", E.PACK_DOWNLOADED)
def download_pack(stage: Stage) -> Call:
    pack, viewer = stage.own.pack, stage.viewer
    return lambda: packs.download(pack=pack, viewer=viewer, at=AT) and pack.pk


@act("disclosure.packs.export", E.PACK_DOWNLOADED)
def export_pack(stage: Stage) -> Call:
    pack, out = stage.own.pack, BytesIO()

    def call():
        try:
            packs.export(pack=pack, out=out, by=BY, at=AT)
        except BaseException:
            assert out.getvalue() == b"", "bytes left although it could not be logged"
            raise
        return pack.pk

    return call


@act("disclosure.history.export_history", E.RECORDING_HISTORY_EXPORTED)
def export_history(stage: Stage) -> Call:
    recording, viewer = stage.own.recording, stage.viewer
    return lambda: (
        history.export_history(recording=recording, form=HistoryForm.CSV, viewer=viewer, at=AT)
        and recording.pk
    )


@act("disclosure.history.export_whole_history", E.RECORDING_HISTORY_EXPORTED)
def export_whole_history(stage: Stage) -> Call:
    recording = stage.own.recording
    return lambda: (
        history.export_whole_history(recording=recording, form=HistoryForm.PDF, by=BY, at=AT) and recording.pk
    )


@act("retention.holds.place", E.HOLD_PLACED)
def place_hold(stage: Stage) -> Call:
    recording, viewer = stage.own.recording, stage.viewer
    return lambda: (
        holds.place(on=recording, kind="inquest", reason="12 May", viewer=viewer, at=AT) and recording.pk
    )


@act("retention.holds.release", E.HOLD_RELEASED)
def release_hold(stage: Stage) -> Call:
    hold, viewer = stage.own.hold, stage.viewer
    return lambda: holds.release(hold=hold, reason="Over", viewer=viewer, at=AT).recording_id


@act("retention.holds.review", E.HOLD_REVIEWED)
def review_hold(stage: Stage) -> Call:
    hold, viewer, day = stage.own.hold, stage.viewer, AT.date() + timedelta(days=30)
    return lambda: (
        holds.review(
            hold=hold, review_date=day, reason="The trial is in May", viewer=viewer, at=AT
        ).recording_id
    )


@act("retention.holds.hand_over", E.HOLD_HANDED_OVER)
def hand_over_hold(stage: Stage) -> Call:
    hold, viewer = stage.own.hold, stage.viewer
    name, roles = "successor", [Role.RECORDS_MANAGER]
    owner = create_account(
        username=name, display_name=name, password="seven kingfishers", roles=roles, by=BY, at=DONE_AT
    )
    return lambda: holds.hand_over(hold=hold, owner=owner, reason="Left", viewer=viewer, at=AT).recording_id


@act("retention.holds.note_reviews", E.HOLD_REVIEW_CAME_DUE)
def note_reviews(stage: Stage) -> Call:
    hold = stage.own.hold
    type(hold).objects.filter(pk=hold.pk).update(review_date=AT.date())

    def call():
        assert holds.note_reviews(by=BY, at=AT) == 1
        return hold.recording_id

    return call


YEARS_LATER = timedelta(days=365 * 30)


def _old_recording() -> Recording:
    """One whose time has been over for long."""
    recording = film()
    long_ago = FILMED_AT - YEARS_LATER
    Recording.objects.filter(pk=recording.pk).update(started_at=long_ago, received_at=long_ago)
    return recording


BEGUN = {"retention_disposalrun": "that it began; the next run says that it was interrupted"}


@act("retention.runs.run", E.DISPOSAL_SCHEDULED, E.DISPOSAL_RUN_ENDED, keeps=BEGUN)
def run(stage: Stage) -> Call:
    _old_recording()

    def call():
        done = runs.run(as_of=AT, by=BY, at=AT)
        assert done.scheduled
        return done.pk

    return call


@act("retention.runs.run#that disposes", E.RECORDING_DISPOSED, E.DISPOSAL_RUN_ENDED, keeps=BEGUN)
def run_that_disposes(stage: Stage) -> Call:
    recording = _old_recording()
    ScheduledDisposal.objects.create(
        recording=recording,
        run=stopped_run(DONE_AT),
        rule="uncategorised",
        size_bytes=1,
        due_at=DONE_AT,
        scheduled_at=DONE_AT,
        executes_at=DONE_AT,
    )
    return lambda: runs.run(as_of=AT, by=BY, at=AT).disposed and recording.pk


@act("retention.runs.run#that stops", E.DISPOSAL_RUN_STOPPED)
def run_that_stops(stage: Stage) -> Call:
    _old_recording()
    last = stopped_run(DONE_AT)
    DisposalRun.objects.filter(pk=last.pk).update(state="complete", started_at=AT - timedelta(days=9))
    return lambda: runs.run(as_of=AT, by=BY, at=AT).pk


@act("retention.releases.approve", E.DISPOSAL_RUN_APPROVED)
def approve_run(stage: Stage) -> Call:
    stopped, viewer = stopped_run(DONE_AT), stage.viewer
    return lambda: releases.approve(run_id=stopped.pk, reason="Seen", viewer=viewer, at=AT).run_id


@act("retention.releases.refuse", E.DISPOSAL_RUN_REFUSED)
def refuse_run(stage: Stage) -> Call:
    stopped, viewer = stopped_run(DONE_AT), stage.viewer
    releases.approve(run_id=stopped.pk, reason="Seen", viewer=stage.second, at=DONE_AT)
    return lambda: releases.refuse(run_id=stopped.pk, reason="No", viewer=viewer, at=AT).run_id


@act("retention.disposing.dispose_of", E.RECORDING_DISPOSED)
def dispose_of(stage: Stage) -> Call:
    recording = film()
    ground = Ground("test", "For the test", AT, {"rule": "test"})

    def call():
        with transaction.atomic():
            disposing.dispose_of(grounds={recording.pk: ground}, by=BY, at=AT)
        return recording.pk

    return call


ORDER = {"basis": "court_order", "reason": "Order of the Crown Court, T20260001", "at_once": True}


def _asked(stage: Stage):
    return early_disposal.request(recording=film(), **ORDER, viewer=stage.viewer, at=DONE_AT)


@act("retention.early_disposal.request", E.EARLY_DISPOSAL_REQUESTED)
def request_disposal(stage: Stage) -> Call:
    recording, viewer = film(), stage.viewer
    return lambda: early_disposal.request(recording=recording, **ORDER, viewer=viewer, at=AT) and recording.pk


@act("retention.early_disposal.approve", E.EARLY_DISPOSAL_APPROVED)
def approve_disposal(stage: Stage) -> Call:
    asked, viewer = _asked(stage), stage.second
    return lambda: early_disposal.approve(request_id=asked.id, viewer=viewer, at=AT).recording_id


@act("retention.early_disposal.refuse", E.EARLY_DISPOSAL_REFUSED)
def refuse_disposal(stage: Stage) -> Call:
    asked, viewer = _asked(stage), stage.second
    return lambda: early_disposal.refuse(request_id=asked.id, reason="No", viewer=viewer, at=AT).recording_id


@act("retention.early_disposal.withdraw", E.EARLY_DISPOSAL_REFUSED)
def withdraw_disposal(stage: Stage) -> Call:
    asked, viewer = _asked(stage), stage.viewer
    return lambda: (
        early_disposal.withdraw(request_id=asked.id, reason="No", viewer=viewer, at=AT).recording_id
    )


def _approved(stage: Stage):
    asked = _asked(stage)
    return early_disposal.approve(request_id=asked.id, viewer=stage.second, at=DONE_AT)


@act("retention.early_disposal.carry_out", E.RECORDING_DISPOSED)
def carry_out_disposal(stage: Stage) -> Call:
    asked = _approved(stage)
    return lambda: early_disposal.carry_out(request_id=asked.id, by=BY, at=AT) and asked.recording_id


@act("retention.early_disposal.look_after", E.RECORDING_DISPOSED)
def look_after_disposals(stage: Stage) -> Call:
    asked = _approved(stage)
    return lambda: early_disposal.look_after(by=BY, at=AT) and asked.recording_id


@act("retention.early_disposal.look_after#that ran out", E.EARLY_DISPOSAL_REFUSED)
def look_after_old_disposals(stage: Stage) -> Call:
    asked = early_disposal.request(recording=film(), **ORDER, viewer=stage.viewer, at=AT - timedelta(days=30))
    return lambda: early_disposal.look_after(by=BY, at=AT) and asked.recording_id
