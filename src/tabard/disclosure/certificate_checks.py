"""Does a certificate of disposal prove what it says? Needs no database, no Django and no network."""

from collections.abc import Sequence
from dataclasses import dataclass

from tabard.custody.kinds import EventKind
from tabard.disclosure.errors import FactsBroken
from tabard.disclosure.facts import parse_json
from tabard.disclosure.leaves import ProvenLeaf, prove
from tabard.merkle.note import VerifierKey

FORMAT = "tabard-disposal-certificate/1"
_PARTS = ("leaf", "proof", "details", "key")


@dataclass(frozen=True, slots=True)
class Checked:
    """A certificate whose proof holds under the key; `key_is_given` says whether the recipient brought it."""

    proven: ProvenLeaf
    key: str
    key_is_given: bool


def check(data: bytes, keys: Sequence[str] = ()) -> Checked:
    """What the certificate proves.

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
