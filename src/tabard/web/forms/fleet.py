"""What people type about cameras."""

from typing import Any

from django import forms
from django.core import signing
from django.core.files.base import File

from tabard.fleet.issuing import Allowance, Terms, rules_in_force
from tabard.fleet.lives import LONGEST_REASON, Description
from tabard.fleet.models import Camera
from tabard.fleet.states import Change, State, open_changes
from tabard.people.models import Officer
from tabard.people.selectors import officer_by_reference
from tabard.web.forms.units import UnitField

LARGEST_FILE_BYTES = 4_000_000
LARGEST_CARRIED_CHARACTERS = 2_000_000  # Django refuses a request whose fields are larger than 2.5 MB
CARRIED_S = 3600
_SALT = "tabard.web.fleet.import"


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
        choices=[("", "Any state"), *((state.value, state.label) for state in State)],
        coerce=State,
        empty_value=None,
    )


class AssignForm(forms.Form):
    """Who is given a camera, worn where, and who allows it against the rules of issue."""

    officer = forms.CharField(label="Officer", max_length=24, help_text="Their shoulder or warrant number")
    mount = forms.ChoiceField(
        label="Worn on", required=False, choices=[("", "As usual on the duty"), *Camera.Mount.choices]
    )
    duty = forms.ChoiceField(label="Duty", required=False)
    allowed_by = forms.CharField(
        label="Allowed by",
        required=False,
        max_length=24,
        help_text="Only where the rules speak against it: the number of an officer whose rank may allow it",
    )
    allowed_reason = forms.CharField(label="Why it is allowed", required=False, max_length=LONGEST_REASON)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["duty"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            ("", "What they were trained for"),
            *((duty.name, duty.name) for duty in rules_in_force().duties),
        ]

    def clean_officer(self) -> Officer:
        """The officer with the number."""
        officer = officer_by_reference(self.cleaned_data["officer"])
        if officer is None:
            raise forms.ValidationError("No officer has this shoulder or warrant number.")
        return officer

    def clean_allowed_by(self) -> Officer | None:
        """The officer who allows it; None where nobody has to."""
        typed = self.cleaned_data["allowed_by"]
        officer = officer_by_reference(typed) if typed else None
        if typed and officer is None:
            raise forms.ValidationError("No officer has this shoulder or warrant number.")
        return officer

    def terms(self) -> Terms:
        """What was said; call it only on a valid form."""
        said = self.cleaned_data
        by = said["allowed_by"]
        allowance = Allowance(by, said["allowed_reason"]) if by is not None else None
        return Terms(said["mount"], said["duty"], allowance)


class ChangeForm(forms.Form):
    """What is done to a camera, of what can be done to it as it is."""

    change = forms.TypedChoiceField(label="What has happened", coerce=Change, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Why", required=False, max_length=LONGEST_REASON, help_text="Such as The lens is cracked"
    )

    def __init__(self, *args: Any, state: State, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["change"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            (each.change.value, each.button) for each in open_changes(state) if each.plain
        ]


class DescribeForm(forms.Form):
    """What is known of a camera."""

    unit = UnitField(nothing="Central store")
    mount = forms.ChoiceField(label="Usual mount", choices=Camera.Mount.choices)
    firmware = forms.CharField(label="Firmware", required=False, max_length=64)
    profile = forms.CharField(
        label="Profile", required=False, max_length=64, help_text="The settings that it was given"
    )
    warranty_end_date = forms.DateField(label="Warranty ends", required=False)

    @classmethod
    def of(cls, camera: Camera) -> "DescribeForm":
        """The form with what is known now."""
        known = {name: getattr(camera, name) for name in cls.base_fields}
        return cls(initial=known | {"unit": camera.unit_id})

    def told(self) -> Description:
        """What was said; call it only on a valid form."""
        return Description(**self.cleaned_data)


class ReceiveForm(forms.Form):
    """A camera that has come, or is on its way; what is the same for a whole box stays filled in."""

    make = forms.CharField(label="Make", max_length=64)
    model = forms.CharField(label="Model", max_length=64)
    mount = forms.ChoiceField(label="Usual mount", choices=Camera.Mount.choices)
    unit = UnitField(nothing="Central store")
    state = forms.TypedChoiceField(
        label="State",
        coerce=State,
        choices=[
            (State.RECEIVED.value, "Received, to be set up and charged"),
            (State.READY.value, "Ready to be given out"),
            (State.ORDERED.value, "Ordered, on its way"),
        ],
        widget=forms.RadioSelect,
        initial=State.RECEIVED.value,
    )
    serial = forms.CharField(
        label="Serial number", max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def next(self) -> "ReceiveForm":
        """The form for the next camera of the same box."""
        kept = {name: self.data.get(name, "") for name in self.fields if name != "serial"}
        form = ReceiveForm(initial=kept)
        form.fields["serial"].widget.attrs["autofocus"] = True
        return form


class ImportForm(forms.Form):
    """A CSV file of cameras to check, or one that was checked and comes back to be imported."""

    file = forms.FileField(label="CSV file", required=False)
    checked = forms.CharField(required=False, widget=forms.HiddenInput)
    good_only = forms.BooleanField(required=False, widget=forms.HiddenInput)

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
