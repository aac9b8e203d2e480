"""What people type about exhibits."""

from collections.abc import Iterable
from typing import Any

from django import forms

from tabard.incidents.models import Incident
from tabard.people.models import Officer
from tabard.people.selectors import officer_by_reference
from tabard.recordings.models import Clip
from tabard.web.templatetags.tabard_values import clock

DESCRIPTION_CHARACTERS = 300


class ExhibitFilter(forms.Form):
    """Which exhibits to list."""

    words = forms.CharField(
        label="Search", required=False, help_text="Reference, description, producer or incident"
    )


class ProduceForm(forms.Form):
    """What a witness produces, and how their statement describes it."""

    clip = forms.ChoiceField(label="What is produced", required=False, widget=forms.RadioSelect)
    producer = forms.CharField(
        label="Producing officer", max_length=24, help_text="Their shoulder or warrant number"
    )
    description = forms.CharField(
        label="Description",
        max_length=DESCRIPTION_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="As the statement describes it, for example body-worn video of the arrest in Brixton Road",
    )
    incident = forms.ChoiceField(label="Incident", required=False)

    def __init__(
        self, *args: Any, clips: Iterable[Clip], incidents: Iterable[Incident], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._clips = {str(clip.id): clip for clip in clips}
        self._incidents = {str(incident.id): incident for incident in incidents}
        self.fields["clip"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            ("", "The whole recording"),
            *((key, _clip_label(clip)) for key, clip in self._clips.items()),
        ]
        self.fields["incident"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            ("", "None"),
            *((key, str(incident)) for key, incident in self._incidents.items()),
        ]

    def clean_producer(self) -> Officer:
        """The officer with the number."""
        officer = officer_by_reference(self.cleaned_data["producer"])
        if officer is None:
            raise forms.ValidationError("No officer has this shoulder or warrant number.")
        return officer

    def clean_clip(self) -> Clip | None:
        """The clip, or None for the whole recording."""
        return self._clips.get(self.cleaned_data["clip"])

    def clean_incident(self) -> Incident | None:
        """The incident, or None."""
        return self._incidents.get(self.cleaned_data["incident"])


def _clip_label(clip: Clip) -> str:
    return f"Clip: {clip} ({clock(clip.actual_start_s)} to {clock(clip.actual_end_s)})"
