"""Who works in the demonstration's force? Units, officers, cameras, docks, and accounts to sign in with."""

import csv
import io
import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tabard.cli.demo.steps import StepFailed
from tabard.custody.actors import Actor
from tabard.fleet.importing import import_cameras
from tabard.fleet.models import Camera, Dock
from tabard.fleet.services import install_dock
from tabard.people import services as people
from tabard.people.models import Account, Officer, Unit
from tabard.people.rules import Role
from tabard.simulation.force import Force, OfficerPlan

BY = Actor.system("demonstration")
SIGN_INS = "demo-sign-ins.json"
INCIDENT_COMMAND = "LX"
OTHER_COMMAND = "WW"


@dataclass(frozen=True, slots=True)
class SignIn:
    """One account to try, and why one would."""

    username: str
    password: str
    what: str


def enrol(force: Force, at: datetime) -> None:
    """The whole force is in the database when this returns; run again, it adds only what is missing."""
    units = _enrol_units(force, at)
    _enrol_officers(force, units, at)
    _receive_cameras(force, at)
    for dock in force.docks:
        if not Dock.objects.filter(serial=dock.serial).exists():
            install_dock(
                serial=dock.serial, site=dock.site, unit=units[dock.unit_code], bays=dock.bays, by=BY, at=at
            )


def open_accounts(force: Force, home: Path, at: datetime) -> list[SignIn]:
    """Accounts for every role, with one random password kept beside the data for this demonstration alone."""
    path = home / SIGN_INS
    if path.exists():
        return [SignIn(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    accounts = _Opening(secrets.token_hex(8), at)
    wearer = force.wearer(force.cameras_of(INCIDENT_COMMAND)[0])
    stranger = force.wearer(force.cameras_of(OTHER_COMMAND)[0])
    sign_ins = [
        accounts.open(
            "officer", wearer, [Role.OFFICER], "films the incident, cuts the clip, produces exhibits"
        ),
        accounts.open("stranger", stranger, [Role.OFFICER], "an officer of another borough: is refused"),
        accounts.open("investigator", None, [Role.INVESTIGATOR], "sees the force's footage and links it"),
        accounts.open("disclosure", None, [Role.DISCLOSURE_OFFICER], "builds evidence packs"),
        accounts.open("bwv", None, [Role.BWV_ADMINISTRATOR], "runs cameras and docks"),
        accounts.open("records", None, [Role.RECORDS_MANAGER], "sees what is kept, and why"),
        accounts.open("auditor", None, [Role.AUDITOR, Role.PROFESSIONAL_STANDARDS], "reads the custody log"),
    ]
    _write_private(path, json.dumps([_as_row(sign_in) for sign_in in sign_ins], indent=2))
    return sign_ins


def _enrol_units(force: Force, at: datetime) -> dict[str, Unit]:
    units = {unit.code: unit for unit in Unit.objects.all()}
    for plan in force.units:
        if plan.code not in units:
            parent = units[plan.parent_code] if plan.parent_code else None
            units[plan.code] = people.create_unit(
                kind=plan.kind, code=plan.code, name=plan.name, parent=parent, by=BY, at=at
            )
    return units


def _enrol_officers(force: Force, units: dict[str, Unit], at: datetime) -> None:
    known = set(Officer.objects.values_list("warrant_number", flat=True))
    for plan in force.officers:
        if plan.warrant_number not in known:
            people.enrol_officer(
                given_name=plan.given_name,
                family_name=plan.family_name,
                rank=plan.rank,
                warrant_number=plan.warrant_number,
                shoulder_number=plan.shoulder_number,
                unit=units[plan.unit_code],
                by=BY,
                at=at,
            )


def _receive_cameras(force: Force, at: datetime) -> None:
    """By the CSV door that a force would use, wearers included."""
    known = set(Camera.objects.values_list("serial", flat=True))
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow(["serial", "make", "model", "mount", "unit_code", "shoulder_number"])
    new = [camera for camera in force.cameras if camera.serial not in known]
    for camera in new:
        wearer = force.wearer(camera).shoulder_number
        rows.writerow([camera.serial, camera.make, camera.model, camera.mount, camera.unit_code, wearer])
    if new:
        report = import_cameras(rows_csv=io.StringIO(sheet.getvalue()), by=BY, at=at)
        if not report.ok:
            raise StepFailed(
                f"The cameras could not be imported: row {report.errors[0].row}: {report.errors[0].words}"
            )


@dataclass(frozen=True, slots=True)
class _Opening:
    """What every account of the demonstration has in common."""

    password: str
    at: datetime

    def open(self, username: str, officer: OfficerPlan | None, roles: list[Role], what: str) -> SignIn:
        """The account can sign in when this returns."""
        person = Officer.objects.get(warrant_number=officer.warrant_number) if officer else None
        if not Account.objects.filter(username=username).exists():
            people.create_account(
                username=username,
                display_name=officer.name if officer else f"Demo {username}",
                password=self.password,
                roles=roles,
                officer=person,
                by=BY,
                at=self.at,
            )
        return SignIn(username, self.password, what)


def _as_row(sign_in: SignIn) -> dict[str, str]:
    return {"username": sign_in.username, "password": sign_in.password, "what": sign_in.what}


def _write_private(path: Path, text: str) -> None:
    staged = path.with_suffix(".new")
    staged.unlink(missing_ok=True)
    with os.fdopen(
        os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    staged.rename(path)
