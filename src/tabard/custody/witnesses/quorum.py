"""Which checkpoint have enough witnesses seen? The policy file says how many are enough.

A cosignature counts only if it verifies now, against the key in the policy: a row in a table proves nothing by itself.
Without a policy file nobody need have witnessed anything.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from django.conf import settings

from tabard.custody.errors import WitnessPolicyUnusable
from tabard.custody.models import Checkpoint, Cosignature
from tabard.custody.newest import newest_checkpoint
from tabard.merkle.note import InvalidNote, NoteSignature, SignedNote, VerifierKey, parse_signatures
from tabard.merkle.policy import InvalidPolicy, Policy, PolicyWitness
from tabard.merkle.tree import MAX_TREE_SIZE

_FEW_ROWS = 64
_MANY_ROWS = 32_768


def witness_policy() -> Policy | None:
    """What TABARD_WITNESS_POLICY names, as it is on disk now; None where no policy is set.

    Raises:
        WitnessPolicyUnusable: when the file cannot be read or is not a policy.
    """
    if not settings.TABARD_WITNESS_POLICY:
        return None
    path = Path(settings.TABARD_WITNESS_POLICY)
    try:
        return _parsed(path.read_bytes())
    except OSError as error:
        raise WitnessPolicyUnusable(
            f"The witness policy {path} cannot be read: {error.strerror}.", path=str(path)
        ) from error
    except InvalidPolicy as error:
        raise WitnessPolicyUnusable(f"{path}: {error.message}", path=str(path)) from error


def newest_witnessed() -> Checkpoint | None:
    """The newest checkpoint whose verified cosignatures make the quorum; without a policy, the newest.

    Raises:
        WitnessPolicyUnusable: when there is a policy that cannot be used.
    """
    policy = witness_policy()
    if policy is None or policy.quorum is None:
        return newest_checkpoint()
    return next(
        (found for found in _candidates(policy) if policy.is_met(_verified(found, policy))),
        None,
    )


def is_witnessed(checkpoint: Checkpoint, policy: Policy) -> bool:
    """Whether this checkpoint's verified cosignatures make the quorum."""
    return policy.is_met(_verified(checkpoint, policy))


def verified_cosignature(checkpoint: Checkpoint, witness: PolicyWitness) -> NoteSignature | None:
    """The witness's newest cosignature on the checkpoint that verifies; None where there is none."""
    return _verified(checkpoint, Policy((), (witness,), (), None)).get(witness.key)


def note_with_cosignatures(checkpoint: Checkpoint) -> str:
    """The checkpoint's note with the newest verified cosignature of each witness in the policy.

    Without a policy that can be read it is the note alone, which says less and nothing wrong: publishing goes on.
    """
    try:
        policy = witness_policy()
    except WitnessPolicyUnusable:
        policy = None
    if policy is None:
        return checkpoint.note
    return checkpoint.note + "".join(line.encode() for line in _verified(checkpoint, policy).values())


def _verified(checkpoint: Checkpoint, policy: Policy) -> dict[VerifierKey, NoteSignature]:
    """For each witness of the policy that cosigned the checkpoint, in the policy's order, its newest line."""
    text = SignedNote.parse(checkpoint.note.encode()).text.encode()
    lines = [line for row in checkpoint.cosignatures.all() for line in _parsed_line(row)]
    found: dict[VerifierKey, NoteSignature] = {}
    for witness in policy.witnesses:
        name_and_id = (witness.key.name, witness.key.key_id)
        for line in lines:
            if (line.name, line.key_id) == name_and_id and witness.key.holds(text, line.signature):
                found[witness.key] = max(found.get(witness.key, line), line, key=_time)
    return found


def _time(line: NoteSignature) -> bytes:
    """A verified cosignature begins with its time, big-endian, so bytes compare as times do."""
    return line.signature


def _parsed_line(row: Cosignature) -> tuple[NoteSignature, ...]:
    try:
        return parse_signatures(f"{row.line}\n")
    except InvalidNote:  # somebody changed the row; it counts for nothing
        return ()


def _candidates(policy: Policy) -> Iterator[Checkpoint]:
    """Newest first, the checkpoints that make the quorum by the witnesses' names; cosignatures are not yet checked."""
    judged: dict[tuple[str, ...], bool] = {}  # few sets of names come up again and again
    for size, names in _witnessed_by_name():
        if names not in judged:
            judged[names] = policy.counts({each.name: each.key.name in names for each in policy.witnesses})
        if judged[names]:
            yield from Checkpoint.objects.filter(size=size).prefetch_related("cosignatures")


def _witnessed_by_name() -> Iterator[tuple[int, tuple[str, ...]]]:
    """Newest first, each cosigned checkpoint's size with the names of who says to have cosigned it.

    Mostly the first few rows will do. While a quorum is missing there can be many, so pieces grow; each is a short walk
    down an index, where grouping in SQL would read the rows of years.
    """
    below, limit = MAX_TREE_SIZE, _FEW_ROWS
    while True:
        rows = list(
            Cosignature.objects.filter(checkpoint_id__lt=below)
            .order_by("-checkpoint_id", "-witness")
            .values_list("checkpoint_id", "witness")[:limit]
        )
        is_last = len(rows) < limit
        whole = rows if is_last else [row for row in rows if row[0] != rows[-1][0]]
        for size, group in groupby(whole, key=itemgetter(0)):
            yield size, tuple(name for _, name in group)
        if is_last:
            return
        below = rows[-1][0] + 1
        limit = min(limit * 8, _MANY_ROWS) if whole else limit * 8


@lru_cache(maxsize=4)
def _parsed(data: bytes) -> Policy:
    return Policy.parse(data)
