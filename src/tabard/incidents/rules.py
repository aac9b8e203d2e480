"""What makes a reference, and how may an incident end? As England and Wales writes and counts them. Pure.

An exhibit reference is the producer's initials and a consecutive number that is never reused, one series per person;
it is written `LB/1` (Crown Prosecution Service) or `LB1` (Health and Safety Executive enforcement guide). We keep
the parts and write the first form.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from tabard.kernel.errors import Invalid

MAX_REFERENCE_CHARACTERS = 64
_EXHIBIT = re.compile(r"^([A-Z]{1,8})\s*/?\s*([1-9]\d{0,8})$")
_REFERENCE = re.compile(r"^[A-Z0-9][A-Z0-9 ()./-]*$")


class OutcomeKind(StrEnum):
    """How an incident ended for those it concerned; `REOPENED` says that it has not ended after all."""

    NOT_PROSECUTED = "not_prosecuted"
    OUT_OF_COURT = "out_of_court"
    ACQUITTED = "acquitted"
    CONVICTED = "convicted"
    UNDETECTED = "undetected"
    NO_CRIME = "no_crime"
    DEALT_WITH = "dealt_with"
    REOPENED = "reopened"

    @property
    def words(self) -> str:
        """The outcome as screens show it."""
        return _OUTCOME_WORDS[self]


_OUTCOME_WORDS = {
    OutcomeKind.NOT_PROSECUTED: "Decided not to prosecute",
    OutcomeKind.OUT_OF_COURT: "Out-of-court disposal",
    OutcomeKind.ACQUITTED: "Acquitted or discontinued",
    OutcomeKind.CONVICTED: "Convicted",
    OutcomeKind.UNDETECTED: "Filed undetected",
    OutcomeKind.NO_CRIME: "No crime",
    OutcomeKind.DEALT_WITH: "Dealt with: nothing further",
    OutcomeKind.REOPENED: "Reopened",
}


def ended_at(stated_at: datetime, decided_date: date) -> datetime:
    """The instant that a period after the incident's end runs from.

    Never earlier than we were told, so that no date that is typed in brings disposal forward.
    """
    return max(stated_at, end_of(decided_date))


def end_of(day: date) -> datetime:
    """The instant at which the day is over, in UTC."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def normal_reference(text: str) -> str:
    """The reference in upper case with single spaces, so that one incident cannot be entered twice by its spelling.

    Raises:
        Invalid: when it is empty, too long, or holds anything but letters, digits, spaces and `( ) . / -`.
    """
    reference = " ".join(text.split()).upper()
    if not reference:
        raise Invalid("Enter the reference.", field="reference")
    if len(reference) > MAX_REFERENCE_CHARACTERS:
        raise Invalid(f"A reference has at most {MAX_REFERENCE_CHARACTERS} characters.", field="reference")
    if not _REFERENCE.match(reference):
        raise Invalid("A reference holds only letters, digits, spaces and ( ) . / -", field="reference")
    return reference


def parse_exhibit_reference(text: str) -> tuple[str, int]:
    """Initials and number of an exhibit reference in either way of writing it.

    Raises:
        Invalid: when it is neither `LB/1` nor `LB1`.
    """
    found = _EXHIBIT.match(text.strip().upper())
    if found is None:
        raise Invalid("An exhibit reference is initials and a number, such as LB/1.", field="reference")
    return found[1], int(found[2])
