"""What is asked at a review before footage is let go? Six questions of risk, and what a yes means. Pure.

They follow the national retention assessment criteria of the police's guidance on managing information (MoPI). We could
not read the form's original: confirm their wording. By that guidance one yes is enough to keep a record, so whoever
answers yes to any cannot let the footage go.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum

from tabard.kernel.errors import Invalid

SOURCE = "APP information management, review, retention and disposal: national retention assessment criteria"


class Question(StrEnum):
    """What is asked; the value is its code."""

    SERIOUS_HARM = "serious_harm"
    VULNERABLE = "vulnerable"
    BREACH_OF_TRUST = "breach_of_trust"
    ASSOCIATIONS = "associations"
    SUBSTANCES = "substances"
    MENTAL_STATE = "mental_state"

    @property
    def words(self) -> str:
        """The question as it is asked."""
        return _ASKED[self]

    @property
    def short(self) -> str:
        """What a yes says, in a few words."""
        return _SHORT[self]


_ASKED = {
    Question.SERIOUS_HARM: "Is there evidence of a capacity to inflict serious harm?",
    Question.VULNERABLE: "Are there concerns about children or vulnerable adults?",
    Question.BREACH_OF_TRUST: "Did the behaviour involve a breach of trust?",
    Question.ASSOCIATIONS: "Is there evidence of links or associations that may increase the risk of harm?",
    Question.SUBSTANCES: "Are there concerns about the misuse of substances?",
    Question.MENTAL_STATE: "Are there concerns that somebody's mental state may increase the risk?",
}
_SHORT = {
    Question.SERIOUS_HARM: "capacity for serious harm",
    Question.VULNERABLE: "children or vulnerable adults",
    Question.BREACH_OF_TRUST: "breach of trust",
    Question.ASSOCIATIONS: "associations",
    Question.SUBSTANCES: "misuse of substances",
    Question.MENTAL_STATE: "mental state",
}


def answered(yes: Collection[str]) -> tuple[Question, ...]:
    """The questions that were answered yes, in their order.

    Raises:
        Invalid: when one is not a question of ours.
    """
    unknown = sorted(set(yes) - set(Question))
    if unknown:
        raise Invalid(f"{unknown[0]} is none of {', '.join(Question)}.", field="yes")
    return tuple(question for question in Question if question in yes)


def with_answers(reason: str, yes: Iterable[Question]) -> str:
    """The reason with what was answered yes after it."""
    said = ", ".join(question.short for question in yes)
    return f"{reason} (Yes to: {said}.)" if said else reason
