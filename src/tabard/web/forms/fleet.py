"""What people type about cameras."""

from typing import Any

from django import forms
from django.core import signing
from django.core.files.base import File

from tabard.fleet.models import Camera
from tabard.fleet.selectors import CameraState
from tabard.people.models import Officer
from tabard.people.selectors import officer_by_reference
from tabard.web.forms.units import UnitField

LARGEST_FILE_BYTES = 4_000_000
LARGEST_CARRIED_CHARACTERS = 2_000_000  # Django refuses a request whose fields are larger than 2.5 MB
CARRIED_S = 3600
_SALT = "tabard.web.fleet.import"
STATES = {CameraState.WORN: "Worn", CameraState.SPARE: "Spare"}


class CameraFilter(forms.Form):
    """Which cameras to list."""

    search = forms.CharField(label="Search", required=False, help_text="Serial, make, model or wearer")
    unit = UnitField(nothing="Any unit")
    mount = forms.ChoiceField(
        label="Mount", required=False, choices=[("", "Any mount"), *Camera.Mount.choices]
    )
    state = forms.TypedChoiceField(
        label="State",
        required=False,
        choices=[("", "Worn or spare"), *((state.value, label) for state, label in STATES.items())],
        coerce=CameraState,
        empty_value=None,
    )


class AssignForm(forms.Form):
    """Who is given a camera."""

    officer = forms.CharField(label="Officer", max_length=24, help_text="Their shoulder or warrant number")

    def clean_officer(self) -> Officer:
        """The officer with the number."""
        officer = officer_by_reference(self.cleaned_data["officer"])
        if officer is None:
            raise forms.ValidationError("No officer has this shoulder or warrant number.")
        return officer


class ImportForm(forms.Form):
    """A CSV file of cameras to check, or one that was checked and comes back to be imported."""

    file = forms.FileField(label="CSV file", required=False)
    checked = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """`raw` holds the bytes of the file, whichever way it came."""
        said = super().clean() or self.cleaned_data
        if said.get("checked"):
            said["raw"] = self._carried(said["checked"])
        elif said.get("file"):
            said["raw"] = said["file"].read()
        elif "file" not in self.errors:
            self.add_error("file", "Choose a CSV file.")
        return said

    def clean_file(self) -> "File[bytes] | None":
        """The file, if the page can carry it from the check to the import."""
        file: File[bytes] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > LARGEST_FILE_BYTES:
            raise forms.ValidationError(
                f"The file is larger than {LARGEST_FILE_BYTES // 1_000_000} MB. Split it into several."
            )
        return file

    def carry(self) -> str:
        """The checked file as the page carries it to the import, signed; empty, with an error, where it cannot."""
        raw: bytes = self.cleaned_data["raw"]
        carried = signing.dumps(raw.decode("latin-1"), salt=_SALT, compress=True)
        if len(carried) <= LARGEST_CARRIED_CHARACTERS:
            return carried
        self.add_error("file", "The CSV file is too large for this page. Split it into several.")
        return ""

    def _carried(self, text: str) -> bytes:
        try:
            raw: str = signing.loads(text, salt=_SALT, max_age=CARRIED_S)
        except signing.BadSignature:
            self.add_error("file", "The check was too long ago. Choose the CSV file again.")
            return b""
        return raw.encode("latin-1")
