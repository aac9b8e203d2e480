"""What proves that a recording was disposed of, under which rule, and nothing of what was in it?

A certificate of disposal: one JSON file with the log's entry `recording.disposed`, its proof under a signed checkpoint,
and the details that it commits to: the rule, the policy's version and hash, when it fell due and was put on the list,
the run, and how many objects' keys were destroyed. Who has the force's key checks it (`certificate_checks`).
"""

import json
from datetime import datetime
from uuid import UUID

from tabard.custody import selectors
from tabard.custody.actors import Actor
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.receipts import take_receipt
from tabard.custody.selectors import EventSheet
from tabard.disclosure.certificate_checks import FORMAT
from tabard.disclosure.leaves import disclose
from tabard.kernel.errors import NotFound

FILE_SUFFIX = ".disposal.json"


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
