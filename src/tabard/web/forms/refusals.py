"""How does a refusal of a service reach the person who typed? Beside the field it names, with what was typed kept."""

from django.forms import BaseForm

from tabard.kernel.errors import Conflict, Invalid


def show_refusal(form: BaseForm, error: Invalid | Conflict) -> None:
    """The form says what the service refused, at the field that the error names if the form has it."""
    field = error.fields.get("field")
    form.add_error(field if isinstance(field, str) and field in form.fields else None, error.message)
