"""A day that is typed is read as ISO 8601 or day first, never month first."""

from datetime import date

import pytest
from django import forms

from tabard.web.forms.log import LogFilterForm


@pytest.mark.parametrize("typed", ["2026-03-04", "04/03/2026"])
def test_a_day_is_the_fourth_of_march(typed):
    assert forms.DateField().clean(typed) == date(2026, 3, 4)


def test_what_can_only_be_month_first_is_refused():
    with pytest.raises(forms.ValidationError):
        forms.DateField().clean("03/14/2026")


def test_the_log_is_filtered_from_a_day_first_time():
    form = LogFilterForm({"since": "04/03/2026 09:30"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["since"].date() == date(2026, 3, 4)
