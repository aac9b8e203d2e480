"""What people type about disposals: which to list."""

from typing import Any

from django import forms

from tabard.retention.disposals import DisposalFilter


class DisposalFilterForm(forms.Form):
    """Which disposals to list."""

    since = forms.DateField(label="From", required=False)
    until = forms.DateField(label="To", required=False, help_text="This day is listed too")
    rule = forms.ChoiceField(label="Rule", required=False)
    run = forms.UUIDField(label="Disposal run", required=False, help_text="Its id, as its page shows it")

    def __init__(self, *args: Any, rules: dict[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["rule"]
        chosen.choices = [("", "Any"), *sorted(rules.items(), key=lambda rule: rule[1])]

    def wanted(self) -> DisposalFilter:
        """The filter as far as it can be understood; a field at fault filters nothing and says so."""
        self.is_valid()
        said = self.cleaned_data
        return DisposalFilter(
            said.get("since"), said.get("until"), said.get("rule", ""), said.get("run") or None
        )
