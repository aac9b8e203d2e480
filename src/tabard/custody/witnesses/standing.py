"""How do the witnesses stand? What each cosigned last is in the log's tables; what went wrong is told by the worker.

The worker leaves one small file for each witness that gives trouble, in the `run` folder of its machine; the file goes
when the witness answers. It informs, and nothing depends on it.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from tabard.custody.models import Checkpoint, Cosignature
from tabard.custody.witnesses.quorum import newest_witnessed, witness_policy
from tabard.merkle.note import VerifierKey
from tabard.merkle.policy import Policy, PolicyWitness


@dataclass(frozen=True, slots=True)
class Trouble:
    """What kept a witness from cosigning when it was last asked; `is_alarming` where the log itself is in doubt."""

    at: datetime
    words: str
    is_alarming: bool


@dataclass(frozen=True, slots=True)
class WitnessStanding:
    """One witness of the policy: what it cosigned last, how many events have been signed since, and its trouble."""

    name: str
    key: VerifierKey
    url: str | None
    size: int | None
    cosigned_at: datetime | None
    behind_by: int
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class Standing:
    """All witnesses, beside what is signed and what is proven. Without a policy there are none and none is needed.

    `waiting_since` is when the first checkpoint was signed that still waits for its quorum; None where none waits.
    """

    policy: Policy | None
    signed: Checkpoint | None
    witnessed: Checkpoint | None
    waiting_since: datetime | None
    witnesses: tuple[WitnessStanding, ...]


def standing() -> Standing:
    """How the witnesses stand now.

    Raises:
        WitnessPolicyUnusable: when there is a policy that cannot be used.
    """
    policy = witness_policy()
    signed = Checkpoint.objects.order_by("-size").first()
    witnessed = newest_witnessed()
    past = Checkpoint.objects.filter(size__gt=-1 if witnessed is None else witnessed.size).order_by("size")
    witnesses = () if policy is None else policy.witnesses
    return Standing(
        policy=policy,
        signed=signed,
        witnessed=witnessed,
        waiting_since=past.values_list("signed_at", flat=True).first(),
        witnesses=tuple(_standing(witness, 0 if signed is None else signed.size) for witness in witnesses),
    )


def tell_trouble(witness: PolicyWitness, trouble: Trouble) -> None:
    """Others on this machine can see what is wrong with the witness."""
    path = _path(witness)
    with suppress(OSError):  # whoever cannot write this must still go on asking
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = path.with_suffix(f".{os.getpid()}")
        said = {"at": trouble.at.isoformat(), "words": trouble.words, "is_alarming": trouble.is_alarming}
        staged.write_text(json.dumps(said), encoding="utf-8")
        staged.replace(path)


def forget_trouble(witness: PolicyWitness) -> None:
    """The witness answered: nothing is wrong with it."""
    with suppress(OSError):
        _path(witness).unlink(missing_ok=True)


def _standing(witness: PolicyWitness, signed_size: int) -> WitnessStanding:
    newest = (
        Cosignature.objects.filter(witness=witness.key.name)
        .order_by("-checkpoint_id", "-cosigned_at")
        .first()
    )
    size = None if newest is None else newest.checkpoint_id
    return WitnessStanding(
        name=witness.name,
        key=witness.key,
        url=witness.url,
        size=size,
        cosigned_at=None if newest is None else newest.cosigned_at,
        behind_by=max(0, signed_size - (size or 0)),
        trouble=_trouble(witness),
    )


def _trouble(witness: PolicyWitness) -> Trouble | None:
    try:
        said: dict[str, Any] = json.loads(_path(witness).read_text(encoding="utf-8"))
        return Trouble(datetime.fromisoformat(said["at"]), str(said["words"]), bool(said["is_alarming"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(witness: PolicyWitness) -> Path:
    key = witness.key.key_id.hex() + witness.key.public_key.hex()[:24]
    return Path(settings.TABARD_HOME) / "run" / "witnesses" / f"{key}.json"
