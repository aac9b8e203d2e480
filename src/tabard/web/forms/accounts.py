"""What is typed at the door."""

from django import forms


class SignInForm(forms.Form):
    """A user name and a password; the password is never written back to the page."""

    username = forms.CharField(
        label="User name",
        max_length=64,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    password = forms.CharField(label="Password", max_length=1024, strip=False, widget=forms.PasswordInput)
