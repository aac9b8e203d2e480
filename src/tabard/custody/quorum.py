"""Which checkpoint have enough witnesses seen? The policy file says how many are enough.

A cosignature counts only if it verifies now, against the key in the policy: a row in a table proves nothing by itself.
Without a policy file nobody need have witnessed anything.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection

from tabard.custody.errors import WitnessPolicyUnusable
from tabard.custody.models import Checkpoint, Cosignature
from tabard.merkle.note import InvalidNote, NoteSignature, SignedNote, VerifierKey, parse_signatures
from tabard.merkle.policy import InvalidPolicy, Policy, PolicyWitness

_TRIED_AT_ONCE = 20


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
        return Checkpoint.objects.order_by("-size").first()
    return next(
        (found for found in _candidates(policy, policy.quorum) if policy.is_met(_verified(found, policy))),
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


def _candidates(policy: Policy, quorum: str) -> Iterator[Checkpoint]:
    """Newest first, the checkpoints that make the quorum by the witnesses' names; cosignatures are not yet checked."""
    having, parameters = _by_names(policy, quorum)
    below: int | None = None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT checkpoint_id FROM custody_cosignature
                 WHERE %s::bigint IS NULL OR checkpoint_id < %s
                 GROUP BY checkpoint_id HAVING {having}
                 ORDER BY checkpoint_id DESC LIMIT {_TRIED_AT_ONCE}
                """,  # noqa: S608 - the policy's words are parameters
                [below, below, *parameters],
            )
            sizes = [size for (size,) in cursor.fetchall()]
        rows = Checkpoint.objects.prefetch_related("cosignatures").in_bulk(sizes)
        yield from (rows[size] for size in sizes if size in rows)
        if len(sizes) < _TRIED_AT_ONCE:
            return
        below = sizes[-1]


def _by_names(policy: Policy, quorum: str) -> tuple[str, list[str]]:
    """The quorum as a condition on a checkpoint's group of rows, so that years of rows are not carried here."""
    made: dict[str, tuple[str, list[str]]] = {
        witness.name: ("bool_or(witness = %s)", [witness.key.name]) for witness in policy.witnesses
    }
    for group in policy.groups:
        members = [made[member] for member in group.members]
        counted = " + ".join(f"({words})::int" for words, _ in members)
        made[group.name] = (
            f"{counted} >= {group.threshold}",
            [each for _, given in members for each in given],
        )
    return made[quorum]


@lru_cache(maxsize=4)
def _parsed(data: bytes) -> Policy:
    return Policy.parse(data)
