"""What people type about footage that came in with questions."""

from typing import Any

from django import forms

from tabard.fleet.models import Camera
from tabard.fleet.selectors import camera_by_serial
from tabard.people.models import Officer
from tabard.people.selectors import officer_by_reference
from tabard.recordings.models import Recording
from tabard.recordings.work_items import LONGEST_REASON, WorkItemFilter
from tabard.web.forms.units import UnitField

OPEN, SETTLED = "", "settled"


def officer_typed(text: str) -> Officer | None:
    """The officer whose number was typed; None where nothing was.

    Raises:
        ValidationError: nobody has it.
    """
    if not text:
        return None
    found = officer_by_reference(text)
    if found is None:
        raise forms.ValidationError("No officer has this shoulder or warrant number.")
    return found


def camera_typed(text: str) -> Camera | None:
    """The camera whose serial number was typed; None where nothing was.

    Raises:
        ValidationError: the fleet has none.
    """
    if not text:
        return None
    found = camera_by_serial(text)
    if found is None:
        raise forms.ValidationError("The fleet has no camera with this serial number. Receive it first.")
    return found


class WorkItemFilterForm(forms.Form):
    """Which work items to list."""

    flag = forms.ChoiceField(label="Question", required=False, choices=[("", "Any"), *Recording.Flag.choices])
    state = forms.ChoiceField(
        label="State", required=False, choices=[(OPEN, "To be settled"), (SETTLED, "Settled")]
    )
    officer = forms.CharField(
        label="Officer", required=False, max_length=24, help_text="Shoulder or warrant number"
    )
    camera = forms.CharField(label="Camera", required=False, max_length=64, help_text="Serial number")
    unit = UnitField(nothing="Any unit")

    def clean_officer(self) -> Officer | None:
        """The officer with the number."""
        return officer_typed(self.cleaned_data["officer"])

    def clean_camera(self) -> Camera | None:
        """The camera with the serial number."""
        return camera_typed(self.cleaned_data["camera"])

    def wanted(self) -> WorkItemFilter:
        """The filter that was asked for; a field with an error narrows nothing."""
        said = self._said()
        officer, camera, unit = said.get("officer"), said.get("camera"), said.get("unit")
        return WorkItemFilter(
            flag=said.get("flag", ""),
            unit_id=unit.id if unit else None,
            camera_id=camera.id if camera else None,
            officer_id=officer.id if officer else None,
            settled=said.get("state") == SETTLED,
        )

    def asked(self) -> dict[str, str]:
        """What was filled in, as plain text by field; empty where nothing was."""
        return {name: str(value) for name, value in self._said().items() if value}

    def _said(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data


class AttributionForm(forms.Form):
    """Whose recording it is, or which camera's."""

    officer = forms.CharField(
        label="Officer", required=False, max_length=24, help_text="Shoulder or warrant number"
    )
    camera = forms.CharField(label="Camera", required=False, max_length=64, help_text="Serial number")
    reason = forms.CharField(
        label="How you know",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stands in the custody log.",
    )

    def clean_officer(self) -> Officer | None:
        """The officer with the number."""
        return officer_typed(self.cleaned_data["officer"])

    def clean_camera(self) -> Camera | None:
        """The camera with the serial number."""
        return camera_typed(self.cleaned_data["camera"])


class SettleForm(forms.Form):
    """What explains a flag."""

    flag = forms.ChoiceField(label="What is explained", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="What explains it",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stands in the custody log.",
    )

    def __init__(self, *args: Any, flags: tuple[Recording.Flag, ...], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: forms.ChoiceField = self.fields["flag"]  # type: ignore[assignment]
        chosen.choices = [(flag.value, flag.label) for flag in flags]
