"""What proves that a recording was disposed of, under which rule, and nothing of what was in it?

A certificate of disposal: one JSON file with the log's entry `recording.disposed`, its proof under a signed checkpoint,
and the details that it commits to: the rule, the policy's version and hash, when it fell due and was put on the list,
the run, and how many objects' keys were destroyed. Who has the force's key checks it with no database.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tabard.custody import selectors
from tabard.custody.actors import Actor
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.receipts import take_receipt
from tabard.custody.selectors import EventSheet
from tabard.disclosure.errors import FactsBroken
from tabard.disclosure.facts import parse_json
from tabard.disclosure.leaves import ProvenLeaf, disclose, prove
from tabard.kernel.errors import NotFound
from tabard.merkle.note import VerifierKey

FILE_SUFFIX = ".disposal.json"
FORMAT = "tabard-disposal-certificate/1"
_PARTS = ("leaf", "proof", "details", "key")


@dataclass(frozen=True, slots=True)
class Checked:
    """A certificate whose proof holds under the key; `key_is_given` says whether the recipient brought it."""

    proven: ProvenLeaf
    key: str
    key_is_given: bool


def entry(recording_id: UUID) -> EventSheet | None:
    """What the log says of the recording's disposal; None where it says nothing, as of a simulated one."""
    found = selectors.history([recording_id]).filter(kind=EventKind.RECORDING_DISPOSED).last()
    return None if found is None else selectors.sheet(found.id)


def issue(*, recording_id: UUID, by: Actor, at: datetime) -> bytes:
    """The certificate of the recording's disposal; that it was taken is in the log when this returns.

    Whoever calls decides first whether the person may have it.

    Raises:
        NotFound: when the log says nothing of its disposal, or that was erased.
        NotYetSequenced: when no checkpoint that may be relied on covers it yet; nothing is logged then.
    """
    sheet = entry(recording_id)
    if sheet is None or sheet.details is None:
        raise NotFound("The log says nothing of this recording's disposal.", recording=str(recording_id))
    proof = take_receipt(event_id=sheet.line.id, by=by, at=at)
    parts = {
        "format": FORMAT,
        "recording": str(recording_id),
        "leaf": sheet.leaf.decode(),
        "proof": proof.decode(),
        "details": disclose(sheet.details.value, sheet.details.salt).decode(),
        "key": log_signer().vkey,
    }
    return (json.dumps(parts, indent=1, ensure_ascii=False) + "\n").encode()


def check(data: bytes, keys: Sequence[str] = ()) -> Checked:
    """What the certificate proves; touches no database.

    Args:
        data: The file.
        keys: The force's published verifier keys; without them the file's own is taken, which proves only that the file
            is whole.

    Raises:
        Integrity: it is no certificate, or does not prove the disposal of the recording that it names.
    """
    value = parse_json(data)
    if value.get("format") != FORMAT or not all(isinstance(value.get(part), str) for part in _PARTS):
        raise FactsBroken("This is no certificate of disposal.")
    used = list(keys) or [value["key"]]
    proven = prove(
        "the disposal",
        value["leaf"].encode(),
        value["proof"].encode(),
        value["details"].encode(),
        [VerifierKey.parse(key) for key in used],
    )
    if not proven.is_about(EventKind.RECORDING_DISPOSED, "recording", str(value.get("recording"))):
        raise FactsBroken("The log's entry is not of the disposal of the recording that the file names.")
    return Checked(proven, used[0], bool(keys))
