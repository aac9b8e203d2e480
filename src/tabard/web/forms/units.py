"""How is a unit chosen on a form? By its way down the tree, because teams of many boroughs share one name."""

from collections.abc import Iterator
from uuid import UUID

from django import forms

from tabard.people.models import Unit
from tabard.people.selectors import unit_tree


class UnitField(forms.TypedChoiceField):
    """A select of every unit, whose value is the unit, or None where none was chosen."""

    def __init__(self, *, nothing: str, label: str = "Unit", help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            # The longest way down the tree must not widen what the select stands in.
            widget=forms.Select(attrs={"class": "govuk-!-width-full"}),
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
