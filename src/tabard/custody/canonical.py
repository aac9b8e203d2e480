"""How is a value written so that everyone hashes the same bytes? RFC 8785 canonical JSON, quickly.

`rfc8785` is the judge. For values whose canonical form the standard library writes identically (plain strings, whole
numbers, booleans, None, lists, and objects with ASCII keys, in which code points and UTF-16 units sort alike) its C
encoder does the work at a tenth of the time; anything else, and anything to be refused, goes to `rfc8785`.

The log holds no floating-point numbers, whose canonical form is hard to write in a second language. `without_floats`
is for what is to be appended; `canonical` also reads what anyone made.
"""

from collections.abc import Mapping
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # typeshed leaves them out
from typing import Any

import rfc8785

_LARGEST = 2**53 - 1
# What `json.dumps` with these choices makes for each call, made once: it takes longer than writing an event's details.
_pieces = c_make_encoder(None, None, encode_basestring, None, ":", ",", True, False, False)


def canonical(value: Mapping[str, Any]) -> bytes:
    """The RFC 8785 form of an object.

    Raises:
        rfc8785.CanonicalizationError: it holds what JSON or RFC 8785 cannot carry.
    """
    if not value:
        return b"{}"
    return (_quickly(value) if _is_plain(value) else None) or rfc8785.dumps(dict(value))


def without_floats(value: Mapping[str, Any]) -> bytes:
    """`canonical`, for a value that the log may hold.

    Raises:
        ValueError: it holds a floating-point number, or what `canonical` refuses.
    """
    if not value:
        return b"{}"
    if _is_plain(value):
        return _quickly(value) or rfc8785.dumps(dict(value))
    written = rfc8785.dumps(dict(value))
    if _holds_float(value):
        raise ValueError("The log holds no floating-point numbers: use whole ones of a smaller unit.")
    return written


def _quickly(value: Mapping[str, Any]) -> bytes | None:
    """A plain value in canonical form; None where it holds a lone surrogate, to be refused in the judge's own words."""
    try:
        return "".join(_pieces(value, 0)).encode()
    except UnicodeEncodeError:
        return None


def _holds_float(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_float, value.values()))
    return isinstance(value, float) or (isinstance(value, list | tuple) and any(map(_holds_float, value)))


def _is_plain(value: object) -> bool:
    """Whether the C encoder writes the value as RFC 8785 does; subclasses are not looked into, so they are not."""
    of = type(value)
    if of is str or of is bool or value is None:
        return True
    if of is int:
        return -_LARGEST <= value <= _LARGEST  # type: ignore[operator]
    if of is dict:
        return all(
            type(key) is str and key.isascii() and _is_plain(held)
            for key, held in value.items()  # type: ignore[attr-defined]
        )
    return of in (list, tuple) and all(map(_is_plain, value))  # type: ignore[call-overload]
