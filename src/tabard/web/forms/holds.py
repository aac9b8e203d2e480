"""What people type about holds: which to list, what to hold and why, and what becomes of one."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from tabard.incidents import selectors as incidents
from tabard.kernel.errors import Invalid
from tabard.people.authorisation import Viewer
from tabard.people.models import Account
from tabard.people.selectors import officer_by_reference
from tabard.retention.hold_views import HoldFilter
from tabard.retention.holds import LONGEST_REASON, Held, OfficerPeriod
from tabard.retention.models import Hold

KINDS = [choice for choice in Hold.Kind.choices if choice[0] != Hold.Kind.RESTORED]
_WIDE = [(Hold.Scope.INCIDENT.value, "Whatever is linked to an incident, now or later")]
_WIDE += [(Hold.Scope.OFFICER.value, "Whatever an officer may have filmed on some days")]
_STANDINGS = [("in_force", "In force"), ("to_review", "To be looked at"), ("released", "Released")]


class HoldFilterForm(forms.Form):
    """Which holds to list."""

    standing = forms.ChoiceField(label="Standing", required=False, choices=[("", "Any"), *_STANDINGS])
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "Any"), *Hold.Kind.choices])
    scope = forms.ChoiceField(label="Covers", required=False, choices=[("", "Any"), *Hold.Scope.choices])
    owner = forms.CharField(label="Owner", required=False, max_length=64, help_text="A user name")

    def wanted(self) -> HoldFilter:
        """The filter as it was typed; what cannot be read narrows nothing."""
        typed = self.cleaned_data if self.is_valid() else {}
        return HoldFilter(**{name: typed.get(name, "") for name in self.fields})


class PlaceForm(forms.Form):
    """What is to be held, and why."""

    scope = forms.ChoiceField(label="What to hold", choices=_WIDE, widget=forms.RadioSelect)
    reference = forms.CharField(
        label="Incident's reference", required=False, max_length=64, help_text="For an incident: CAD 4821"
    )
    officer = forms.CharField(
        label="Officer's shoulder or warrant number",
        required=False,
        max_length=24,
        help_text="For an officer. Footage whose wearer or time is not certain is held too",
    )
    from_date = forms.DateField(label="First day", required=False, help_text="For an officer")
    to_date = forms.DateField(label="Last day", required=False, help_text="This day is held too")
    kind = forms.ChoiceField(label="Kind of hold", choices=[("", "Choose"), *KINDS])
    reason = forms.CharField(
        max_length=LONGEST_REASON, help_text="For example the complaint or claim it belongs to"
    )
    review_date = forms.DateField(
        label="Look at it again on (optional)",
        required=False,
        help_text="Half a year on, or as the kind says, where you choose no day. It never ends by itself",
    )

    def held(self, viewer: Viewer) -> Held:
        """What the form names.

        Raises:
            Invalid: naming the field, when it names nothing that the viewer may hold.
        """
        if self.cleaned_data["scope"] == Hold.Scope.INCIDENT:
            found = incidents.incident_by_reference(viewer, self.cleaned_data["reference"])
            if found is None:
                raise Invalid("No incident that you may see has this reference.", field="reference")
            return found
        officer = officer_by_reference(self.cleaned_data["officer"])
        if officer is None:
            raise Invalid("No officer, or more than one, has this number.", field="officer")
        for name in ("from_date", "to_date"):
            if self.cleaned_data[name] is None:
                raise Invalid("Say from which day to which.", field=name)
        return OfficerPeriod(officer, self.cleaned_data["from_date"], self.cleaned_data["to_date"])


class HoldReleaseForm(forms.Form):
    """That a hold is no longer needed."""

    reason = forms.CharField(label="Why it is no longer needed", max_length=LONGEST_REASON)


class ReviewForm(forms.Form):
    """That a hold is still needed, and until when it may be left alone."""

    review_date = forms.DateField(label="Look at it again on", help_text="Within a year")
    reason = forms.CharField(label="Why it is still needed", max_length=LONGEST_REASON)


class HandOverForm(forms.Form):
    """Who owns a hold from now on."""

    owner = forms.ModelChoiceField(
        queryset=Account.objects.none(), label="New owner", empty_label="Choose", to_field_name="username"
    )
    reason = forms.CharField(label="Why somebody else owns it now", max_length=LONGEST_REASON)

    def __init__(self, *args: Any, owners: QuerySet[Account], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["owner"]
        chosen.queryset = owners
        chosen.label_from_instance = _named


def _named(account: Account) -> str:
    return f"{account.display_name} ({account.username})"
