"""A small force with real sealed footage, for tests that begin where a recording already exists."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO

from django.db import transaction

from tabard.custody.actors import Actor
from tabard.people.authorisation import Viewer
from tabard.people.models import Account, Officer, Unit
from tabard.people.rules import Role
from tabard.people.selectors import viewer_of
from tabard.people.services import create_account, create_unit, enrol_officer
from tabard.recordings.drafts import RecordingDraft, SealedDraft, SegmentDraft
from tabard.recordings.models import Recording
from tabard.recordings.services import register
from tabard.simulation.footage import FootageSpec, film
from tabard.vault import services as vault

BY = Actor.system("test")
DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


@cache
def footage(form: str = "h264-mp4", duration_s: float = 4.0) -> bytes:
    """One short film, made once a run."""
    out = BytesIO()
    film(FootageSpec(started_at=DAY_ONE, serial="SIM-0001", duration_s=duration_s, form=form), out)
    return out.getvalue()


@dataclass
class World:
    """Two boroughs, an officer in each, and people with roles."""

    at: datetime = DAY_ONE
    units: dict[str, Unit] = field(default_factory=dict)
    officers: dict[str, Officer] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    sealed: int = 0

    def __post_init__(self) -> None:
        force = create_unit(kind="force", code="MPS", name="Force", parent=None, by=BY, at=self.at)
        for code, name in (("LX", "Lambeth"), ("WW", "Wandsworth")):
            self.units[code] = create_unit(
                kind="borough_command", code=code, name=name, parent=force, by=BY, at=self.at
            )
        self.enrol("Lee", "Bailey", "LX")
        self.enrol("Wyn", "Walker", "WW")

    def enrol(self, given: str, family: str, unit: str, role: Role = Role.OFFICER) -> Officer:
        number = len(self.officers) + 1
        officer = enrol_officer(
            given_name=given,
            family_name=family,
            rank="PC",
            warrant_number=f"W{number:04}",
            shoulder_number=f"{number:03}{unit}",
            unit=self.units[unit],
            by=BY,
            at=self.at,
        )
        self.officers[family] = officer
        self.open(family.lower(), role, officer)
        return officer

    def open(self, username: str, role: Role, officer: Officer | None = None) -> Account:
        account = create_account(
            username=username,
            display_name=username.title(),
            password=PASSWORD,
            roles=[role],
            officer=officer,
            by=BY,
            at=self.at,
        )
        self.accounts[username] = account
        return account

    def viewer(self, username: str) -> Viewer:
        return viewer_of(self.accounts[username], self.at + timedelta(days=1))

    def anyone(self, role: Role) -> Viewer:
        if role.value not in self.accounts:
            self.open(role.value, role)
        return self.viewer(role.value)

    def recording(
        self,
        content: bytes | list[bytes] | None = None,
        *,
        officer: str = "Bailey",
        started_at: datetime | None = None,
        received_at: datetime | None = None,
    ) -> Recording:
        """A recording whose segments are sealed in the vault, as a door would have left it."""
        self.sealed += 1
        began = started_at or self.at + timedelta(hours=self.sealed)
        received = received_at or began + timedelta(hours=8)
        content = b"not really video %d" % self.sealed if content is None else content
        contents = content if isinstance(content, list) else [content]
        with transaction.atomic():
            segments = tuple(
                SegmentDraft(
                    file=seal(f"{self.sealed}-{number}.mp4", each, received),
                    started_at=began + timedelta(seconds=30 * number),
                    stopped_at=began + timedelta(seconds=30 * (number + 1)),
                )
                for number, each in enumerate(contents)
            )
            draft = RecordingDraft(
                source="test",
                source_name=f"recording-{self.sealed}",
                officer_reference=self.officers[officer].shoulder_number,
                camera_serial=f"SIM-{self.sealed:04}",
                started_at=began,
                stopped_at=began + timedelta(seconds=30 * len(contents)),
                segments=segments,
            )
            return register(draft=draft, by=BY, at=received)


def seal(name: str, content: bytes, at: datetime) -> SealedDraft:
    with vault.start() as pending:
        pending.write(content)
        pending.seal()
        row = vault.record(pending=pending, at=at)
    return SealedDraft(name, row.id, row.size_bytes, bytes(row.sha256))
