"""What did checking a pack find? One verdict for each check, and the exhibits as they were found to be. Pure."""

from dataclasses import dataclass, field

from tabard.disclosure.vouching import Cosigned


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: its stable name, whether it is right, and a sentence for people."""

    name: str
    ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One file of an exhibit; `sealed_at` is when the log says it was sealed, None where nothing proves it."""

    path: str
    size_bytes: int
    sha256: str
    sealed_at: str | None


@dataclass(frozen=True, slots=True)
class ExhibitFinding:
    """One exhibit as the pack describes it; rely on it only where the whole report is good."""

    reference: str
    description: str
    producer: str
    produced_at: str
    files: tuple[FileFinding, ...]


@dataclass(frozen=True, slots=True)
class PackReport:
    """What checking one pack found; `ok` only if every check is right and none was left out.

    `vkey` is the verifier key in the pack, for comparison with the one that the force publishes (of several, those of a
    rotation, the newest); `origin` and `tree_size` say which log signed, and over how many entries; `cosignatures` name
    each witness's, whether good, bad or of someone unknown.
    """

    checks: tuple[Check, ...]
    exhibits: tuple[ExhibitFinding, ...] = field(default=())
    vkey: str | None = None
    origin: str | None = None
    tree_size: int | None = None
    cosignatures: tuple[Cosigned, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every check is right."""
        return bool(self.checks) and all(check.ok for check in self.checks)
