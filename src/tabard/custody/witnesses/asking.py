"""Has somebody else seen the log grow? Each witness of the policy is asked to cosign checkpoints.

All witnesses are asked about one checkpoint, the target, because a quorum must be on one and the same. The target moves
on to the newest checkpoint once it has its quorum, or when patience ends. What a witness answers is verified before it
is kept. Nothing here can lose anything: a cosignature that was not kept is asked for again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tabard.custody.errors import WitnessAhead, WitnessDisagrees, WitnessUnavailable
from tabard.custody.models import Checkpoint, Cosignature
from tabard.custody.nodes import read_nodes
from tabard.custody.ports import SawSize, WitnessClient
from tabard.custody.witnesses.quorum import is_witnessed, verified_cosignature
from tabard.merkle.note import InvalidNote, SignedNote, cosigned_at, parse_signatures
from tabard.merkle.policy import Policy, PolicyWitness
from tabard.merkle.proofs import consistency_proof

PATIENCE = timedelta(seconds=30)
"""How long the other witnesses wait for a quorum on the target: three times what one may take to answer."""
CLOCKS_MAY_DIFFER = timedelta(hours=1)
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Target:
    """The checkpoint that every witness is asked about, and since when."""

    checkpoint: Checkpoint
    since: datetime


def next_target(current: Target | None, policy: Policy, *, at: datetime) -> Target | None:
    """The target from now on; None before the first checkpoint."""
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None:
        return None
    if current is not None:
        if current.checkpoint.size == newest.size:
            return current
        if current.since + PATIENCE > at and not is_witnessed(current.checkpoint, policy):
            return current
    return Target(newest, at)


def obtain_cosignature(
    *, checkpoint: Checkpoint, witness: PolicyWitness, client: WitnessClient, at: datetime
) -> None:
    """The checkpoint has a verified cosignature by the witness when this returns; asks only if it has none.

    Raises:
        WitnessUnavailable: when the witness cannot be reached or does not answer as it should; try again later.
        WitnessRefused: when it will not cosign.
        WitnessAhead: when it has cosigned a later checkpoint of ours; ask about a newer one.
        WitnessDisagrees: when it has seen a tree that this log does not continue.
    """
    if verified_cosignature(checkpoint, witness) is not None:
        return
    believed = min(_last_size(witness), checkpoint.size)
    answer = _asked(checkpoint, client, believed)
    for _ in range(_TRIES):
        if not isinstance(answer, SawSize):
            break
        _check_can_follow(checkpoint, believed, answer.size)
        believed = answer.size
        answer = _asked(checkpoint, client, believed)
    if isinstance(answer, SawSize):
        raise WitnessUnavailable("Somebody else asks it about our log at the same time.", size=answer.size)
    _keep(checkpoint, witness, answer, at)


def _last_size(witness: PolicyWitness) -> int:
    """The size that we believe the witness saw last. If we are wrong it will say so."""
    rows = Cosignature.objects.filter(witness=witness.key.name).order_by("-checkpoint_id")
    return rows.values_list("checkpoint_id", flat=True).first() or 0


def _asked(checkpoint: Checkpoint, client: WitnessClient, old_size: int) -> str | SawSize:
    proof = consistency_proof(old_size, checkpoint.size, read_nodes) if old_size else []
    return client.add_checkpoint(old_size=old_size, proof=proof, note=checkpoint.note)


def _check_can_follow(checkpoint: Checkpoint, believed: int, seen: int) -> None:
    """Return only if there can be a proof from what the witness saw."""
    if seen <= checkpoint.size and seen != believed:
        return
    newest = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    if checkpoint.size < seen <= newest:
        raise WitnessAhead("It has cosigned a later checkpoint already.", seen=seen, asked=checkpoint.size)
    words = (
        f"It has cosigned another tree of {seen} events: the log has two histories."
        if seen == believed
        else f"It has cosigned a tree of {seen} events, and the log now has {newest}: the log was taken back, or its "
        "key signs elsewhere."
    )
    raise WitnessDisagrees(words, seen=seen, signed=newest)


def _keep(checkpoint: Checkpoint, witness: PolicyWitness, answer: str, at: datetime) -> None:
    """The lines by the witness's key that verify are rows; others are ignored, as the protocol says."""
    text = SignedNote.parse(checkpoint.note.encode()).text.encode()
    try:
        lines = [
            line
            for line in parse_signatures(answer)
            if (line.name, line.key_id) == (witness.key.name, witness.key.key_id)
            and witness.key.holds(text, line.signature)
        ]
        times = [cosigned_at(line) for line in lines]
    except InvalidNote as error:
        raise WitnessUnavailable(f"It answers with no cosignature: {error.message}") from error
    if not lines:
        raise WitnessUnavailable("It answers without a cosignature by the key in the policy.")
    if max(times) > at + CLOCKS_MAY_DIFFER:
        raise WitnessUnavailable(f"Its clock is wrong: it says {max(times):%d %B %Y %H:%M} UTC.")
    for line, cosigned in zip(lines, times, strict=True):
        Cosignature.objects.get_or_create(
            checkpoint=checkpoint,
            witness=witness.key.name,
            line=line.encode().rstrip("\n"),
            defaults={"cosigned_at": cosigned},
        )
