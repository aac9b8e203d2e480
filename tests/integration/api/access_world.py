"""A force in which every kind of thing exists three times: the asker's own, their unit's, and another borough's."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.test import override_settings

from tabard.custody import selectors as custody
from tabard.custody import sequencer
from tabard.custody.actors import Actor
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.custody.selectors import EventLine, LogFilter
from tabard.disclosure.models import Pack
from tabard.fleet import stocktaking
from tabard.fleet.docks import enrol_key
from tabard.fleet.losses import report_loss
from tabard.fleet.models import Camera, Dock, DockKey, Loss, Stocktake
from tabard.fleet.services import assign_camera, install_dock, receive_camera
from tabard.fleet.states import Change
from tabard.incidents import exhibits
from tabard.incidents import services as incidents
from tabard.incidents.models import Exhibit, Incident
from tabard.insight import blocks, plans
from tabard.insight.models import UnitBlock
from tabard.intake.models import Container, Destination, FolderRun, NamePattern
from tabard.intake.naming import services as naming
from tabard.kernel.clock import now
from tabard.media.models import Derivative
from tabard.people import services as people
from tabard.people.authorisation import Viewer
from tabard.people.models import Account, Officer, Unit
from tabard.people.rules import Relation, Role
from tabard.people.selectors import viewer_of
from tabard.recordings.drafts import BookmarkDraft, RecordingDraft, SealedDraft, SegmentDraft, TrackPoint
from tabard.recordings.models import Clip, Recording, Segment
from tabard.recordings.services import register
from tabard.retention import early_disposal, holds
from tabard.retention.disposing import Ground, dispose_of
from tabard.retention.models import EarlyDisposal, Hold, Review
from tabard.retention.services import adopt_policy
from tabard.vault import services as vault
from tabard.vault.models import SealedObject

BY = Actor.system("test")
DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILMED_AT = datetime(2026, 3, 14, 22, 41, 7, 250_000, tzinfo=UTC)
SEALED_AT = FILMED_AT + timedelta(hours=1)
DONE_AT = FILMED_AT + timedelta(hours=2)
PASSWORD = "the-knight-rode-first"

WHERE = {
    "own": frozenset({Relation.OWN, Relation.UNIT, Relation.FORCE}),
    "unit": frozenset({Relation.UNIT, Relation.FORCE}),
    "elsewhere": frozenset({Relation.FORCE}),
}
"""Where a thing may be, and how the asker then stands to it."""

# Of RFC 8032, test 1.
A_PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


@dataclass(frozen=True)
class Place:
    """One of everything, in one of the three places."""

    officer: Officer
    recording: Recording
    segment: Segment
    clip: Clip
    camera: Camera
    incident: Incident
    unlinked_incident: Incident
    exhibit: Exhibit
    pack: Pack
    hold: Hold
    review: Review
    event_id: UUID
    free: Recording | None
    early: EarlyDisposal | None
    gone: Recording | None


@dataclass(frozen=True)
class World:
    """The force; `asker` is who asks, with the role that `become` gave last."""

    force: Unit
    lambeth: Unit
    hackney: Unit
    asker: Account
    clerk: Account
    places: dict[str, Place]
    destination: Destination
    transfer: Container
    dock: Dock
    dock_key: DockKey
    folder_run: FolderRun
    name_pattern: NamePattern
    loss: Loss
    stocktake: Stocktake
    unit_block: UnitBlock

    def become(self, *roles: Role) -> Account:
        """The asker, holding these roles and no others."""
        self.asker.grants.all().delete()
        for role in roles:
            people.grant_role(account=self.asker, role=role, by=BY, at=DAY_ONE)
        return self.asker

    @property
    def own(self) -> Place:
        return self.places["own"]

    @property
    def elsewhere(self) -> Place:
        return self.places["elsewhere"]


@contextmanager
def staged(home: Path, *, with_unheld: bool = True) -> Iterator[World]:
    """The force, built once for many tests; nothing of it remains in the database afterwards.

    Args:
        home: Where its objects and keys are.
        with_unheld: Also three recordings in each place that nothing holds: one is asked to go early, one is gone.
    """
    with override_settings(TABARD_HOME=home, TABARD_STORE_URL=""), transaction.atomic():
        yield build(with_unheld=with_unheld)
        transaction.set_rollback(True)


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is undone in the database at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def build(*, with_unheld: bool = True) -> World:
    """The force with its footage, every event of it under a signed checkpoint."""
    adopt_policy()
    force = _unit("force", "MPS", "Metropolitan Police", None)
    lambeth = _unit("borough_command", "LX", "Lambeth", force)
    hackney = _unit("borough_command", "GD", "Hackney", force)
    barrow, colleague = _officer("Barrow", "101LX", lambeth), _officer("Tasker", "102LX", lambeth)
    stranger = _officer("Okafor", "201GD", hackney)
    team = people.create_unit(
        kind="team", code="LX-R1", name="Lambeth Response 1", parent=lambeth, by=BY, at=DAY_ONE
    )
    _officer("Marlow", "71LX", lambeth)  # who has no camera
    asker = _account("asker", officer=barrow)
    clerk = _account("clerk", roles=[Role.AUDITOR])
    _account("steward", roles=[Role.RECORDS_MANAGER])
    dock = install_dock(serial="DOCK-1", site="Brixton", unit=lambeth, bays=8, by=BY, at=DAY_ONE)
    dock_key = enrol_key(dock=dock, public_key=A_PUBLIC_KEY, name="Station PC", by=BY, at=DAY_ONE)
    places = {
        "own": _place(barrow, lambeth, asker, with_unheld=with_unheld),
        "unit": _place(colleague, lambeth, _account("colleague", officer=colleague), with_unheld=with_unheld),
        "elsewhere": _place(
            stranger, hackney, _account("stranger", officer=stranger), with_unheld=with_unheld
        ),
    }
    destination, transfer = _transfer()
    sign_log()
    folder_run = FolderRun.objects.create(collection="Card 7", path="/media/card", started_at=DAY_ONE)
    pattern = naming.add(text="{officer}_{date}.mp4", by=BY, at=DAY_ONE)
    system = (destination, transfer, dock, dock_key)
    return World(
        force,
        lambeth,
        hackney,
        asker,
        clerk,
        places,
        *system,
        folder_run,
        pattern,
        _lost(lambeth),
        _counted(team),
        _rollout(lambeth),
    )


def _rollout(unit: Unit) -> UnitBlock:
    """A rollout plan, and what keeps the unit from its wave."""
    raw = f"phase,wave,unit_code,target,due\nOne,Boroughs,{unit.code},480,2026-06\n".encode()
    plans.import_plan(raw=raw, note="The first", by=BY, at=DAY_ONE)
    return blocks.raise_block(
        unit=unit,
        kind="network",
        since_date=DAY_ONE.date(),
        until_date=None,
        words="No line yet",
        by=BY,
        at=DAY_ONE,
    )


def _lost(unit: Unit) -> Loss:
    """A camera that is lost, and looked for."""
    facts = {"make": "Axis", "model": "W120", "mount": "chest", "unit": unit}
    camera = receive_camera(serial="LOST-1", **facts, by=BY, at=DAY_ONE)
    return report_loss(camera=camera, change=Change.LOSE, reason="In the Thames", by=BY, at=DONE_AT)


def _counted(unit: Unit) -> Stocktake:
    """A stocktake that is open."""
    return stocktaking.begin(unit=unit, by=BY, at=DONE_AT)


def _transfer() -> tuple[Destination, Container]:
    """A body-worn system, and something that it has begun to send."""
    destination = Destination.objects.create(
        name="Lambeth docks", username="lambeth", key_sha256=bytes(range(32)), opened_at=DAY_ONE
    )
    name, kind = "101LX_CAM-101LX_20260314T224107Z", Container.Kind.RECORDING
    return destination, Container.objects.create(
        destination=destination, name=name, kind=kind, created_at=DONE_AT
    )


def sign_log() -> None:
    """Every event so far has its place under a signed checkpoint."""
    sequencer.sequence()
    sequencer.sign_checkpoint(at=DONE_AT, signer=log_signer())


def events(kind: EventKind) -> list[EventLine]:
    """Every event of the kind, newest first."""
    return custody.lines(custody.page(LogFilter(kind=kind), limit=10_000))


def count_events(kind: EventKind) -> int:
    """How many events of the kind there are."""
    return Event.objects.filter(kind=kind).count()


def subjects(kind: EventKind) -> list[UUID]:
    """What the events of the kind are about, newest first."""
    return [event.subject_id for event in events(kind)]


def _place(officer: Officer, unit: Unit, account: Account, *, with_unheld: bool) -> Place:
    camera = receive_camera(
        serial=f"CAM-{officer.shoulder_number}",
        make="Axis",
        model="W120",
        mount="chest",
        unit=unit,
        by=BY,
        at=DAY_ONE,
    )
    assign_camera(camera=camera, officer=officer, by=BY, at=DAY_ONE)
    recording = _record(officer, camera)
    segment = recording.segments.get()
    _derive(segment)
    clip = _cut(segment, account)
    can_all = _viewer(account, Role)
    linked, unlinked = (_incident(f"{officer.shoulder_number}/{n}", unit, can_all) for n in (1, 2))
    incidents.link(incident=linked, recording=recording, viewer=can_all, at=DONE_AT)
    exhibit = exhibits.produce(
        recording=recording,
        clip=clip,
        incident=linked,
        producer=officer,
        description="The arrest",
        viewer=can_all,
        at=DONE_AT,
    )
    return Place(
        officer=officer,
        recording=recording,
        segment=segment,
        clip=clip,
        camera=camera,
        incident=linked,
        unlinked_incident=unlinked,
        exhibit=exhibit,
        pack=_pack(exhibit, account),
        hold=holds.place(on=recording, kind="complaint", reason="C/12", viewer=can_all, at=DONE_AT),
        review=Review.objects.create(
            recording=recording, choice="let_go", reason="Over", decided_at=DONE_AT, decided_by=account
        ),
        event_id=custody.history([recording.id])[0].id,
        free=_record(officer, camera, 1) if with_unheld else None,
        early=_early(_record(officer, camera, 2)) if with_unheld else None,
        gone=_gone(_record(officer, camera, 3)) if with_unheld else None,
    )


def _early(recording: Recording) -> EarlyDisposal:
    """A request for early disposal, by someone who is never the asker."""
    username = f"manager-{recording.id}"
    viewer = _viewer(_account(username, roles=[Role.RECORDS_MANAGER]), [Role.RECORDS_MANAGER])
    return early_disposal.request(
        recording=recording,
        basis="court_order",
        reason="T20260001",
        at_once=True,
        viewer=viewer,
        at=now(),
    )


def _gone(recording: Recording) -> Recording:
    """The recording, disposed of."""
    ground = Ground("uncategorised", "Kept for 31 days", DONE_AT, {"rule": "uncategorised"})
    with transaction.atomic():
        dispose_of(grounds={recording.id: ground}, by=BY, at=DONE_AT)
    return recording


def _record(officer: Officer, camera: Camera, number: int = 0) -> Recording:
    name = f"{officer.shoulder_number}{number or ''}.mp4"
    kept = seal(name.encode())
    file = SealedDraft(name, kept.id, kept.size_bytes, bytes(kept.sha256))
    stopped_at = FILMED_AT + timedelta(minutes=15)
    draft = RecordingDraft(
        source="folder",
        source_name=f"{officer.shoulder_number}{number or ''}",
        officer_reference=officer.shoulder_number,
        camera_serial=camera.serial,
        started_at=FILMED_AT,
        stopped_at=stopped_at,
        segments=(SegmentDraft(file, FILMED_AT, stopped_at),),
        bookmarks=(BookmarkDraft(start_at=FILMED_AT, text="Arrest"),),
        track=(TrackPoint(0, -0.11, 51.46), TrackPoint(5, -0.112, 51.461)),
    )
    return register(draft=draft, by=BY, at=SEALED_AT)


def _derive(segment: Segment) -> None:
    for kind in Derivative.Kind:
        content_type = "video/mp4" if kind is Derivative.Kind.RENDITION else "image/jpeg"
        facts = {"times_s": [0], "columns": 1, "thumb_width": 160, "thumb_height": 90}
        Derivative.objects.create(
            segment=segment,
            kind=kind,
            object=seal(kind.encode()),
            content_type=content_type,
            facts=facts,
            made_at=SEALED_AT,
        )


def _cut(segment: Segment, account: Account) -> Clip:
    """A clip as the worker leaves it."""
    return Clip.objects.create(
        segment=segment,
        title="The arrest",
        start_s=10,
        end_s=40,
        actual_start_s=8,
        actual_end_s=40,
        container="mp4",
        state=Clip.State.CUT,
        object=seal(b"a clip"),
        requested_at=DONE_AT,
        requested_by=account,
    )


def _pack(exhibit: Exhibit, account: Account) -> Pack:
    """A pack as the worker leaves it."""
    return Pack.objects.create(
        exhibit=exhibit,
        state=Pack.State.BUILT,
        object=seal(b"a zip"),
        requested_at=DONE_AT,
        requested_by=account,
        built_at=DONE_AT,
    )


def _incident(reference: str, unit: Unit, viewer: Viewer) -> Incident:
    return incidents.record(
        kind="crime_report",
        reference=reference,
        title="Robbery, Brixton Road",
        start_at=FILMED_AT,
        end_at=None,
        place="Brixton Road",
        unit=unit,
        viewer=viewer,
        at=DONE_AT,
    )


def seal(data: bytes) -> SealedObject:
    """The bytes as an object of the vault."""
    with vault.start() as pending:
        pending.write(data)
        pending.seal()
        with transaction.atomic():
            return vault.record(pending=pending, at=SEALED_AT)


def _unit(kind: str, code: str, name: str, parent: Unit | None) -> Unit:
    return people.create_unit(kind=kind, code=code, name=name, parent=parent, by=BY, at=DAY_ONE)


def _officer(family_name: str, number: str, unit: Unit) -> Officer:
    return people.enrol_officer(
        given_name="Lena",
        family_name=family_name,
        rank="PC",
        warrant_number=f"W{number}",
        shoulder_number=number,
        unit=unit,
        by=BY,
        at=DAY_ONE,
    )


def _account(username: str, *, roles: Iterable[Role] = (), officer: Officer | None = None) -> Account:
    return people.create_account(
        username=username,
        display_name=username.capitalize(),
        password=PASSWORD,
        roles=roles,
        officer=officer,
        by=BY,
        at=DAY_ONE,
    )


def _viewer(account: Account, roles: Iterable[Role]) -> Viewer:
    """The account as if it held these roles: who made things does not matter here."""
    found = viewer_of(account, DONE_AT)
    return Viewer(
        account_id=found.account_id,
        name=found.name,
        roles=frozenset(roles),
        officer_id=found.officer_id,
        unit_id=found.unit_id,
        unit_ids=found.unit_ids,
    )
