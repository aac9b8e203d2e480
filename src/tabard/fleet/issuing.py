"""By which rules is a camera given out, and what is known of camera and officer when it is?

The rules themselves are pure (`issue_rules`); here they are kept, changed, and asked about one case. Who may change
them and record training is decided by the caller, against `fleet.manage`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.errors import NotToBeIssued
from tabard.fleet.issue_rules import (
    CameraFitness,
    Objection,
    OfficerFitness,
    Rules,
    Trained,
    as_json,
    camera_objections,
    checked,
    from_json,
    mount_objections,
    officer_objections,
)
from tabard.fleet.lives import LONGEST_REASON, Held
from tabard.fleet.models import Assignment, Camera, ClockReading, DockedCamera, IssueRules, Training
from tabard.fleet.states import State
from tabard.kernel.errors import Invalid
from tabard.kernel.ids import new_id
from tabard.kernel.text import required
from tabard.people.models import Officer


@dataclass(frozen=True, slots=True)
class Allowance:
    """Who lets a camera go against the rules, and why."""

    by: Officer
    reason: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How a camera is to be worn; what is empty follows from the rules and the officer's training."""

    mount: str = ""
    duty: str = ""
    allowance: Allowance | None = None


def rules_in_force() -> Rules:
    """The force's rules of issue, or the defaults where it never changed them."""
    newest = IssueRules.objects.order_by("-since_at", "-id").first()
    return Rules() if newest is None else from_json(newest.rules)


def change_rules(*, rules: Rules, by: Actor, at: datetime) -> IssueRules:
    """These rules are in force from now on; the ones before stay on record.

    Raises:
        Invalid: naming the field that is wrong.
    """
    kept = as_json(checked(rules))
    with transaction.atomic():
        row = IssueRules.objects.create(rules=kept, since_at=at, changed_by=by.name[:200])
        custody.append(
            kind=EventKind.ISSUE_RULES_CHANGED, subject=Subject("fleet", new_id()), at=at, by=by, details=kept
        )
    return row


def record_training(
    *,
    officer: Officer,
    duty: str,
    trained_date: date,
    expires_date: date | None = None,
    by: Actor,
    at: datetime,
) -> Training:
    """The officer counts as trained for the duty from that day, until the other (that day included) or for good.

    Raises:
        Invalid: naming the field: no such duty, a day to come, an end before the beginning.
    """
    name = rules_in_force().duty(duty).name
    if trained_date > at.date():
        raise Invalid("The training is still to come.", field="trained_date")
    if expires_date is not None and expires_date < trained_date:
        raise Invalid("It ends before it began.", field="expires_date")
    with transaction.atomic():
        training = Training.objects.create(
            officer=officer, duty=name, trained_date=trained_date, expires_date=expires_date, recorded_at=at
        )
        details = {
            "name": f"{officer.given_name} {officer.family_name}",
            "shoulder_number": officer.shoulder_number,
            "duty": name,
            "trained_date": str(trained_date),
            "expires_date": str(expires_date) if expires_date else None,
        }
        subject = Subject("officer", officer.pk)
        custody.append(kind=EventKind.OFFICER_TRAINED, subject=subject, at=at, by=by, details=details)
    return training


def draft(held: Held, officer: Officer, terms: Terms, at: datetime) -> Assignment:
    """The assignment by which the officer would wear the locked camera, not yet kept, if the rules allow it.

    Raises:
        NotToBeIssued: with every reason why not, each with its cure, and who could allow it.
        Invalid: naming the field, when there is no such duty or mount, or nobody of that rank may allow it.
    """
    rules, wearer = rules_in_force(), officer_fitness(officer, at)
    duty = rules.duty(terms.duty or wearer.usual_duty(at.date()))
    usual = held.camera.mount
    mount = terms.mount or (usual if usual in duty.mounts else duty.mounts[0])
    objections = [
        *officer_objections(wearer, duty, at.date(), rules),
        *mount_objections(mount, duty),
        *camera_objections(fitness_of([held.camera])[held.camera.pk], held.camera.serial, rules),
    ]
    reason = _allowed(objections, officer, terms.allowance, rules)
    return Assignment(
        camera=held.camera,
        officer=officer,
        mount=mount,
        duty=duty.name,
        is_shift=held.camera.kept_state == State.POOLED,
        exception_reason=reason,
        excepted_by=terms.allowance.by if terms.allowance and reason else None,
    )


def fitness_of(cameras: Sequence[Camera]) -> dict[UUID, CameraFitness]:
    """What is known of each camera, in three queries however many there are."""
    docked = _newest(DockedCamera.objects.filter(camera__in=cameras).order_by("camera_id", "-seen_at"))
    clocks = _newest(ClockReading.objects.filter(camera__in=cameras).order_by("camera_id", "-our_at"))
    ended = Assignment.objects.filter(camera__in=cameras, during__upper_inf=False)
    back = dict(ended.values("camera_id").annotate(at=Max("during__endswith")).values_list("camera_id", "at"))
    return {
        each.pk: _fitness(docked.get(each.pk), clocks.get(each.pk), back.get(each.pk)) for each in cameras
    }


def _newest(rows: QuerySet[Any]) -> dict[UUID, Any]:
    """The first row of each camera, by the order that the query has."""
    return {row.camera_id: row for row in rows.distinct("camera_id")}


def _fitness(
    docked: DockedCamera | None, clock: ClockReading | None, back_at: datetime | None
) -> CameraFitness:
    clock_off_s = None if clock is None else clock.offset_ms / 1000
    if docked is None:
        return CameraFitness(clock_off_s=clock_off_s, back_at=back_at)
    return CameraFitness(
        files_left=docked.files,
        seen_at=docked.seen_at,
        battery_percent=docked.battery_percent,
        faults=tuple(docked.faults),
        clock_off_s=clock_off_s,
        back_at=back_at,
    )


def officer_fitness(officer: Officer, at: datetime) -> OfficerFitness:
    """What is known of the officer."""
    trainings = officer.camera_trainings.values_list("duty", "trained_date", "expires_date")
    is_posted = officer.postings.filter(during__contains=at).exists()
    return OfficerFitness(str(officer), is_posted, tuple(Trained(*each) for each in trainings))


def _allowed(
    objections: Iterable[Objection], officer: Officer, allowance: Allowance | None, rules: Rules
) -> str:
    """The reason for going against the rules, as it is kept; empty where nothing speaks against it.

    Raises:
        NotToBeIssued: as `draft`.
        Invalid: as `draft`.
    """
    against = list(objections)
    final = [each for each in against if not each.may_be_excepted]
    if not against:
        return ""
    if final or allowance is None:
        raise NotToBeIssued(_words(final or against, rules), field=(final or against)[0].field)
    if allowance.by.pk == officer.pk or not rules.may_except(allowance.by.rank):
        ranks = ", ".join(rules.exception_ranks)
        raise Invalid(f"Only another officer may allow it, of the rank {ranks}.", field="allowed_by")
    return required(allowance.reason, "allowed_reason", LONGEST_REASON, missing="Say why it is allowed.")


def _words(against: Sequence[Objection], rules: Rules) -> str:
    said = " ".join(each.words for each in against)
    if not against[0].may_be_excepted:
        return said
    return f"{said} An officer of the rank {' or '.join(rules.exception_ranks)} may allow it, with a reason."
