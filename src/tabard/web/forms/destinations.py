"""What people type about body-worn systems, and about transfers that never ended."""

from django import forms

from tabard.intake.services import LONGEST_REASON

_ENCRYPT = (
    "Cameras encrypt from the moment of recording; only this installation can open it. "
    "A system never goes back on this."
)


class DestinationForm(forms.Form):
    """A body-worn system to let in."""

    name = forms.CharField(
        label="Name", max_length=64, help_text="What screens call it, such as Lewisham docks"
    )
    username = forms.CharField(
        label="User name", max_length=64, help_text="What it signs in with; one for each system"
    )
    encrypt = forms.BooleanField(
        label="Have cameras encrypt footage to our key", required=False, help_text=_ENCRYPT
    )


class RenewForm(forms.Form):
    """A new connection file for a system that is let in."""

    encrypt = forms.BooleanField(
        label="Have cameras encrypt footage to our key", required=False, help_text=_ENCRYPT
    )


class EndTransferForm(forms.Form):
    """Why a transfer is ended."""

    reason = forms.CharField(
        label="Why it is ended",
        max_length=LONGEST_REASON,
        widget=forms.Textarea,
        help_text="Such as what the system controller says about it. It stands in the custody log.",
    )
