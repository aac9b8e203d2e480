"""Text is kept without the spaces around it, and refused with the field's name."""

import pytest

from tabard.kernel.errors import Invalid
from tabard.kernel.text import optional, required


def test_spaces_around_it_go():
    assert required("  a b ", "title", 3) == "a b"
    assert optional("   ", "title", 3) == ""
    assert optional("a\n\tb", "title", 3) == "a b"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" ", "Title is missing."),
        ("abcd", "longer than 3"),
        ("a\x00b", "cannot be printed"),
        ("a\u202eb", "cannot be printed"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(text, words):
    with pytest.raises(Invalid, match=words) as refused:
        required(text, "title", 3)
    assert refused.value.fields["field"] == "title"


def test_the_caller_may_say_what_is_missing():
    with pytest.raises(Invalid, match="Say what happened"):
        required("", "title", 3, "Say what happened.")
