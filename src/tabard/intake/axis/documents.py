"""What may a body-worn system read here? What we support, and the categories that officers may pick.

A capability once declared is kept for ever: this list only grows.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from tabard.intake.axis.answers import Answer
from tabard.intake.axis.protocol import Target
from tabard.recordings.models import Category

CAPABILITIES: Mapping[str, Mapping[str, bool]] = {
    "Read": {"ReadCategories": True},
    "Store": {
        "StoreBookmarks": True,
        "StoreRejectedContent": True,
        "StoreUserIDKey": True,
        "StoreSignedVideo": True,
        "StoreGNSSTrackRecording": True,
    },
    "StoreAndRead": {"StoreReadSystemID": True},
}


def document(target: Target) -> Answer | None:
    """The answer with a document of ours, or None if the target is none."""
    make = _DOCUMENTS.get((target.container, target.object))
    return None if make is None else _as_answer(make())


def is_document(target: Target) -> bool:
    """Whether the target is a document of ours, which nobody else writes."""
    return (target.container, target.object) in _DOCUMENTS


def _categories() -> list[dict[str, str]]:
    offered = Category.objects.filter(is_offered=True)
    return [{"Name": category.name, "Id": category.code} for category in offered]


def _as_answer(content: Any) -> Answer:
    body = json.dumps(content, ensure_ascii=False).encode()
    # The protocol asks for MD5: a checksum of the transfer, not a proof of anything.
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Answer(200, ((b"etag", etag.encode("ascii")),), body, "application/json")


_DOCUMENTS: Mapping[tuple[str, str], Callable[[], Any]] = {
    ("System", "Capabilities.json"): lambda: CAPABILITIES,
    ("System", "Capability.json"): lambda: CAPABILITIES,  # as the specification also calls it
    ("System", "Categories.json"): _categories,
}
