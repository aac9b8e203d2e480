"""How is a Django form written on a page? As GOV.UK components, with hints and errors bound to their inputs.

What was typed stays typed; an error names its field, stands beside it and is linked from the summary.
"""

from copy import copy
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.widgets import DateTimeBaseInput
from django.http import QueryDict
from django.template import Context
from django.utils.safestring import SafeString

register = template.Library()

# The first match decides, so a widget stands above the one it derives from.
KINDS: tuple[tuple[type[forms.Widget], str, str], ...] = (
    (forms.CheckboxSelectMultiple, "checkboxes", "govuk-checkboxes__input"),
    (forms.RadioSelect, "radios", "govuk-radios__input"),
    (forms.CheckboxInput, "checkbox", "govuk-checkboxes__input"),
    (forms.Select, "select", "govuk-select"),
    (forms.Textarea, "textarea", "govuk-textarea"),
    (forms.FileInput, "file", "govuk-file-upload"),
    (forms.Widget, "input", "govuk-input"),
)
NATIVE_INPUTS: tuple[tuple[type[DateTimeBaseInput], str, str, str], ...] = (
    (forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M:%S", "tabard-input--datetime"),
    (forms.DateInput, "date", "%Y-%m-%d", "tabard-input--date"),
    (forms.TimeInput, "time", "%H:%M:%S", "tabard-input--date"),
)
CHOICE_KINDS = ("radios", "checkboxes")
PASSED_ON = ("rows", "autocomplete", "inputmode")


def _kind(widget: forms.Widget) -> tuple[str, str]:
    return next((kind, css) for family, kind, css in KINDS if isinstance(widget, family))


def _native(widget: forms.Widget) -> tuple[forms.Widget, dict[str, str]]:
    """The widget as the browser's own date or time control, whose value must be ISO 8601."""
    for family, input_type, value_format, css in NATIVE_INPUTS:
        if isinstance(widget, family):
            native = copy(widget)
            native.input_type, native.format = input_type, value_format
            return native, {"class": css} | ({} if input_type == "date" else {"step": "1"})
    return widget, {}


def _control(bound: BoundField, css: str, extra: dict[str, Any]) -> SafeString:
    widget, native_attrs = _native(bound.field.widget)
    error_css = f"{css}--error" if bound.errors else ""
    classes = [
        css,
        error_css,
        native_attrs.pop("class", ""),
        extra.pop("class", ""),
        widget.attrs.get("class", ""),
    ]
    attrs = native_attrs | extra | {"class": " ".join(part for part in classes if part)}
    return bound.as_widget(widget=widget, attrs=attrs)


def _choices(bound: BoundField) -> list[dict[str, Any]]:
    return [{"id": choice.id_for_label, **choice.data} for choice in bound.subwidgets]


def _groups(bound: BoundField) -> list[dict[str, Any]]:
    """The choices under the headings that the field gives them; empty where it gives none."""
    choices = iter(_choices(bound))
    groups = []
    for label, members in getattr(bound.field, "choices", []):
        if not isinstance(members, list | tuple):
            return []
        held = [next(choices) for _ in members]
        groups.append({"label": label, "choices": held, "chosen": sum(one["selected"] for one in held)})
    return groups


def _lower_first(label: str) -> str:
    """The label inside a sentence; `URN` and `CAD number` keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


MISSING = {
    "select": "Choose {name}",
    "radios": "Choose an answer: {label}",
    "checkboxes": "Choose at least one: {label}",
    "checkbox": "Tick the box: {label}",
    "file": "Choose a file: {name}",
}


def _messages(bound: BoundField) -> list[str]:
    """What is wrong with the field, each message naming it so that it can stand alone."""
    label = str(bound.label)
    kind, _ = _kind(bound.field.widget)
    messages = [str(error) for error in bound.errors]
    if messages == [str(forms.Field.default_error_messages["required"])]:
        return [MISSING.get(kind, "Enter {name}").format(label=label, name=_lower_first(label))]
    return [said if label.lower() in said.lower() else f"{label}: {said}" for said in messages]


def _describedby(bound: BoundField, hint: str) -> str:
    parts = [f"{bound.auto_id}_helptext" if hint else "", f"{bound.auto_id}_error" if bound.errors else ""]
    return " ".join(part for part in parts if part)


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField, hint: str = "", width: str = "", label_size: str = "", **options: Any
) -> dict[str, Any]:
    """A whole form group for one field: label, hint, errors and the control with what was typed.

    Args:
        bound: `form.name`.
        hint: said instead of the field's help text.
        width: a GOV.UK width: `2` to `30` characters, or `one-half`, `two-thirds`, `full`.
        label_size: `s`, `m`, `l` to make the label or legend a heading's size.
        options: `prefix`, `suffix`, `rows`, `autocomplete`, `inputmode`, `hide_label`, `inline`, `small`.
    """
    kind, css = _kind(bound.field.widget)
    hint = hint or str(bound.help_text or "")
    extra: dict[str, Any] = {name: options[name] for name in PASSED_ON if name in options}
    if described := _describedby(bound, hint):
        extra["aria-describedby"] = described
    if width:
        extra["class"] = f"govuk-input--width-{width}" if width.isdigit() else f"govuk-!-width-{width}"
    return options | {
        "bound": bound,
        "kind": "hidden" if bound.is_hidden else kind,
        "hint": hint,
        "messages": _messages(bound),
        "label_size": label_size,
        "describedby": described,
        "control": "" if kind in CHOICE_KINDS else _control(bound, css, extra),
        "choices": _choices(bound) if kind in CHOICE_KINDS else [],
        "groups": _groups(bound) if kind == "checkboxes" else [],
    }


def _first_input_id(bound: BoundField) -> str:
    kind, _ = _kind(bound.field.widget)
    if kind in CHOICE_KINDS:
        return next((choice.id_for_label for choice in bound.subwidgets), bound.auto_id)
    return bound.auto_id


def _errors_of(form: forms.BaseForm) -> list[dict[str, str]]:
    hidden = [error for bound in form.hidden_fields() for error in bound.errors]
    listed = [{"text": str(error), "id": ""} for error in [*form.non_field_errors(), *hidden]]
    for bound in form.visible_fields():
        listed += [{"text": text, "id": _first_input_id(bound)} for text in _messages(bound)]
    return listed


@register.inclusion_tag("components/error_summary.html")
def error_summary(*all_forms: "forms.BaseForm | forms.BaseFormSet[Any] | None") -> dict[str, Any]:
    """Every error of the forms and form sets, each linked to the input at fault; nothing where there is none."""
    bound = [form for form in all_forms if form and form.is_bound]
    single = [each for form in bound for each in (form if isinstance(form, forms.BaseFormSet) else [form])]
    return {"errors": [error for form in single for error in _errors_of(form)]}


def _without(data: QueryDict, name: str, value: str) -> str:
    """The address that shows the same list without one filter, from its first page."""
    rest = data.copy()
    rest.setlist(name, [kept for kept in rest.getlist(name) if kept != value])
    for marker in ("after", "before"):
        rest.pop(marker, None)
    return "?" + rest.urlencode()


def _said(bound: BoundField, value: str) -> str:
    choices: dict[str, str] = {}
    for key, label in getattr(bound.field, "choices", []):
        grouped = label if isinstance(label, list | tuple) else [(key, label)]
        choices |= {str(one): str(words) for one, words in grouped}
    return "yes" if isinstance(bound.field, forms.BooleanField) else choices.get(value, value)


def _applied(form: forms.BaseForm) -> list[dict[str, str]]:
    data = form.data
    if not isinstance(data, QueryDict):
        return []
    return [
        {
            "label": str(bound.label),
            "value": _said(bound, value),
            "url": _without(data, bound.html_name, value),
        }
        for bound in form.visible_fields()
        for value in data.getlist(bound.html_name)
        if value.strip()
    ]


@register.simple_block_tag(takes_context=True)
def filtered(context: Context, content: SafeString, form: forms.BaseForm, clear_url: str = "?") -> SafeString:
    """A GET form of filters beside the results it contains; each applied filter can be taken off with a link.

    Args:
        context: the template's context.
        content: the results.
        form: bound to `request.GET`, so that applied filters can be named.
        clear_url: where no filter applies.
    """
    values = {"form": form, "applied": _applied(form), "clear_url": clear_url, "content": content}
    return render_component(context, "components/filtered.html", values)


def render_component(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    """The component's markup, made by the engine that renders the page, with its CSRF token."""
    engine = context.template.engine  # type: ignore[union-attr] # set while a page is being rendered
    inner = context.new(values | {"csrf_token": context.get("csrf_token")})
    return engine.get_template(name).render(inner)
