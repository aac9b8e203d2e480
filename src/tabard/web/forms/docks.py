"""What people type about docks."""

from django import forms

from tabard.fleet.services import MOST_BAYS
from tabard.people.models import Unit
from tabard.web.forms.units import UnitField


class InstallDockForm(forms.Form):
    """A docking station and where it stands."""

    serial = forms.CharField(label="Serial number", max_length=64)
    site = forms.CharField(
        label="Site", max_length=120, help_text="Such as Brixton police station, parade room"
    )
    unit = UnitField(nothing="Choose a unit")
    bays = forms.IntegerField(label="Bays", min_value=1, max_value=MOST_BAYS, initial=8)

    installed_date = forms.DateField(
        label="Installed on (optional)",
        required=False,
        help_text="From which day on it can be used; it may be to come",
    )

    def clean_unit(self) -> Unit:
        """The unit, which every dock has."""
        unit: Unit | None = self.cleaned_data["unit"]
        if unit is None:
            raise forms.ValidationError("Choose the unit that the dock belongs to.")
        return unit


class DescribeDockForm(forms.Form):
    """From which day on a dock can be used."""

    installed_date = forms.DateField(
        label="Installed on", required=False, help_text="It may be to come; empty if nobody knows"
    )


class DockKeyForm(forms.Form):
    """The public half of a key that a dock's agent made for itself."""

    name = forms.CharField(
        label="Name", max_length=64, help_text="What tells it from the dock's other keys, such as Station PC"
    )
    public_key = forms.CharField(
        label="Public key", max_length=64, help_text="43 characters, as tabard dock init shows it on that PC"
    )


class OverdueForm(forms.Form):
    """After how many days a camera is overdue."""

    DAYS = 3

    days = forms.IntegerField(label="Days without docking", min_value=1, max_value=3650, initial=DAYS)
