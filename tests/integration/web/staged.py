"""A small force with one sealed recording, for the tests of pages: people are made when they are asked for."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape

from django.db import transaction
from django.test import Client

from tabard.custody import sequencer
from tabard.custody.actors import Actor
from tabard.custody.adapters import log_signer
from tabard.custody.models import Event
from tabard.fleet.models import Camera
from tabard.fleet.services import assign_camera, receive_camera
from tabard.incidents import exhibits
from tabard.incidents import services as incidents
from tabard.incidents.models import Exhibit, Incident
from tabard.people.authorisation import Viewer
from tabard.people.models import Account, Officer, Unit
from tabard.people.rules import Role
from tabard.people.selectors import viewer_of
from tabard.people.services import create_account, create_unit, enrol_officer
from tabard.recordings.drafts import RecordingDraft, SealedDraft, SegmentDraft
from tabard.recordings.models import Clip, Recording
from tabard.recordings.services import register
from tabard.vault import services as vault
from tabard.vault.models import SealedObject

DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILMED_AT = datetime(2026, 3, 14, 22, 41, 7, tzinfo=UTC)
PASSWORD = "the-knight-rode-first"
BY = Actor.system("test")


@dataclass
class Staged:
    """The force, and what was done in it."""

    force: Unit
    lambeth: Unit
    hackney: Unit
    barrow: Officer
    okafor: Officer
    camera: Camera
    accounts: dict[tuple[Role, str], Account] = field(default_factory=dict)

    def account(self, role: Role, officer: Officer | None = None) -> Account:
        """The account of this role, and of the officer if one is named; made at the first call."""
        key = (role, str(officer))
        if key not in self.accounts:
            self.accounts[key] = create_account(
                username=f"{role}-{len(self.accounts)}",
                display_name=f"{role.label} {officer.family_name if officer else 'Smith'}",
                password=PASSWORD,
                roles=[role],
                officer=officer,
                by=BY,
                at=DAY_ONE,
            )
        return self.accounts[key]

    def viewer(self, role: Role, officer: Officer | None = None) -> Viewer:
        return viewer_of(self.account(role, officer), FILMED_AT)

    def client(self, role: Role, officer: Officer | None = None) -> Client:
        """A browser in which that account is signed in."""
        client = Client()
        client.force_login(self.account(role, officer))
        return client

    def record(self, name: str = "first", *, started_at: datetime = FILMED_AT, received_at=None) -> Recording:
        """One sealed recording of Barrow's, two segments long."""
        stopped_at = started_at + timedelta(minutes=15, seconds=12)
        segments = tuple(
            SegmentDraft(sealed(f"{name}-{number}.mp4"), began, began + timedelta(minutes=7, seconds=36))
            for number, began in enumerate((started_at, started_at + timedelta(minutes=7, seconds=36)), 1)
        )
        draft = RecordingDraft(
            source="folder",
            source_name=name,
            officer_reference=self.barrow.shoulder_number,
            camera_serial=self.camera.serial,
            started_at=started_at,
            stopped_at=stopped_at,
            segments=segments,
        )
        return register(draft=draft, by=BY, at=received_at or stopped_at + timedelta(hours=1))

    def incident(self, reference: str = "4829137/26", **changed) -> Incident:
        facts = {
            "kind": Incident.Kind.CRIME_REPORT,
            "title": "Robbery, Brixton Road",
            "start_at": FILMED_AT,
            "end_at": None,
            "place": "Brixton Road",
            "unit": self.lambeth,
            **changed,
        }
        viewer = self.viewer(Role.INVESTIGATOR)
        return incidents.record(reference=reference, **facts, viewer=viewer, at=FILMED_AT)

    def exhibit(self, recording: Recording, **changed) -> Exhibit:
        return exhibits.produce(
            recording=recording,
            producer=self.barrow,
            description="Body-worn video of the arrest",
            viewer=self.viewer(Role.INVESTIGATOR),
            at=FILMED_AT,
            **changed,
        )

    def cut(self, recording: Recording, title: str = "The arrest") -> Clip:
        """A clip of the recording's first segment, as if the worker had cut it."""
        return Clip.objects.create(
            segment=recording.segments.get(ordinal=0),
            title=title,
            start_s=10,
            end_s=40,
            actual_start_s=8,
            actual_end_s=40,
            container="mp4",
            state=Clip.State.CUT,
            object=seal(b"a clip"),
            requested_at=FILMED_AT,
            requested_by=self.account(Role.INVESTIGATOR),
        )


def stage() -> Staged:
    force = create_unit(
        kind=Unit.Kind.FORCE, code="MPS", name="Metropolitan Police", parent=None, by=BY, at=DAY_ONE
    )
    lambeth, hackney = (
        create_unit(kind=Unit.Kind.BOROUGH_COMMAND, code=code, name=name, parent=force, by=BY, at=DAY_ONE)
        for code, name in (("LX", "Lambeth"), ("GD", "Hackney"))
    )
    barrow = enrol("Lena", "Barrow", "482LX", lambeth)
    okafor = enrol("Musa", "Okafor", "119GD", hackney)
    camera = receive_camera(
        serial="B8A44F01", make="Axis", model="W120", mount="chest", unit=lambeth, by=BY, at=DAY_ONE
    )
    assign_camera(camera=camera, officer=barrow, by=BY, at=DAY_ONE)
    return Staged(force, lambeth, hackney, barrow, okafor, camera)


def enrol(given_name: str, family_name: str, number: str, unit: Unit) -> Officer:
    return enrol_officer(
        given_name=given_name,
        family_name=family_name,
        rank="PC",
        warrant_number=f"W{number}",
        shoulder_number=number,
        unit=unit,
        by=BY,
        at=DAY_ONE,
    )


def seal(data: bytes) -> SealedObject:
    with vault.start() as pending:
        pending.write(data)
        pending.seal()
        with transaction.atomic():
            return vault.record(pending=pending, at=FILMED_AT)


def sealed(name: str) -> SealedDraft:
    kept = seal(name.encode())
    return SealedDraft(name, kept.id, kept.size_bytes, bytes(kept.sha256))


def sign_log() -> None:
    """Every event so far has its place under a signed checkpoint."""
    sequencer.sequence()
    sequencer.sign_checkpoint(at=FILMED_AT, signer=log_signer())


def events(kind: str, subject_id=None) -> list[Event]:
    found = Event.objects.filter(kind=kind).select_related("particulars").order_by("id")
    return list(found if subject_id is None else found.filter(subject_id=subject_id))


def text(response) -> str:
    """What a reader sees of a page: its text with single spaces."""
    body = re.sub(r"(?s)<(script|style|title)\b.*?</\1>", " ", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
