"""What people type to decide what becomes of footage at the end of its period, and to narrow the queue."""

from collections.abc import Mapping
from typing import Any

from django import forms

from tabard.people.selectors import subtree_ids
from tabard.retention.models import Review
from tabard.retention.review_questions import Question
from tabard.retention.review_queue import QueueFilter
from tabard.web.forms.units import UnitField


class QueueForm(forms.Form):
    """Which part of the queue to list."""

    rule = forms.ChoiceField(label="Rule", required=False)
    unit = UnitField(nothing="Any unit")

    def __init__(self, *args: Any, rules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["rule"].choices = [("", "Any rule"), *rules.items()]  # type: ignore[attr-defined] # as declared above

    def wanted(self) -> QueueFilter:
        """The filter that was asked for; a field with an error narrows nothing."""
        self.is_valid()
        unit = self.cleaned_data.get("unit")
        return QueueFilter(self.cleaned_data.get("rule", ""), tuple(subtree_ids(unit.id)) if unit else None)


class ReviewForm(forms.Form):
    """What becomes of it, and why."""

    yes = forms.MultipleChoiceField(
        label="Is the answer yes to any of these? Then it is kept",
        required=False,
        choices=[(question.value, question.words) for question in Question],
        widget=forms.CheckboxSelectMultiple,
    )
    choice = forms.ChoiceField(
        label="What becomes of it", choices=Review.Choice.choices, widget=forms.RadioSelect
    )
    until_date = forms.DateField(
        label="Keep until the end of", required=False, help_text="Only if it is kept, such as 2032-03-31"
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea,
        help_text="Whoever reviews it after you reads this.",
    )

    def clean(self) -> dict[str, Any]:
        """What was typed; a day is needed to keep it."""
        values = super().clean() or {}
        is_kept = values.get("choice") == Review.Choice.KEEP
        if is_kept and not values.get("until_date") and "until_date" not in self.errors:
            self.add_error("until_date", "Enter the day until which it is kept.")
        return values
