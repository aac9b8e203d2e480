"""What people answer to a notice before disposal: which of the recordings, and what they are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from tabard.recordings.selectors import categories

LINK, CATEGORISE, DISMISS = "link", "categorise", "dismiss"


class AnswerForm(forms.Form):
    """The recordings that an answer is about; `not_of_it` names the one whose own button was pressed."""

    recordings = forms.TypedMultipleChoiceField(
        label="Which of them?",
        coerce=UUID,
        required=False,
        error_messages={"invalid_choice": "One of these was answered in the meantime."},
    )
    category = forms.ChoiceField(
        label="Category",
        required=False,
        choices=lambda: [("", "Choose"), *((each.code, each.name) for each in categories())],
    )

    def __init__(self, data: Any = None, *, waiting: Sequence[UUID]) -> None:
        super().__init__(data)
        self.fields["recordings"].choices = [(str(each), str(each)) for each in waiting]  # type: ignore[attr-defined]
        self.chosen = set(map(str, waiting)) if data is None else set(data.getlist("recordings"))

    @property
    def act(self) -> str:
        """Which answer was given."""
        return DISMISS if self.data.get("not_of_it") else self.data.get("act", "")

    def clean(self) -> dict[str, Any]:
        """A category is chosen where one is needed, and the pressed button's recording stands alone."""
        if self.act == DISMISS:
            field: Any = self.fields["recordings"]
            self.cleaned_data["recordings"] = field.clean([self.data["not_of_it"]])
        if self.act == CATEGORISE and not self.cleaned_data.get("category"):
            self.add_error("category", "Choose what they are.")
        if self.act not in {LINK, CATEGORISE, DISMISS}:
            self.add_error(None, "Choose what to do with them.")
        return self.cleaned_data
