"""What people type about what comes in: names to read, and periods to look through."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms

from tabard.fleet.models import Camera
from tabard.intake.models import FolderItem
from tabard.people.models import Officer
from tabard.recordings.wholeness import WholenessFilter
from tabard.web.forms.units import UnitField
from tabard.web.forms.work_items import camera_typed, officer_typed
from tabard.web.templatetags.tabard_values import LONDON

MOST_NAMES_CHARACTERS = 200_000


class PatternForm(forms.Form):
    """A pattern by which file names are read, to be tried or put into force."""

    pattern = forms.CharField(
        label="Pattern",
        max_length=200,
        help_text="Such as {officer}_{date:YYYYMMDD}_{time:HHMMSS}_{sequence}.mp4",
    )
    note = forms.CharField(
        label="Note", max_length=200, required=False, help_text="Which cameras or export write names so"
    )


class TryForm(forms.Form):
    """Names to read by the patterns in force, and perhaps by one that is only thought of."""

    also = forms.CharField(
        label="A pattern that is not in force yet",
        max_length=200,
        required=False,
        help_text="May be left empty",
    )
    names = forms.CharField(
        label="File names",
        max_length=MOST_NAMES_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One on each line",
    )


class ItemsForm(forms.Form):
    """Which files of a reconciliation to list."""

    kind = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[
            ("", "Every file"),
            *FolderItem.State.choices,
            *((value, label) for value, label in FolderItem.Remark.choices if value),
        ],
    )


class WholenessForm(forms.Form):
    """Which days to look through, and whose."""

    DAYS = 7

    since = forms.DateField(label="From", widget=forms.DateInput)
    until = forms.DateField(label="To", widget=forms.DateInput)
    camera = forms.CharField(label="Camera", required=False, max_length=64, help_text="Serial number")
    officer = forms.CharField(
        label="Officer", required=False, max_length=24, help_text="Shoulder or warrant number"
    )
    unit = UnitField(nothing="Any unit")
    all_shifts = forms.BooleanField(label="Also shifts in which nothing is missing", required=False)

    @classmethod
    def lately(cls, today: date) -> dict[str, str]:
        """What the form asks for before anybody filled it in."""
        return {"since": str(today - timedelta(days=cls.DAYS)), "until": str(today)}

    def clean_camera(self) -> Camera | None:
        """The camera with the serial number."""
        return camera_typed(self.cleaned_data["camera"])

    def clean_officer(self) -> Officer | None:
        """The officer with the number."""
        return officer_typed(self.cleaned_data["officer"])

    def wanted(self) -> WholenessFilter:
        """The filter that was asked for; call it only on a valid form. Days are London's, the last one included."""
        said = self.cleaned_data
        camera, officer, unit = said["camera"], said["officer"], said["unit"]
        return WholenessFilter(
            since=_midnight(said["since"]),
            until=_midnight(said["until"] + timedelta(days=1)),
            camera_id=camera.id if camera else None,
            officer_id=officer.id if officer else None,
            unit_id=unit.id if unit else None,
            all_shifts=said["all_shifts"],
        )

    def asked(self) -> dict[str, Any]:
        """What was filled in, as plain text by field."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=LONDON)
