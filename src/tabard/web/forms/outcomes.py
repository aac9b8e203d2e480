"""What people type about how an incident ended."""

from django import forms

from tabard.incidents.rules import OutcomeKind


class OutcomeForm(forms.Form):
    """How it ended, on which day, and where that is known from; an incident that is open cannot be reopened."""

    kind = forms.ChoiceField(label="How it ended", widget=forms.RadioSelect)
    decided_date = forms.DateField(
        label="Day of the decision", help_text="Of the verdict, the decision or the disposal: 2/3/2026"
    )
    in_custody = forms.BooleanField(
        label="Somebody is in custody under the sentence", required=False, help_text="After a conviction only"
    )
    release_date = forms.DateField(
        label="Day of release", required=False, help_text="After a conviction, where it is known: 2/3/2031"
    )
    reason = forms.CharField(
        label="Where that is known from",
        max_length=300,
        help_text="For example the court's result of 2 March",
    )

    def __init__(self, *args: object, has_ended: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = [kind for kind in OutcomeKind if has_ended or kind is not OutcomeKind.REOPENED]
        self.fields["kind"].choices = [(kind.value, kind.words) for kind in kinds]  # type: ignore[attr-defined]
