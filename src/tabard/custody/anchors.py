"""Which checkpoint shall a disclosure rest on, and who besides us vouches for it?

One that covers what is disclosed, has its quorum of witnesses, and is dated by the time-stamping authority where one is
set. A quorum is waited for without end: the policy's author wanted it so. A date is waited for as long as the caller
likes, because an authority is a convenience of ours, and a court must not wait for a dead one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from tabard.custody.adapters import log_signer
from tabard.custody.errors import NotYetSequenced, NotYetStamped, TsaUnavailable
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, TimestampToken
from tabard.custody.selectors import history, not_yet, published_note, witnessed_checkpoint
from tabard.custody.timestamping import stamping as timestamps
from tabard.custody.witnesses.quorum import is_witnessed, witness_policy
from tabard.merkle.note import VerifierKey, open_note
from tabard.merkle.policy import NONE, Policy

_TRIED = 100


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed checkpoint with everything that a stranger needs to judge who vouches for it.

    `keys` are those of the log's keys that signed it, newest first. `why_undated` says why there is no token where an
    authority is set; it is empty where there is one, and where none is set.
    """

    checkpoint: Checkpoint
    note: bytes
    keys: tuple[VerifierKey, ...]
    policy: Policy | None
    tokens: tuple[bytes, ...]
    tsa_chain: bytes | None
    why_undated: str = ""


def anchor(*, subject_ids: Iterable[UUID], kinds: Iterable[EventKind], patient: bool) -> Anchor:
    """The newest checkpoint over all events of these kinds about these subjects, with who vouches for it.

    Args:
        subject_ids: What the events are about.
        kinds: Which of their events count.
        patient: Whether to wait for a timestamp where an authority is set.

    Raises:
        NotYetSequenced: when no checkpoint covers them all yet; NotYetWitnessed, NotYetStamped when one does, and is
            not yet vouched for.
        WitnessPolicyUnusable: when there is a policy that cannot be used.
    """
    head, wanted = (
        witnessed_checkpoint(),
        history(subject_ids).filter(kind__in=[kind.value for kind in kinds]),
    )
    size = 0
    for event in wanted:
        if head is None or event.position is None or event.position >= head.size:
            raise not_yet(event)
        size = max(size, event.position + 1)
    if head is None:
        raise NotYetSequenced("No checkpoint is signed yet; try again in ten seconds.")
    return _dated(head, size, patient=patient)


def policy_text(policy: Policy) -> bytes:
    """The policy as a recipient needs it: C2SP tlog-policy without comments, and without where witnesses are asked."""
    lines = [f"log {log.key.encode()}" for log in policy.logs]
    lines += [f"witness {each.name} {each.key.encode()}" for each in policy.witnesses]
    lines += [f"group {each.name} {each.threshold} {' '.join(each.members)}" for each in policy.groups]
    lines.append(f"quorum {policy.quorum or NONE}")
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")


def _dated(head: Checkpoint, size: int, *, patient: bool) -> Anchor:
    """The newest checkpoint of at least `size` events that is witnessed and dated, else `head` with the reason."""
    try:
        by, chain = timestamps.authority(), timestamps.trusted_chain()
    except TsaUnavailable as error:
        return _undated(head, error.message, patient=patient)
    if by is None:
        return _anchor(head)
    if chain is None:
        return _undated(head, "The authority's certificates are not set (TABARD_TSA_CHAIN).", patient=patient)
    for dated in _stamped(size):
        tokens = tuple(
            bytes(row.token)
            for row in dated.timestamps.order_by("authority")
            if not timestamps.problem_of(row, chain)
        )
        if tokens:
            return _anchor(dated, tokens, timestamps.chain_bytes())
    words = f"{by.name} had dated no checkpoint over these entries when this was made."
    return _undated(head, words, patient=patient)


def _stamped(size: int) -> Iterator[Checkpoint]:
    """Newest first, the checkpoints of at least this size that have a token and their quorum."""
    policy = witness_policy()
    sizes = TimestampToken.objects.filter(checkpoint_id__gte=size).order_by("-checkpoint_id")
    listed = sizes.values_list("checkpoint_id", flat=True).distinct()[:_TRIED]
    rows = Checkpoint.objects.in_bulk(list(listed))
    for found in sorted(rows.values(), key=lambda row: -row.size):
        if policy is None or is_witnessed(found, policy):
            yield found


def _undated(head: Checkpoint, words: str, *, patient: bool) -> Anchor:
    if patient:
        raise NotYetStamped(f"Waiting for a timestamp: {words}")
    return _anchor(head, why_undated=words)


def _anchor(
    head: Checkpoint,
    tokens: tuple[bytes, ...] = (),
    tsa_chain: bytes | None = None,
    *,
    why_undated: str = "",
) -> Anchor:
    note = published_note(head).encode()
    signed = set(open_note(note, known := log_signer().verifiers).verified_by)
    keys = tuple(key for key in known if key in signed)
    return Anchor(head, note, keys, witness_policy(), tokens, tsa_chain, why_undated)
