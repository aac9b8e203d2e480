"""What texts, times and hashes may look like, coming in and going out."""

import re
from typing import Annotated

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

Instant = AwareDatetime
"""A time with its zone; one without is refused."""


_UNSTORABLE = re.compile(
    "[\x00\ud800-\udfff]"
)  # no NUL in PostgreSQL's text, no half of a surrogate pair in UTF-8


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("it holds a character that cannot be kept")
    return text


Words = Annotated[str, AfterValidator(_storable)]
"""Text that the database can hold."""

Reason = Annotated[Words, Field(max_length=300)]
Search = Annotated[Words, Field(max_length=200)]
Sha256 = Annotated[str, Field(description="SHA-256 of the plain bytes, lower-case hex")]


class Sent(Schema):
    """What a client sends: a field that we do not know is refused, so that a misspelt one cannot go unnoticed."""

    model_config = ConfigDict(extra="forbid")
