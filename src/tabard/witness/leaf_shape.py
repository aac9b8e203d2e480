"""Is this a leaf as the public page `docs/reference/custody-log.md` says? For who checks from outside."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import rfc8785

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_HEX32 = r"[0-9a-f]{64}"
_SHAPES = {
    "id": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "kind": re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*"),
    "at": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"),
    "actor": re.compile(_HEX32),
    "details": re.compile(_HEX32),
    "sha256": re.compile(_HEX32),
}
_SUBJECT = {"type": re.compile(r"[a-z][a-z_]*"), "id": re.compile(_UUID)}
MOST_LEAF_BYTES = 65_535
"""As long as a length of two bytes can say."""

_KEYS = {"v", "id", "kind", "at", "subject", "actor", "details"}


def shape_problem(data: bytes) -> str:
    """What is wrong with a leaf, in words; empty where it is one."""
    if len(data) > MOST_LEAF_BYTES:
        return "it is too long"
    try:
        value = json.loads(data)
        is_canonical = rfc8785.dumps(value) == data
    except (ValueError, RecursionError):
        return "it is not canonical JSON"
    if not is_canonical or not isinstance(value, dict):
        return "it is not a canonical JSON object"
    return value_problem(value)


def value_problem(value: Mapping[str, Any]) -> str:
    """What is wrong with a leaf whose bytes are known to be canonical, in words; empty where nothing is."""
    if value.keys() - {"sha256"} != _KEYS or (type(value["v"]), value["v"]) != (int, 1):
        return "it has other keys than version 1 has"
    if not isinstance(value["subject"], dict) or value["subject"].keys() != _SUBJECT.keys():
        return "its subject has other keys than type and id"
    return _misfit(value, _SHAPES) or _misfit(value["subject"], _SUBJECT) or _time_problem(value["at"])


def _misfit(value: Mapping[str, Any], shapes: dict[str, re.Pattern[str]]) -> str:
    for name, shape in shapes.items():
        text = value.get(name, "0" * 64 if name == "sha256" else None)
        if not isinstance(text, str) or not shape.fullmatch(text):
            return f"its {name} is not written as the format says"
    return ""


def _time_problem(at: str) -> str:
    """The shape of a time says nothing of the thirteenth month."""
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return "its at is no time"
    return ""
