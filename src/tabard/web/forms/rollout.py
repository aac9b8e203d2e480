"""What people type about the rollout: a plan, a count, a block, how a unit works, what is public."""

from typing import Any

from django import forms

from tabard.insight.figures import Figure
from tabard.insight.models import UnitBlock
from tabard.insight.plan_file import LARGEST_TARGET
from tabard.insight.sites import CHANGES_FORM, NUMBERS, ShiftPattern, Shifts, as_said, parse_changes
from tabard.web.forms.fleet import ImportForm


class PlanForm(ImportForm):
    """A plan to check, or one that was checked and comes back to be imported."""

    file = forms.FileField(label="CSV or JSON file", required=False)
    note = forms.CharField(
        label="What is new in it (optional)",
        max_length=300,
        required=False,
        help_text="Stands beside this version of the plan",
    )


class CountForm(forms.Form):
    """How many cameras a unit had by a day, as somebody states it."""

    as_of_date = forms.DateField(label="By the end of")
    count = forms.IntegerField(
        label="Cameras issued",
        min_value=0,
        max_value=LARGEST_TARGET,
        help_text="All earlier ones among them, also those that Tabard knows one by one",
    )
    is_about = forms.BooleanField(label="The source says about", required=False)
    source = forms.CharField(label="Source", max_length=300, help_text="Who says so, and where")


class BlockForm(forms.Form):
    """What keeps a unit from its wave."""

    kind = forms.ChoiceField(label="What is missing", choices=UnitBlock.Kind.choices)
    since_date = forms.DateField(label="Since")
    until_date = forms.DateField(
        label="Until (optional)", required=False, help_text="The first day without, if anybody expects one"
    )
    words = forms.CharField(
        label="In words", max_length=300, help_text="What has to happen, for whoever can do it"
    )


class SiteForm(forms.Form):
    """How a unit works: the assumptions that bays and bandwidth are reckoned from."""

    on_shift_percent = forms.FloatField(label="Cameras worn in one shift, per cent")
    shift_h = forms.FloatField(label="Length of a shift, hours")
    docked_h = forms.FloatField(label="To empty and charge a camera, hours")
    filmed_min = forms.FloatField(label="Filmed by a camera in a shift, minutes")
    mbit_per_s = forms.FloatField(label="Bit rate, Mbit/s")
    share_percent = forms.FloatField(label="Part of the line for footage, per cent")

    def __init__(self, data: Any) -> None:
        known = {name: str(getattr(ShiftPattern(), name)) for name in self.base_fields}
        super().__init__({name: data.get(name) or value for name, value in known.items()})


class ShiftsForm(forms.Form):
    """How a unit's shifts change."""

    changes = forms.CharField(
        label="When how many cameras come back",
        max_length=300,
        help_text=f"Each change of shifts with its cameras, such as {CHANGES_FORM}",
    )
    docked_h = forms.FloatField(label="To empty and charge a camera, hours")
    filmed_min = forms.FloatField(label="Filmed by a camera in a shift, minutes")
    mbit_per_s = forms.FloatField(label="Bit rate, Mbit/s")
    share_percent = forms.FloatField(label="Part of the line for footage, per cent")

    @classmethod
    def of(cls, shifts: Shifts | None) -> "ShiftsForm":
        """The form with what is stated, or with the usual numbers."""
        usual = {name: getattr(ShiftPattern(), name) for name in NUMBERS}
        return cls(prefix="shifts", initial=as_said(shifts) if shifts else usual)

    def told(self) -> Shifts:
        """What was typed; call it only on a valid form.

        Raises:
            Invalid: naming the field that cannot be.
        """
        said = self.cleaned_data
        return Shifts(parse_changes(said["changes"]), **{name: said[name] for name in NUMBERS})


class PublishForm(forms.Form):
    """Which figure, and up to which day it counts."""

    figure = forms.ChoiceField(label="Figure", choices=Figure.choices)
    as_of_date = forms.DateField(label="Counts up to the end of")
