"""Must a person say why they open footage or its history? The one rule, and how a reason is written. Pure.

The Data Protection Act 2018 s.62(2)(a) asks that the log of consultation and disclosure make it possible to establish
the justification. So the installation asks for a reason always (`required`), asks and lets one go on (`prompted`), or
does not ask (`off`). Nobody is exempt: the wearer and the supervisor are asked like anyone else. A reason holds for
one item and one session, for at most `HOLDS_FOR`; after that it is asked for again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tabard.kernel.errors import Invalid
from tabard.kernel.text import required

HOLDS_FOR = timedelta(hours=8)
LONGEST = 200
HEADER = "X-Access-Reason"
SETTING = "TABARD_ACCESS_REASON"


class Asking(StrEnum):
    """What the installation does before footage or its history is opened."""

    REQUIRED = "required"
    PROMPTED = "prompted"
    OFF = "off"

    @property
    def words(self) -> str:
        """What it means, in a sentence."""
        return _WORDS[self]


_WORDS: Mapping[Asking, str] = {
    Asking.REQUIRED: "Nothing is shown until a reason is given.",
    Asking.PROMPTED: "A reason is asked for, and what is opened without one is logged so.",
    Asking.OFF: "No reason is asked for.",
}


class Purpose(StrEnum):
    """The common reasons for opening footage."""

    INVESTIGATION = "investigation"
    SUPERVISION = "supervision"
    DISCLOSURE = "disclosure"
    SUBJECT_ACCESS = "subject_access"
    TRAINING = "training"
    TECHNICAL = "technical"

    @property
    def label(self) -> str:
        """The reason as forms and the log show it."""
        return _LABELS[self]


_LABELS: Mapping[Purpose, str] = {
    Purpose.INVESTIGATION: "Investigation of an incident",
    Purpose.SUPERVISION: "Supervision or quality review",
    Purpose.DISCLOSURE: "Disclosure to prosecution, defence or court",
    Purpose.SUBJECT_ACCESS: "Subject access request or complaint",
    Purpose.TRAINING: "Training",
    Purpose.TECHNICAL: "Technical fault or maintenance",
}


class ReasonNeeded(Invalid):
    """A reason must be given before this may be opened; `fields` may name the item."""

    code = "access_reason_needed"


@dataclass(frozen=True, slots=True)
class Given:
    """A reason that a person gave for an item, and when."""

    reason: str
    at: datetime


def asking(setting: str) -> Asking:
    """What the setting says.

    Raises:
        Invalid: when it is none of the three words; footage must not be opened under a rule nobody chose.
    """
    try:
        return Asking(setting)
    except ValueError as error:
        known = ", ".join(Asking)
        raise Invalid(f"{SETTING} is {setting!r}; it must be one of: {known}.", field=SETTING) from error


def worded(purpose: Purpose, reference: str) -> str:
    """The reason as the log keeps it: `Investigation of an incident: CAD 4821`.

    Raises:
        Invalid: naming the field, when the reference is too long or cannot be printed.
    """
    return stated(f"{purpose.label}: {reference}" if reference.strip() else purpose.label)


def stated(text: str) -> str:
    """A reason given in free words, on one line.

    Raises:
        Invalid: when it is empty, longer than `LONGEST` characters, or cannot be printed.
    """
    return required(text, "reason", LONGEST, "Say why you need to open this.")


def standing(given: Given | None, at: datetime) -> str | None:
    """The reason that still holds at this moment; None where none was given or it has run out."""
    if given is None or not given.at <= at < given.at + HOLDS_FOR:
        return None
    return given.reason


def prompts(rule: Asking, reason: str | None) -> bool:
    """Whether the page that is shown asks for a reason."""
    return rule is Asking.PROMPTED and reason is None


def details(rule: Asking, reason: str | None) -> dict[str, str | None]:
    """What an event says of the reason; every consultation and disclosure of an item goes through here.

    Raises:
        ReasonNeeded: when a reason is required and there is none.
    """
    check(rule, reason)
    return {} if rule is Asking.OFF and reason is None else {"reason": reason}


def check(rule: Asking, reason: str | None) -> None:
    """Return only if the item may be opened with this reason, or without one.

    Raises:
        ReasonNeeded: when a reason is required and there is none.
    """
    if rule is Asking.REQUIRED and reason is None:
        raise ReasonNeeded(
            f"Say why you need to open this: give a reason, in the API as the header {HEADER}.", field=HEADER
        )
