"""What people say about why they open footage."""

from typing import Any

from django import forms

from tabard.kernel.errors import Invalid
from tabard.people.access_reasons import LONGEST, Purpose, worded


class ReasonForm(forms.Form):
    """Why an item is opened: one of the common reasons, and what it is about."""

    purpose = forms.ChoiceField(
        label="Why do you need to open this?",
        choices=[(purpose.value, purpose.label) for purpose in Purpose],
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(
        label="Reference or a few words",
        required=False,
        max_length=LONGEST // 2,
        help_text="For example the crime reference, the request or the fault it is about",
    )

    def clean(self) -> dict[str, Any]:
        """The reason in words, as `reason`."""
        said = self.cleaned_data
        if "purpose" in said and "reference" in said:
            try:
                said["reason"] = worded(Purpose(said["purpose"]), said["reference"])
            except Invalid as error:
                self.add_error("reference", error.message)
        return said
