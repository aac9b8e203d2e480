"""May this camera be given to this officer now? The force's rules of issue, and what they say of one case. Pure.

The rules are a table that a force can change: what each duty wears where, whether officers must be trained, how full a
battery and how right a clock must be, and which ranks may let a camera go against them, with a reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from tabard.fleet.rules import MOUNTS
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required

MOST_DUTIES = 50
LONGEST_NAME = 48


@dataclass(frozen=True, slots=True)
class Duty:
    """A kind of duty, and where an officer on it may wear a camera; the first is the usual."""

    name: str
    mounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """A force's rules of issue; as they stand here until it changes them. The first duty is the ordinary one."""

    must_be_trained: bool = False
    least_battery_percent: int = 20
    most_clock_off_s: int = 3600
    exception_ranks: tuple[str, ...] = ("Insp", "Ch Insp", "Supt", "Ch Supt")
    duties: tuple[Duty, ...] = (
        Duty("General", ("chest", "shoulder", "head", "other")),
        Duty("Overt firearms", ("head",)),
    )

    def duty(self, name: str) -> Duty:
        """The duty of that name, in any case; the ordinary one where none is named.

        Raises:
            Invalid: when there is none; the words name all.
        """
        if not name:
            return self.duties[0]
        for each in self.duties:
            if each.name.casefold() == name.strip().casefold():
                return each
        known = ", ".join(each.name for each in self.duties)
        raise Invalid(f"There is no duty '{name}'. There are: {known}.", field="duty")

    def may_except(self, rank: str) -> bool:
        """Whether an officer of that rank may let a camera go against the rules."""
        return rank.strip().casefold() in {each.casefold() for each in self.exception_ranks}


@dataclass(frozen=True, slots=True)
class CameraFitness:
    """What is known of a camera that is to be given out; None is what nobody ever said.

    The last dock to see it said what was on it (`seen_at`); `back_at` is when it last came back from an officer.
    """

    files_left: int | None = None
    seen_at: datetime | None = None
    battery_percent: int | None = None
    faults: tuple[str, ...] = ()
    clock_off_s: float | None = None
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """One training: for which duty, since when, and the last day that it counts."""

    duty: str
    trained_date: date
    expires_date: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether the officer counts as trained on that day."""
        return self.trained_date <= day and (self.expires_date is None or day <= self.expires_date)


@dataclass(frozen=True, slots=True)
class OfficerFitness:
    """What is known of an officer who is to be given a camera; trainings newest first."""

    name: str
    is_posted: bool
    trainings: tuple[Trained, ...] = ()

    def usual_duty(self, day: date) -> str:
        """What the officer was last trained for; empty where nothing counts."""
        return next((each.duty for each in self.trainings if each.counts_on(day)), "")


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the camera is not given: the field at fault, the sentence with the cure, and whether a rank may except it."""

    field: str
    words: str
    may_be_excepted: bool = True


def camera_objections(camera: CameraFitness, serial: str, rules: Rules) -> Iterator[Objection]:
    """What speaks against giving the camera to anybody, by what docks and clocks last said of it."""
    if camera.files_left:
        words = (
            f"Camera {serial} still holds {camera.files_left} files. Leave it in a dock until it is empty."
        )
        yield Objection("camera", words)
    elif camera.seen_at and camera.back_at and camera.seen_at < camera.back_at:
        words = f"Camera {serial} was not docked since it came back, and may hold footage. Dock it first."
        yield Objection("camera", words)
    if camera.battery_percent is not None and camera.battery_percent < rules.least_battery_percent:
        words = (
            f"The battery of camera {serial} had {camera.battery_percent} % when it was docked; "
            f"{rules.least_battery_percent} % is the least. Charge it, or take another."
        )
        yield Objection("camera", words)
    for fault in camera.faults:
        yield Objection("camera", f"Its dock says of camera {serial}: {fault}. Report the fault.")
    if camera.clock_off_s is not None and abs(camera.clock_off_s) > rules.most_clock_off_s:
        off = timedelta(seconds=round(abs(camera.clock_off_s)))
        yield Objection("camera", f"The clock of camera {serial} is {off} off. Dock it, so that it is set.")


def officer_objections(officer: OfficerFitness, duty: Duty, day: date, rules: Rules) -> Iterator[Objection]:
    """What speaks against giving the officer any camera for the duty on that day."""
    if not officer.is_posted:
        words = f"{officer.name} belongs to no unit: whoever left is given no camera. Post them first."
        yield Objection("officer", words, may_be_excepted=False)
    if not rules.must_be_trained:
        return
    trained = [each for each in officer.trainings if each.duty.casefold() == duty.name.casefold()]
    if any(each.counts_on(day) for each in trained):
        return
    ended = max((each.expires_date for each in trained if each.expires_date), default=None)
    why = f"their training ended on {ended:%-d %B %Y}" if ended else "no training is recorded"
    words = f"{officer.name} is not trained for {duty.name}: {why}. Record their training first."
    yield Objection("officer", words)


def mount_objections(mount: str, duty: Duty) -> Iterator[Objection]:
    """What speaks against wearing a camera there on the duty."""
    if mount not in duty.mounts:
        allowed = " or ".join(each.replace("_", " ") for each in duty.mounts)
        words = f"On {duty.name} a camera is worn on the {allowed}, not on the {mount.replace('_', ' ')}."
        yield Objection("mount", words)


def checked(rules: Rules) -> Rules:
    """The rules in the form in which they are kept.

    Raises:
        Invalid: naming the first field that is wrong.
    """
    if not 0 <= rules.least_battery_percent <= 100:
        raise Invalid("A battery is between 0 and 100 % full.", field="least_battery_percent")
    if not 1 <= rules.most_clock_off_s <= 7 * 86_400:
        raise Invalid("A clock may be between a second and a week off.", field="most_clock_off_s")
    if not 1 <= len(rules.duties) <= MOST_DUTIES:
        raise Invalid(f"There are 1 to {MOST_DUTIES} duties.", field="duties")
    duties = tuple(_checked_duty(each) for each in rules.duties)
    if len({each.name.casefold() for each in duties}) < len(duties):
        raise Invalid("Two duties have the same name.", field="duties")
    ranks = tuple(required(each, "exception_ranks", 40) for each in rules.exception_ranks)
    return replace(rules, duties=duties, exception_ranks=ranks)


def _checked_duty(duty: Duty) -> Duty:
    mounts = tuple(dict.fromkeys(duty.mounts))
    wrong = [each for each in mounts if each not in MOUNTS]
    if wrong or not mounts:
        said = f"'{wrong[0]}' is not one of" if wrong else "It needs one or more of"
        raise Invalid(f"{duty.name or 'A duty'}: {said} {', '.join(MOUNTS)}.", field="duties")
    return Duty(required(duty.name, "duties", LONGEST_NAME, missing="A duty has no name."), mounts)


def as_json(rules: Rules) -> dict[str, Any]:
    """The rules as they are kept and logged."""
    return {
        "must_be_trained": rules.must_be_trained,
        "least_battery_percent": rules.least_battery_percent,
        "most_clock_off_s": rules.most_clock_off_s,
        "exception_ranks": list(rules.exception_ranks),
        "duties": [{"name": each.name, "mounts": list(each.mounts)} for each in rules.duties],
    }


def from_json(kept: Mapping[str, Any]) -> Rules:
    """The rules that were kept so."""
    return Rules(
        must_be_trained=kept["must_be_trained"],
        least_battery_percent=kept["least_battery_percent"],
        most_clock_off_s=kept["most_clock_off_s"],
        exception_ranks=tuple(kept["exception_ranks"]),
        duties=tuple(Duty(each["name"], tuple(each["mounts"])) for each in kept["duties"]),
    )
