"""Where a clip begins and ends: seconds, or minutes and seconds as a player shows them."""

import re
from typing import Any

from django import forms

from tabard.web.templatetags.tabard_values import clock

_POSITION = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:\.\d{1,6})?)")
_WIDGET = forms.TextInput(attrs={"inputmode": "decimal"})


class PositionField(forms.CharField):
    """A place in the footage, in seconds: `75.5`, `1:15.5` and `0:01:15.5` are the same."""

    widget = _WIDGET

    def clean(self, value: Any) -> float:
        """The place in seconds."""
        text = super().clean(value)
        found = _POSITION.fullmatch(text)
        if found is None:
            raise forms.ValidationError(
                f"{self.label} must be seconds, such as 75.5, or minutes, such as 1:15.5."
            )
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds


class ClipForm(forms.Form):
    """The stretch of one segment to cut; `duration_s` is the segment's length where it is known."""

    start_s = PositionField(label="Start", max_length=20)
    end_s = PositionField(label="End", max_length=20)
    title = forms.CharField(label="What it shows", required=False, max_length=120)

    def __init__(self, *args: Any, duration_s: float | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._duration_s = duration_s

    def clean(self) -> dict[str, Any]:
        """Both ends lie in the footage, in order."""
        start_s, end_s = self.cleaned_data.get("start_s"), self.cleaned_data.get("end_s")
        if start_s is not None and self._duration_s is not None and start_s >= self._duration_s:
            self.add_error("start_s", f"Start must be before the footage ends, at {clock(self._duration_s)}.")
        if start_s is not None and end_s is not None and end_s <= start_s:
            self.add_error("end_s", "End must be after the start.")
        return self.cleaned_data
