"""What people type about cameras that were lost or stolen."""

from typing import Any

from django import forms

from tabard.fleet.lives import LONGEST_REASON
from tabard.fleet.losses import LONGEST_WORDS, Step
from tabard.fleet.models import Loss
from tabard.fleet.states import Change


class LossForm(forms.Form):
    """That a camera is gone, and how it went."""

    change = forms.TypedChoiceField(
        label="What happened",
        coerce=Change,
        choices=[(Change.LOSE.value, "It was lost"), (Change.STEAL.value, "It was stolen")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="How it went", max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )
    report_number = forms.CharField(
        label="Report number",
        required=False,
        max_length=64,
        help_text="Of the crime or loss report, if there is one",
    )


class StepForm(forms.Form):
    """A step of the checklist that was done."""

    step = forms.ChoiceField(label="What was done", widget=forms.RadioSelect)
    words = forms.CharField(
        label="How, or with whom you spoke", max_length=LONGEST_WORDS, help_text="For the report, its number"
    )

    def __init__(self, *args: Any, steps: list[Step], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["step"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            (each.name, each.words) for each in steps if each.done is None
        ]


class CloseLossForm(forms.Form):
    """What came of it."""

    outcome = forms.ChoiceField(
        label="What came of it",
        choices=[
            (Loss.Outcome.FOUND.value, "The camera was found"),
            (Loss.Outcome.GIVEN_UP.value, "The camera is given up; every step above was done"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="How it was found, or why it is given up", max_length=LONGEST_WORDS)
