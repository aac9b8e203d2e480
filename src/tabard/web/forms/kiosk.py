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


FAULTS = (
    "It does not switch on or record",
    "It does not charge",
    "The picture or the sound is bad",
    "The case or the mount is broken",
    "Something else",
)


class FaultForm(forms.Form):
    """What is wrong with a camera, and what then. Its scan comes last, as a scanner ends with Enter."""

    SWAP, REPORT = "swap", "report"

    fault = forms.ChoiceField(
        label="What is wrong?",
        choices=[(each, each) for each in FAULTS],
        widget=forms.RadioSelect,
        error_messages={"required": "Say what is wrong."},
    )
    words = forms.CharField(label="In a few words (optional)", required=False, max_length=200)
    then = forms.ChoiceField(
        label="And then?",
        choices=[(SWAP, "I take another camera in its place"), (REPORT, "Nothing more: it is only reported")],
        widget=forms.RadioSelect,
        initial=SWAP,
    )
    other = forms.CharField(
        label="The camera that you take (optional)",
        required=False,
        max_length=64,
        help_text="Scan it, or leave this empty for the best of the pool",
        widget=forms.TextInput(attrs={**_SCANNED, "autofocus": False}),
    )
    camera = forms.CharField(
        label="Scan the camera that is faulty",
        error_messages={"required": "Scan the camera that is faulty, or type its serial number."},
        max_length=64,
        help_text="Or type its serial number and press Enter",
        widget=forms.TextInput(attrs={**_SCANNED, "autofocus": False}),
    )

    @property
    def reason(self) -> str:
        """What is wrong, as it is kept."""
        fault, words = self.cleaned_data["fault"], self.cleaned_data["words"]
        return f"{fault}: {words}" if words else fault


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
