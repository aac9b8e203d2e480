"""How is a unit chosen on a form? By its way down the tree, because teams of many boroughs share one name."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tabard.people.models import Unit
from tabard.people.selectors import unit_tree


class UnitSelect(forms.Select):
    """A select of hundreds of options: each is written as it is, where Django would render a template for it."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """The select, as Django's own template writes it."""
        del renderer
        chosen = str(value or "")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, SafeString(" selected") if str(key) == chosen else "", label)
                for key, label in self.choices
            ),
        )
        said = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html("<select{}>{}</select>", flatatt(said), options)


class UnitField(forms.TypedChoiceField):
    """A select of every unit, whose value is the unit, or None where none was chosen."""

    def __init__(self, *, nothing: str, label: str = "Unit", help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            # The longest way down the tree must not widen what the select stands in.
            widget=UnitSelect(attrs={"class": "govuk-!-width-full"}),
            choices=lambda: [("", nothing), *_choices()],
            coerce=_unit,
            empty_value=None,
        )


def _unit(value: str) -> Unit:
    return Unit.objects.get(id=UUID(value))


def _choices() -> Iterator[tuple[str, str]]:
    """Every unit below its parents: `Lambeth / Response Team 2`; the force stands first, by itself."""
    way: list[str] = []
    for node in unit_tree():
        way[node.depth :] = [node.unit.name]
        yield str(node.unit.id), " / ".join(way[1:] or way)
