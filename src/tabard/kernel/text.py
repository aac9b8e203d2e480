"""What may be written into a field, and how is a number of things said? One rule for all text."""

from tabard.kernel.errors import Invalid

# Invisible, but part of writing Persian and some emoji; other such characters can turn what is read around.
_JOINERS = {ord("\u200c"): None, ord("\u200d"): None}


def required(text: str, field: str, longest: int, missing: str = "") -> str:
    """The text on one line, with single spaces and none around it.

    Args:
        text: As it was given.
        field: Its name, for the error.
        longest: The most characters it may have.
        missing: What to say where there is none.

    Raises:
        Invalid: naming the field, when it is empty, too long, or holds what cannot be printed.
    """
    clean = optional(text, field, longest)
    if not clean:
        raise Invalid(missing or f"{_name(field)} is missing.", field=field)
    return clean


def optional(text: str, field: str, longest: int) -> str:
    """The text on one line, with single spaces and none around it; it may be empty.

    Raises:
        Invalid: naming the field, when it is too long or holds what cannot be printed.
    """
    clean = " ".join(text.split())
    if len(clean) > longest:
        raise Invalid(f"{_name(field)} is longer than {longest} characters.", field=field)
    if not clean.translate(_JOINERS).isprintable():
        raise Invalid(f"{_name(field)} holds characters that cannot be printed.", field=field)
    return clean


def counted(number: int, noun: str) -> str:
    """The number with its noun: `1 file`, `3,000 files`."""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _name(field: str) -> str:
    return field.replace("_", " ").capitalize()
