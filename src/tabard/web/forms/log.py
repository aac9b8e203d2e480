"""What people type about the custody log."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from tabard.custody.kinds import CLASS_OF, EventKind, Section62
from tabard.custody.selectors import LogFilter
from tabard.incidents.log_items import items_named

_LONGEST = 200
_PAGING = ("before", "after")


def _title(kind: EventKind) -> str:
    return kind.value.replace(".", " ").replace("_", " ").capitalize()


def _kinds_by_class() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            section.value.capitalize(),
            [(kind.value, _title(kind)) for kind in EventKind if CLASS_OF[kind] is section],
        )
        for section in Section62
    ]


class LogFilterForm(forms.Form):
    """Which events to list."""

    item = forms.CharField(
        label="Item",
        required=False,
        max_length=_LONGEST,
        help_text="An id, or a reference: exhibit, incident, camera, shoulder number",
    )
    actor = forms.CharField(label="Person", required=False, max_length=120, help_text="Part of a name")
    since = forms.DateTimeField(label="From", required=False, help_text="London time")
    until = forms.DateTimeField(label="Before", required=False, help_text="London time")
    section = forms.MultipleChoiceField(
        label="Class (section 62)",
        required=False,
        choices=[(section.value, section.value.capitalize()) for section in Section62],
        widget=forms.CheckboxSelectMultiple,
    )
    kind = forms.MultipleChoiceField(
        label="Kind", required=False, choices=_kinds_by_class(), widget=forms.CheckboxSelectMultiple
    )

    def clean_item(self) -> tuple[UUID, ...] | None:
        """The ids of the items that the text names; None where there is none."""
        text = self.cleaned_data["item"]
        if not text:
            return None
        found = items_named(text)
        if not found:
            raise forms.ValidationError("No item has this id or reference.")
        return tuple(found)

    def wanted(self) -> LogFilter:
        """The filter as far as it can be understood; a field at fault filters nothing and says so."""
        self.is_valid()
        said = self.cleaned_data
        return LogFilter(
            kinds=tuple(EventKind(kind) for kind in said.get("kind", [])),
            sections=tuple(Section62(section) for section in said.get("section", [])),
            subject_ids=said.get("item"),
            actor=said.get("actor") or "",
            since=said.get("since"),
            until=said.get("until"),
        )


def asked_of(query: QueryDict) -> Mapping[str, Any]:
    """What an address asks for, as the log keeps it: each parameter that says something, several values as a list."""
    said = {name: [value for value in query.getlist(name) if value] for name in query}
    return {name: values[0] if len(values) == 1 else values for name, values in said.items() if values}


def without_paging(query: QueryDict) -> QueryDict:
    """The filter alone, without where in the list one is."""
    kept = query.copy()
    for name in _PAGING:
        kept.pop(name, None)
    return kept
