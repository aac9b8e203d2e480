"""What people type about one wave of the rollout plan: its name and reason once, and a line for each unit."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.http import QueryDict

from tabard.insight.models import PlanLine
from tabard.insight.plan_changes import WaveName
from tabard.insight.plan_file import COLUMNS, Line, cells_of
from tabard.insight.when import FORMS, LONGEST, parse_when
from tabard.kernel.errors import Invalid
from tabard.kernel.sheet import RowError
from tabard.web.forms.units import UnitField

NEW_LINES = 4
CARRIED_S = 3600
_SALT = "tabard.web.rollout.wave"
_TYPED = tuple(name for name in COLUMNS if name not in ("phase", "wave", "unit_code", "about"))


class WaveForm(forms.Form):
    """Which wave, from when all of it is due if that is to be another day, and why it changes."""

    phase = forms.CharField(label="Phase", max_length=60)
    wave = forms.CharField(label="Wave", max_length=60)
    based_on = forms.UUIDField(required=False, widget=forms.HiddenInput)
    due_all = forms.CharField(
        label="New due date of the whole wave (optional)",
        required=False,
        max_length=LONGEST,
        help_text=f"Takes the place of that of each unit. As precisely as it is known: {FORMS}",
    )
    reason = forms.CharField(
        label="Why the plan changes", max_length=300, help_text="Stands beside the new version"
    )

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_new:
            for name in ("phase", "wave"):
                self.fields[name].widget = forms.HiddenInput()

    def clean_due_all(self) -> str:
        """The date, if it is one."""
        text: str = self.cleaned_data["due_all"]
        try:
            parse_when(text, "due_all")
        except Invalid as error:
            raise forms.ValidationError(error.message) from error
        return text

    @property
    def name(self) -> WaveName:
        """The wave; call it only on a valid form."""
        return WaveName(self.cleaned_data["phase"], self.cleaned_data["wave"])


class LineForm(forms.Form):
    """One unit in the wave, as text: what it may say is decided where a file is read."""

    title = ""  # the unit's name, where the page knows it

    unit_code = forms.CharField(required=False, widget=forms.HiddenInput)
    unit = UnitField(nothing="Choose a unit")
    target = forms.CharField(label="Cameras", required=False, max_length=20)
    about = forms.BooleanField(label="Only about right", required=False)
    counts = forms.ChoiceField(
        label="They count", choices=PlanLine.Counts.choices, required=False, initial=PlanLine.Counts.ADDS
    )
    begins = forms.CharField(label="Begins", required=False, max_length=40)
    due = forms.CharField(label="Due", required=False, max_length=40)
    source = forms.CharField(label="Source", required=False, max_length=300)
    drop = forms.BooleanField(label="Take it out of the wave", required=False)

    @property
    def code(self) -> str:
        """The unit's code, of a line that was there; call it after validation for one that is new."""
        unit = getattr(self, "cleaned_data", {}).get("unit")
        return unit.code if unit else str(self["unit_code"].value() or "")

    @property
    def is_line(self) -> bool:
        """Whether it is a line of the wave: not taken out, and not left empty. Call it only on a valid form."""
        return self.has_changed() and not self.cleaned_data["drop"]

    def clean(self) -> dict[str, Any]:
        """A new line with anything in it names its unit."""
        said = super().clean() or self.cleaned_data
        if self.has_changed() and not self.code and not said.get("drop"):
            self.add_error("unit", "Choose the unit.")
        return said

    def cells(self, due_all: str) -> Mapping[str, str]:
        """The line as a file would hold it; call it only on a valid form."""
        said = self.cleaned_data
        about = "yes" if said["about"] else ""
        cells = {name: said[name] for name in _TYPED}
        return {**cells, "unit_code": self.code, "about": about, "due": due_all or said["due"]}


class Lines(forms.BaseFormSet):  # type: ignore[type-arg] # Django's own takes none as it runs
    """The lines of a wave that were there, then some that are empty."""

    def filled(self) -> list[LineForm]:
        """Those that are lines of the wave; call it only when all are valid."""
        return [form for form in self.forms if form.is_line]

    def show(self, faults: Sequence[RowError], filled: Sequence[LineForm]) -> None:
        """Each fault stands beside what it is about."""
        for fault in faults:
            form = filled[fault.row - 1]
            field = "unit" if fault.field == "unit_code" else fault.field
            form.add_error(field if field in form.fields else None, fault.words)


_LINES: type[Lines] = forms.formset_factory(  # type: ignore[assignment] # made of `Lines`, which the stubs forget
    LineForm, formset=Lines, extra=NEW_LINES, max_num=500, absolute_max=500
)


def lines_of_wave(wave: Sequence[Line]) -> Lines:
    """The form with what the plan says of the wave."""
    return _LINES(prefix="line", initial=[cells_of(line) | {"about": line.is_about} for line in wave])


def lines_typed(data: QueryDict) -> Lines:
    """The form with what was typed."""
    return _LINES(data, prefix="line")


def carry(name: WaveName, based_on: UUID | None, reason: str, rows: Sequence[Mapping[str, str]]) -> str:
    """What was shown, as the page carries it to the second press, signed."""
    said = {"phase": name.phase, "wave": name.wave, "based_on": str(based_on or ""), "reason": reason}
    return signing.dumps(said | {"rows": list(rows)}, salt=_SALT, compress=True)


def carried(text: str) -> dict[str, Any]:
    """What was shown.

    Raises:
        Invalid: when it was not, or too long ago.
    """
    try:
        said: dict[str, Any] = signing.loads(text, salt=_SALT, max_age=CARRIED_S)
    except signing.BadSignature as error:
        raise Invalid(
            "It was too long ago that this was shown. Open the wave and change it again."
        ) from error
    return said
