"""What people type about recordings: which ones to list, and what they say about one."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet

from tabard.incidents.models import Incident
from tabard.incidents.selectors import recordings_linked_to
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action, Relation, reach
from tabard.people.selectors import subtree_ids
from tabard.recordings.models import Recording
from tabard.recordings.selectors import RecordingFilter, categories
from tabard.retention.models import Hold
from tabard.web.forms.units import UnitField
from tabard.web.templatetags.tabard_values import LONDON

UNCATEGORISED = "none"
ANY_FLAG = "any"
# People say why they hold; only a restore does not know.
_HOLDS = [choice for choice in Hold.Kind.choices if choice[0] != Hold.Kind.RESTORED]


def _category_choices() -> list[tuple[str, str]]:
    return [(category.code, category.name) for category in categories()]


class RecordingFilterForm(forms.Form):
    """Which recordings to list; a field that cannot narrow anything for this person is left out."""

    words = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        help_text="Camera, shoulder number, family name or file name",
    )
    reference = forms.CharField(label="Crime or call reference", required=False, max_length=64)
    category = forms.ChoiceField(
        label="Category",
        required=False,
        choices=lambda: [("", "Any"), (UNCATEGORISED, "Not categorised"), *_category_choices()],
    )
    unit = UnitField(nothing="Any unit", label="Unit")
    since = forms.DateField(label="From", required=False, widget=forms.DateInput)
    until = forms.DateField(label="To", required=False, widget=forms.DateInput)
    flag = forms.ChoiceField(
        label="Flag",
        required=False,
        choices=[("", "Any"), (ANY_FLAG, "Anything flagged"), *Recording.Flag.choices],
    )
    mine = forms.BooleanField(label="Only my own", required=False)
    disposed = forms.BooleanField(label="Include disposed", required=False)

    def __init__(self, data: Any, *, viewer: Viewer) -> None:
        super().__init__(data)
        sees = reach(viewer.roles, Action.RECORDING_VIEW)
        if sees == {Relation.OWN}:
            del self.fields["unit"]
        if sees == {Relation.OWN} or viewer.officer_id is None:
            del self.fields["mine"]

    def clean(self) -> dict[str, Any]:
        """The dates are in order."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "To must be the same day as From or later.")
        return self.cleaned_data

    def asked(self) -> dict[str, str]:
        """What was filled in, as plain text by field; empty where nothing was."""
        return {name: str(value) for name, value in self._values().items() if value}

    def wanted(self) -> RecordingFilter:
        """The filter that was asked for; a field with an error narrows nothing."""
        values = self._values()
        chosen = {name: values.get(name) or "" for name in ("words", "category", "flag")}
        return RecordingFilter(
            words=chosen["words"],
            category="" if chosen["category"] == UNCATEGORISED else chosen["category"],
            flag="" if chosen["flag"] == ANY_FLAG else chosen["flag"],
            since=_midnight(values.get("since")),
            until=_midnight(values.get("until"), days_later=1),
            mine_only=bool(values.get("mine")),
            include_disposed=bool(values.get("disposed")),
            among=_among(values),
        )

    def _values(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if name not in self.errors}


def _midnight(day: date | None, *, days_later: int = 0) -> datetime | None:
    """The start of a London day."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days_later), time.min, tzinfo=LONDON)


def _among(values: dict[str, Any]) -> QuerySet[Recording, UUID] | None:
    """The ids that the filters which are no column of their own leave; None where there is no such filter."""
    rows = Recording.objects.all()
    if values.get("category") == UNCATEGORISED:
        rows = rows.filter(category__isnull=True)
    if values.get("flag") == ANY_FLAG:
        rows = rows.exclude(flags=[])
    if values.get("unit"):
        rows = rows.filter(unit_id__in=subtree_ids(values["unit"].id))
    if values.get("reference"):
        rows = rows.filter(id__in=recordings_linked_to(values["reference"]))
    return rows.values_list("id", flat=True) if rows.query.has_filters() else None


class CategoryForm(forms.Form):
    """What the recording is about."""

    category = forms.ChoiceField(choices=lambda: [("", "Choose"), *_category_choices()])
    reason = forms.CharField(
        label="Reason", required=False, max_length=300, help_text="If you change what someone chose before"
    )


class LinkForm(forms.Form):
    """The incident that the recording shows."""

    reference = forms.CharField(max_length=64, help_text="A crime report or call, for example 4829137/26")
    reason = forms.CharField(label="What it shows of it", required=False, max_length=200)


class UnlinkForm(forms.Form):
    """A link that was wrong."""

    incident = forms.ChoiceField()
    reason = forms.CharField(label="Why the link is wrong", max_length=200)

    def __init__(self, *args: Any, incidents: Iterable[Incident], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["incident"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            (str(incident.id), str(incident)) for incident in incidents
        ]


class HoldForm(forms.Form):
    """Why the recording must be kept, whatever its period says."""

    kind = forms.ChoiceField(label="Kind of hold", choices=[("", "Choose"), *_HOLDS])
    reason = forms.CharField(max_length=300, help_text="For example the complaint or claim it belongs to")


class ReleaseForm(forms.Form):
    """A hold that is no longer needed."""

    hold = forms.ChoiceField()
    reason = forms.CharField(label="Why it is no longer needed", max_length=300)

    def __init__(self, *args: Any, holds: Iterable[Hold], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["hold"].choices = [  # type: ignore[attr-defined] # a ChoiceField, as declared above
            (str(hold.id), f"{hold.get_kind_display()}: {hold.reason}") for hold in holds
        ]
