"""What people type about incidents."""

from django import forms

from tabard.incidents.models import Incident
from tabard.web.forms.units import UnitField


class IncidentFilter(forms.Form):
    """Which incidents to list."""

    words = forms.CharField(label="Search", required=False, help_text="Reference, place or what happened")
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "Any kind"), *Incident.Kind.choices])


class IncidentForm(forms.Form):
    """An incident as another system knows it."""

    kind = forms.ChoiceField(
        label="Kind of incident", choices=Incident.Kind.choices, widget=forms.RadioSelect
    )
    reference = forms.CharField(
        label="Reference",
        max_length=64,
        help_text="As the system that owns it writes it, for example 4829137/26",
    )
    title = forms.CharField(
        label="What happened", max_length=160, help_text="In a few words, for example Robbery, Brixton Road"
    )
    start_at = forms.DateTimeField(label="Start", help_text="London time")
    end_at = forms.DateTimeField(
        label="End", required=False, help_text="London time. Leave it empty if it is not known."
    )
    place = forms.CharField(label="Place", max_length=160, required=False)
    unit = UnitField(nothing="Not known", help_text="The unit that deals with it")
