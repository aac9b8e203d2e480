"""Which keys checked which checkpoints? The public list of the log's verifier keys, newest first.

The keys of any moment are neighbours in the order in which they came: a rotation adds one before, a retirement takes
the oldest. So "signed by this key or a newer one" begins at one size and never ends, and each key's first and last
checkpoint is found by halving, without reading every note.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tabard.custody.models import Checkpoint
from tabard.custody.signing.keys import LogKeys
from tabard.merkle.note import SignedNote, VerifierKey


@dataclass(frozen=True, slots=True)
class KeySpan:
    """One key of the log; sizes of the first and the last checkpoint that it signed, None where it signed none."""

    key: VerifierKey
    state: str  # "current", "signing" (beside the current one) or "retired"
    first: int | None
    last: int | None

    def encode(self) -> str:
        """The line of `/log/vkeys`, with its newline."""
        first, last = ("-" if size is None else str(size) for size in (self.first, self.last))
        return f"{self.key.encode()} {self.state} {first} {last}\n"


def key_history(keys: LogKeys) -> list[KeySpan]:
    """Every key that the log ever had, newest first."""
    spans = []
    for place, key in enumerate(keys.verifiers):
        own, newer, older = (
            _ids([key]),
            _ids(keys.verifiers[: place + 1]),
            _ids(keys.verifiers[place:]),
        )
        first = _first(partial(_any_of, newer))
        after = _first(partial(_none_of, older))
        last = Checkpoint.objects.order_by("-size")
        final = (last if after is None else last.filter(size__lt=after.size)).first()
        known = [one.size if one and own & _signed(one) else None for one in (first, final)]
        spans.append(KeySpan(key, _state(keys, place), *known))
    return spans


def _any_of(wanted: set[bytes], signed: set[bytes]) -> bool:
    return bool(wanted & signed)


def _none_of(unwanted: set[bytes], signed: set[bytes]) -> bool:
    return not unwanted & signed


def _state(keys: LogKeys, place: int) -> str:
    if place == 0:
        return "current"
    return "signing" if place < len(keys.signers) else "retired"


def _first(holds: Callable[[set[bytes]], bool]) -> Checkpoint | None:
    """The first checkpoint whose signers fulfil a condition that, once fulfilled, stays so; None where none does."""
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None or not holds(_signed(newest)):
        return None
    low, found = 0, newest  # the wanted checkpoint's size is in [low, found.size]
    while low < found.size:
        middle = (low + found.size) // 2
        tried = Checkpoint.objects.filter(size__gte=low, size__lte=middle).order_by("-size").first()
        if tried is None:
            low = middle + 1
        elif holds(_signed(tried)):
            found = tried
        else:
            low = middle + 1
    return found


def _signed(checkpoint: Checkpoint) -> set[bytes]:
    """The ids of the log's own keys that a checkpoint bears a signature of; a witness's never bears the log's name."""
    note = SignedNote.parse(checkpoint.note.encode())
    origin = note.text.partition("\n")[0]
    return {line.key_id for line in note.signatures if line.name == origin}


def _ids(keys: Sequence[VerifierKey]) -> set[bytes]:
    return {key.key_id for key in keys}
