"""What is typed or scanned at a kiosk: one number after another, and nothing that stays."""

from django import forms
from django.core import signing

from tabard.people.models import Officer

_SALT = "tabard.web.kiosk"
REMEMBERED_S = 120
_SCANNED = {"autocomplete": "off", "autofocus": True, "autocapitalize": "characters", "spellcheck": "false"}


class ScanForm(forms.Form):
    """The number of an officer who takes a camera, or of a camera that comes back."""

    code = forms.CharField(
        label="Scan your card, or the camera that you hand in",
        max_length=64,
        help_text="Or type your shoulder number, or the camera's serial number, and press Enter",
        widget=forms.TextInput(attrs=_SCANNED),
    )


class TakeForm(forms.Form):
    """The camera that the officer takes; who it is goes from one page to the next, signed, for two minutes."""

    officer = forms.CharField(widget=forms.HiddenInput)
    camera = forms.CharField(
        label="Scan the camera that you take",
        required=False,
        max_length=64,
        help_text="Or type its serial number and press Enter",
        widget=forms.TextInput(attrs=_SCANNED),
    )

    @classmethod
    def of(cls, officer: Officer) -> "TakeForm":
        """The form for this officer."""
        return cls(initial={"officer": signing.dumps(str(officer.pk), salt=_SALT)})

    def clean_officer(self) -> Officer:
        """The officer, where the form is not too old."""
        try:
            found: str = signing.loads(self.cleaned_data["officer"], salt=_SALT, max_age=REMEMBERED_S)
        except signing.BadSignature as error:
            raise forms.ValidationError("That was too long ago. Scan your card again.") from error
        return Officer.objects.get(pk=found)
