"""What people type or scan in a stocktake."""

from django import forms

from tabard.people.models import Unit
from tabard.web.forms.units import UnitField


class BeginForm(forms.Form):
    """Whose cameras are counted."""

    unit = UnitField(nothing="Choose a unit", help_text="With every unit below it")

    def clean_unit(self) -> Unit:
        """The unit, which every stocktake has."""
        unit: Unit | None = self.cleaned_data["unit"]
        if unit is None:
            raise forms.ValidationError("Choose the unit whose cameras are counted.")
        return unit


class ScanForm(forms.Form):
    """One serial number after another."""

    serial = forms.CharField(
        label="Scan a camera",
        max_length=64,
        help_text="Or type its serial number and press Enter",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
