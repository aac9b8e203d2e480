"""What people type about the custody log."""

from django import forms

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import LogFilter


class LogFilterForm(forms.Form):
    """Which events to list."""

    kind = forms.TypedChoiceField(
        label="Kind",
        required=False,
        choices=[("", "Any kind"), *((kind.value, kind.value) for kind in sorted(EventKind))],
        coerce=EventKind,
        empty_value=None,
        widget=forms.Select(attrs={"class": "govuk-!-width-full"}),
    )
    actor = forms.CharField(label="Person", required=False, max_length=120, help_text="Part of a name")
    item = forms.UUIDField(
        label="Item",
        required=False,
        help_text="The id of a recording, clip, exhibit or anything else",
        error_messages={"invalid": "An item's id has 32 hex digits, as its page or an event shows it."},
    )
    since = forms.DateTimeField(label="From", required=False, help_text="London time")
    until = forms.DateTimeField(label="Before", required=False, help_text="London time")

    def wanted(self) -> LogFilter:
        """The filter as far as it can be understood; a field at fault filters nothing and says so."""
        self.is_valid()
        said = self.cleaned_data
        return LogFilter(
            kind=said.get("kind"),
            subject_id=said.get("item"),
            actor=said.get("actor") or "",
            since=said.get("since"),
            until=said.get("until"),
        )
