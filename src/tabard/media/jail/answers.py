"""What did the decoder say? Its frames, read as the words of a stranger: bounded, checked, cleaned."""

import json
import math
from dataclasses import dataclass
from typing import Any

from tabard.media.jail.facts import SHAPES, conforms

_LONGEST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One frame; exactly one field is set."""

    progress: float | None = None
    missing: dict[str, str] | None = None
    cannot_decode: str | None = None
    invalid: list[str] | None = None
    killed: str | None = None
    facts: dict[str, Any] | None = None

    def fits(self, task: str, output_bytes: int) -> bool:
        """Whether the facts have the task's shape and point inside the output."""
        if not conforms(self.facts, SHAPES[task]):
            return False
        pictures = [
            value for value in (self.facts or {}).values() if isinstance(value, dict) and "start" in value
        ]
        return all(0 <= p["start"] <= p["start"] + p["length"] <= output_bytes for p in pictures)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _cleaned(value: Any) -> Any:
    # Titles and codec names come from the footage: PostgreSQL takes no NUL, nobody takes half a surrogate pair.
    if isinstance(value, str):
        return value[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return value


_KINDS: dict[str, Any] = {
    "progress": float,
    "missing": dict[str, str],
    "cannot_decode": str,
    "invalid": list[str],
    "killed": str,
}


def read_answer(frame: bytes) -> Answer | None:
    """The frame's answer, or None for anything that no honest decoder says."""
    try:
        said = _cleaned(json.loads(frame, parse_float=_finite, parse_constant=_finite))
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or len(said) != 1:
        return None
    ((kind, value),) = said.items()
    fine = isinstance(value, dict) if kind == "facts" else kind in _KINDS and conforms(value, _KINDS[kind])
    if not fine or (kind == "invalid" and len(value) != 2) or (kind == "progress" and not 0 <= value <= 1):
        return None
    return Answer(**{kind: value})
