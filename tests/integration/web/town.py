"""A small force with footage, for the tests of pages and playback: two boroughs, who works there, what they filmed."""

import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tabard.custody.actors import Actor
from tabard.fleet import services as fleet
from tabard.fleet.models import Camera
from tabard.media import services as media
from tabard.people import services as people
from tabard.people.models import Account, Officer, Unit
from tabard.people.rules import Role
from tabard.recordings import services as recordings
from tabard.recordings.drafts import BookmarkDraft, RecordingDraft, SealedDraft, SegmentDraft, TrackPoint
from tabard.recordings.models import Recording, Segment
from tabard.retention.services import adopt_policy
from tabard.simulation.footage import FootageSpec, film
from tabard.simulation.walk import walk
from tabard.vault import services as vault

BY = Actor.system("test")
PASSWORD = "seven kingfishers at dusk"
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FILMED_AT = datetime.now(UTC).replace(hour=1, minute=15, second=0, microsecond=0) - timedelta(days=2)
SECONDS = 12


@dataclass
class Town:
    """Lambeth and Hackney: an officer and a supervisor each, and those who work for the whole force."""

    lambeth: Unit
    hackney: Unit
    team: Unit
    wearer: Officer
    stranger: Officer
    camera: Camera
    accounts: dict[str, Account] = field(default_factory=dict)


def build() -> Town:
    """The force, its people with their accounts, and a camera given out."""
    adopt_policy()
    force = _unit("force", "SIM", "Metropolitan Police (simulated)", None)
    lambeth = _unit("borough_command", "LX", "Lambeth", force)
    hackney = _unit("borough_command", "GD", "Hackney", force)
    team = _unit("team", "LX-R1", "Lambeth Response 1", lambeth)
    wearer = _officer("Lena", "Barrow", "482LX", team)
    chief = _officer("Ruth", "Adeyemi", "11LX", lambeth)
    stranger = _officer("Tom", "Okafor", "119GD", hackney)
    detective = _officer("Ines", "Marlow", "71PX", force)
    camera = fleet.receive_camera(
        serial="SIM-A1", make="Axis", model="W120", mount="chest", unit=lambeth, by=BY, at=LONG_AGO
    )
    fleet.assign_camera(camera=camera, officer=wearer, by=BY, at=LONG_AGO)
    town = Town(lambeth, hackney, team, wearer, stranger, camera)
    for username, name, role, officer in (
        ("lena", "PC 482LX Barrow", Role.OFFICER, wearer),
        ("tom", "PC 119GD Okafor", Role.OFFICER, stranger),
        ("ruth", "PS 11LX Adeyemi", Role.SUPERVISOR, chief),
        ("ines", "DC 71PX Marlow", Role.INVESTIGATOR, detective),
        ("dana", "Dana Whitlock", Role.DISCLOSURE_OFFICER, None),
        ("amir", "Amir Solanki", Role.BWV_ADMINISTRATOR, None),
        ("rosa", "Rosa Keane", Role.RECORDS_MANAGER, None),
        ("olga", "Olga Penrose", Role.AUDITOR, None),
    ):
        town.accounts[username] = people.create_account(
            username=username,
            display_name=name,
            password=PASSWORD,
            roles=[role],
            officer=officer,
            by=BY,
            at=LONG_AGO,
        )
    return town


def record(
    *files: bytes,
    officer: str = "482LX",
    camera: str = "SIM-A1",
    name: str = "first",
    started_at: datetime = FILMED_AT,
    with_track: bool = True,
) -> Recording:
    """A recording of these files, one after another, sealed and registered as a door would."""
    segments = tuple(
        SegmentDraft(
            seal(content, f"{name}-{number}.mp4"),
            started_at + timedelta(seconds=number * SECONDS),
            started_at + timedelta(seconds=(number + 1) * SECONDS),
        )
        for number, content in enumerate(files)
    )
    draft = RecordingDraft(
        source="folder",
        source_name=f"{name}-{started_at:%Y%m%dT%H%M%SZ}",
        officer_reference=officer,
        camera_serial=camera,
        started_at=started_at,
        stopped_at=started_at + timedelta(seconds=max(len(files), 1) * SECONDS),
        trigger="Button",
        segments=segments,
        bookmarks=(BookmarkDraft(start_at=started_at + timedelta(seconds=7), text="Man in a red coat"),),
        track=_track(started_at) if with_track else (),
    )
    return recordings.register(draft=draft, by=BY, at=started_at + timedelta(hours=6))


def seal(content: bytes, name: str) -> SealedDraft:
    """The bytes as a sealed object."""
    with vault.start() as pending:
        pending.write(content)
        pending.seal()
        kept = vault.record(pending=pending, at=LONG_AGO)
    return SealedDraft(name, kept.id, len(content), hashlib.sha256(content).digest())


def look_into(recording: Recording) -> None:
    """What the worker does once a recording is sealed."""
    at = datetime.now(UTC)
    media.probe_recording(recording=recording, by=BY, at=at)
    for segment in Segment.objects.filter(recording=recording).select_related("object", "recording"):
        media.make_derivatives(segment=segment, by=BY, at=at)


@lru_cache(maxsize=8)
def footage(form: str = "h264-mp4", seed: int = 1) -> bytes:
    """A few seconds of a simulated street."""
    out = io.BytesIO()
    spec = FootageSpec(
        started_at=FILMED_AT,
        serial="SIM-A1",
        seed=seed,
        duration_s=SECONDS,
        width=480,
        height=270,
        fps=10,
        form=form,
    )
    film(spec, out)
    return out.getvalue()


def _unit(kind: str, code: str, name: str, parent: Unit | None) -> Unit:
    return people.create_unit(kind=kind, code=code, name=name, parent=parent, by=BY, at=LONG_AGO)


def _officer(given: str, family: str, number: str, unit: Unit) -> Officer:
    return people.enrol_officer(
        given_name=given,
        family_name=family,
        rank="PC",
        warrant_number=f"SIM{number}",
        shoulder_number=number,
        unit=unit,
        by=BY,
        at=LONG_AGO,
    )


def _track(started_at: datetime) -> tuple[TrackPoint, ...]:
    fixes = walk(start=(51.4613, -0.1156), started_at=started_at, duration_s=SECONDS, seed=3)
    return tuple(
        TrackPoint((fix.at - started_at).total_seconds(), fix.longitude, fix.latitude) for fix in fixes
    )
