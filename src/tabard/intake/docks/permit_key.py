"""Which key signs erase permits? One of its own, in a file beside the log's and in the same form.

A key that signs permits can have footage erased and no more; the log's key can vouch for a history and no more. It is
made on first use, is in every copy of the keys, and is never replaced silently: agents that were given another obey no
permit until somebody compares the keys.
"""

from pathlib import Path

from django.conf import settings

from tabard.custody.adapters import log_signer
from tabard.custody.signing.durable import create_durably
from tabard.custody.signing.keys import LogKeys, read_keys
from tabard.merkle.note import VerifierKey, sign_note

FILE_NAME = "permit-key"


def verifier_keys() -> tuple[VerifierKey, ...]:
    """The keys that permits are signed with, newest first."""
    return tuple(signer.vkey for signer in _keys().signers)


def sign(text: str) -> str:
    """The signed note over a permit's text."""
    return sign_note(text, *_keys().signers).encode().decode()


def _keys() -> LogKeys:
    path = Path(settings.TABARD_HOME) / "keys" / FILE_NAME
    if not path.exists():
        create_durably(path, LogKeys.begun(f"{log_signer().origin}/erase-permit").encode())
    return read_keys(path)
