"""Is this evidence pack what the force sealed? Answered offline: no database, no network, no account, no Django.

    report = verify_pack(Path("LB-1-pack-1a2b3c4d.zip"), trusted_vkey="...")

The zip is compared byte by byte with what its contents demand, the bag with its manifests, the facts with the files,
and the files with the force's signed log. A check that cannot be made has failed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from tabard.custody.timestamping.tokens import TsaChain
from tabard.disclosure import rules
from tabard.disclosure.checks import CHECKS
from tabard.disclosure.container import Container
from tabard.disclosure.errors import ContainerBroken
from tabard.disclosure.facts import Facts
from tabard.disclosure.opened import OpenedPack
from tabard.disclosure.report import Check, ExhibitFinding, FileFinding, PackReport
from tabard.disclosure.vouching import Trust
from tabard.kernel.errors import TabardError, Unavailable
from tabard.merkle.note import VerifierKey
from tabard.merkle.policy import Policy

__all__ = ["Check", "PackReport", "verify_pack"]


def verify_pack(
    path: Path,
    trusted_vkey: str | Sequence[str] | None = None,
    *,
    policy: bytes | None = None,
    tsa_chain: bytes | None = None,
) -> PackReport:
    """A report in which every check of the pack has its verdict.

    Where the file is not even a zip as a pack's is, only the check `container` is in it, and the report is not good.

    Args:
        path: The zip as it was received.
        trusted_vkey: The force's verifier key (or keys, after a rotation) from somewhere else than the pack; without
            it the pack's own is used.
        policy: A C2SP tlog-policy file of the recipient's own; without it the pack's own counts.
        tsa_chain: The certificates of the time-stamping authority, PEM; without them the pack's own count.

    Raises:
        InvalidVerifierKey: the given key is not one; nothing was checked.
        InvalidPolicy, InvalidTsaChain: the given file is not one; nothing was checked.
        Unavailable: the file cannot be read; nothing was checked.
    """
    given = [trusted_vkey] if isinstance(trusted_vkey, str) else trusted_vkey or []
    trust = Trust(
        log_keys=tuple(map(VerifierKey.parse, given)),
        policy=None if policy is None else Policy.parse(policy),
        tsa_chain=None if tsa_chain is None else TsaChain.parse(tsa_chain),
    )
    try:
        with path.open("rb") as file:
            pack = OpenedPack(Container(file), trust)
            return _report(pack, tuple(_verdict(name, check, pack) for name, check in CHECKS.items()))
    except ContainerBroken as error:
        return PackReport((Check("container", ok=False, words=error.message),))
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.", path=str(path)) from error


def _verdict(name: str, check: Callable[[OpenedPack], str], pack: OpenedPack) -> Check:
    try:
        return Check(name, ok=True, words=check(pack))
    except TabardError as error:
        return Check(name, ok=False, words=error.message)


def _report(pack: OpenedPack, checks: tuple[Check, ...]) -> PackReport:
    """The verdicts with as much of what the pack says of itself as can be read."""
    head = pack.leaves[0].checkpoint if _can(lambda: pack.leaves) and pack.leaves else None
    return PackReport(
        checks=checks,
        exhibits=tuple(_finding(folder, facts, pack) for folder, facts in pack.exhibits.items())
        if _can(lambda: pack.exhibits)
        else (),
        vkey=pack.pack_verifiers[0].encode() if _can(lambda: pack.pack_verifiers) else None,
        origin=head.origin if head else None,
        tree_size=head.size if head else None,
        cosignatures=tuple(pack.cosignatures) if _can(lambda: pack.cosignatures) else (),
    )


def _can(read: Callable[[], object]) -> bool:
    """Whether this can be read; a check has said already why not."""
    try:
        read()
    except TabardError:
        return False
    return True


def _finding(folder: str, facts: Facts, pack: OpenedPack) -> ExhibitFinding:
    leaves = pack.leaves if _can(lambda: pack.leaves) else []
    sealings = {file: rules.sealing_of(facts, file, leaves) for file in facts.files}
    exhibit = facts.exhibit
    return ExhibitFinding(
        reference=exhibit.reference,
        description=exhibit.description,
        producer=f"{exhibit.producer.rank} {exhibit.producer.name} ({exhibit.producer.shoulder_number})",
        produced_at=exhibit.produced_at,
        files=tuple(
            FileFinding(
                folder + file.file, file.size_bytes, file.sha256, sealing.leaf.at if sealing else None
            )
            for file, sealing in sealings.items()
        ),
    )
