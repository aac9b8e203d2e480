"""Is this a leaf as the public page `docs/reference/custody-log.md` says? For who watches from outside."""

import json
import re
from typing import Any

import rfc8785

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_HEX32 = r"[0-9a-f]{64}"
_SHAPES = {
    "id": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "kind": re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*"),
    "at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    "actor": re.compile(_HEX32),
    "details": re.compile(_HEX32),
    "sha256": re.compile(_HEX32),
}
_SUBJECT = {"type": re.compile(r"[a-z][a-z_]*"), "id": re.compile(_UUID)}
_KEYS = {"v", "id", "kind", "at", "subject", "actor", "details"}


def shape_problem(data: bytes) -> str:
    """What is wrong with a leaf, in words; empty where it is one."""
    try:
        value = json.loads(data)
        is_canonical = rfc8785.dumps(value) == data
    except (ValueError, RecursionError):
        return "it is not canonical JSON"
    if not is_canonical or not isinstance(value, dict):
        return "it is not a canonical JSON object"
    if value.keys() - {"sha256"} != _KEYS or value["v"] != 1 or value["v"] is True:
        return "it has other keys than version 1 has"
    if not isinstance(value["subject"], dict) or value["subject"].keys() != _SUBJECT.keys():
        return "its subject has other keys than type and id"
    return _misfit(value, _SHAPES) or _misfit(value["subject"], _SUBJECT)


def _misfit(value: dict[str, Any], shapes: dict[str, re.Pattern[str]]) -> str:
    for name, shape in shapes.items():
        text = value.get(name, "0" * 64 if name == "sha256" else None)
        if not isinstance(text, str) or not shape.fullmatch(text):
            return f"its {name} is not written as the format says"
    return ""
