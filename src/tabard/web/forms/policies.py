"""What people type about the retention policy."""

from datetime import UTC, datetime, time

from django import forms


class PolicyForm(forms.Form):
    """Another policy, why it is to change, and from when."""

    text = forms.CharField(
        label="The policy",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 30, "spellcheck": "false"}),
        help_text="Give it a version of its own. A shorter period needs its [[test]] changed with it, if it has one.",
    )
    reason = forms.CharField(
        label="Why it is to change", max_length=500, required=False, help_text="Who approves reads this"
    )
    not_before_date = forms.DateField(
        label="Not in force before",
        required=False,
        help_text="Leave it empty for as soon as may be: 2/3/2027",
    )

    def clean_text(self) -> str:
        """The text as a file has it: a browser sends other ends of lines, which would be another policy's hash."""
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")
        return text

    @property
    def not_before(self) -> datetime | None:
        """The first instant of the day that was typed, in UTC."""
        day = self.cleaned_data.get("not_before_date")
        return datetime.combine(day, time(), UTC) if day else None
