"""What people type about giving cameras out: swaps, the rules, and training."""

from typing import Any

from django import forms

from tabard.fleet.issue_rules import Duty, Rules
from tabard.fleet.issuing import rules_in_force
from tabard.fleet.lives import LONGEST_REASON
from tabard.fleet.models import Camera
from tabard.fleet.states import Change
from tabard.people.models import Officer
from tabard.web.forms.work_items import camera_typed, officer_typed


class SwapForm(forms.Form):
    """Which camera is taken in place of one that is handed in, and why."""

    other = forms.CharField(label="Serial number of the other camera", max_length=64)
    change = forms.TypedChoiceField(
        label="This camera is",
        coerce=Change,
        choices=[(Change.REPORT_FAULT.value, "faulty"), (Change.RETURN.value, "in order")],
        widget=forms.RadioSelect,
        initial=Change.REPORT_FAULT.value,
    )
    reason = forms.CharField(label="Why they are swapped", max_length=LONGEST_REASON)

    def clean_other(self) -> Camera | None:
        """The camera with the serial number."""
        return camera_typed(self.cleaned_data["other"])


class TrainingForm(forms.Form):
    """That an officer was trained."""

    officer = forms.CharField(label="Officer", max_length=24, help_text="Their shoulder or warrant number")
    duty = forms.ChoiceField(label="Trained for")
    trained_date = forms.DateField(label="Trained on")
    expires_date = forms.DateField(
        label="Counts until", required=False, help_text="That day included. Leave it empty if it has no end."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["duty"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            (duty.name, duty.name) for duty in rules_in_force().duties
        ]

    def clean_officer(self) -> Officer | None:
        """The officer with the number."""
        return officer_typed(self.cleaned_data["officer"])


class RulesForm(forms.Form):
    """The force's rules of issue."""

    must_be_trained = forms.BooleanField(
        label="Only officers who are trained for the duty are given a camera", required=False
    )
    least_battery_percent = forms.IntegerField(label="Least charge of a battery, per cent")
    most_clock_off_s = forms.IntegerField(label="Most that a clock may be off, seconds")
    exception_ranks = forms.CharField(
        label="Ranks that may allow it against the rules",
        required=False,
        max_length=400,
        help_text="As officers are entered, with commas between them",
    )
    duties = forms.CharField(
        label="Duties, and where a camera is worn on each",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="One on each line, the ordinary one first, such as Overt firearms: head",
    )

    @classmethod
    def of(cls, rules: Rules) -> "RulesForm":
        """The form with the rules as they are."""
        lines = (f"{each.name}: {', '.join(each.mounts)}" for each in rules.duties)
        return cls(
            initial={
                "must_be_trained": rules.must_be_trained,
                "least_battery_percent": rules.least_battery_percent,
                "most_clock_off_s": rules.most_clock_off_s,
                "exception_ranks": ", ".join(rules.exception_ranks),
                "duties": "\n".join(lines),
            }
        )

    def rules(self) -> Rules:
        """What was said; call it only on a valid form."""
        said = self.cleaned_data
        return Rules(
            must_be_trained=said["must_be_trained"],
            least_battery_percent=said["least_battery_percent"],
            most_clock_off_s=said["most_clock_off_s"],
            exception_ranks=_parts(said["exception_ranks"]),
            duties=tuple(_duty(line) for line in said["duties"].splitlines() if line.strip()),
        )


def _duty(line: str) -> Duty:
    name, _, mounts = line.partition(":")
    return Duty(name.strip(), tuple(each.lower().replace(" ", "_") for each in _parts(mounts)))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
