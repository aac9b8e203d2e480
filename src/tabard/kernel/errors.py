"""What can go wrong, in one family tree.

Every error has a stable `code` for machines, a sentence for people, and `fields` with the values involved.
None knows about HTTP: web, api and cli each map the families once.
"""

from typing import ClassVar


class TabardError(Exception):
    """The root. `code` is stable; `message` is a sentence; `fields` holds plain values."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class Invalid(TabardError):
    """The input cannot be accepted. `fields["field"]` names the field at fault."""

    code = "invalid"


class Denied(TabardError):
    """The person may not do this to this thing."""

    code = "denied"


class Conflict(TabardError):
    """The state of things does not allow it, or someone else was first."""

    code = "conflict"


class NotFound(TabardError):
    """No such thing, or none that the person may know of."""

    code = "not_found"


class Integrity(TabardError):
    """Bytes, hashes, signatures or proofs do not agree. Stops, alarms, is recorded; never retried."""

    code = "integrity"


class Unavailable(TabardError):
    """A thing we depend on (store, database, space, decoder) cannot serve now; trying again later may help."""

    code = "unavailable"
