"""What people type to have a recording disposed of early, and to agree or not."""

from django import forms

from tabard.retention.models import EarlyDisposal


class RequestForm(forms.Form):
    """What in law requires it, and what was ordered or found."""

    basis = forms.ChoiceField(
        label="What in law requires it", choices=EarlyDisposal.Basis.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="What was ordered or found",
        max_length=500,
        widget=forms.Textarea,
        help_text="With its reference, such as the court and case number. Those who approve read this.",
    )
    at_once = forms.BooleanField(
        label="The law allows no delay: dispose of it at once",
        required=False,
        help_text="Without this it waits the days of grace after the last approval.",
    )


class ApproveForm(forms.Form):
    """The second confirmation."""

    understood = forms.BooleanField(
        label="I have checked the basis in law, and I know that this cannot be undone"
    )


class CloseForm(forms.Form):
    """Why it is refused or withdrawn."""

    reason = forms.CharField(label="Why", max_length=300)
