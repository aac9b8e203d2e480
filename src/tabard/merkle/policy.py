"""Have enough witnesses seen this checkpoint?

C2SP tlog-policy: a text file with a line for each log and each witness, groups of witnesses that count once k of their
members do, and one quorum. A file that is not exactly that is refused with the number of the line and what to do,
because whoever misreads a policy trusts what nobody meant to be trusted.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Self

from tabard.kernel.errors import Invalid
from tabard.merkle.note import COSIGNATURE_V1, ED25519, InvalidVerifierKey, VerifierKey

NONE = "none"
MAX_POLICY_BYTES = 1_000_000
MAX_OF_A_KIND = 256

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,3}")


class InvalidPolicy(Invalid):
    """The witness policy cannot be used; the message names the line and the cure."""

    code = "invalid_policy"


@dataclass(frozen=True)
class PolicyLog:
    """A log whose checkpoints the policy speaks of; the key's name is the log's origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyWitness:
    """A witness under its name in this file; `url` is its submission prefix, where it can be asked."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyGroup:
    """Counts as one that has witnessed once `threshold` of the `members` have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a policy file says; `quorum` is the name that must have witnessed, None where nobody need."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str | None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The policy in a file.

        Raises:
            InvalidPolicy: naming the line and what to do about it.
        """
        reading = _Reading()
        for number, line in enumerate(_lines(data), 1):
            reading.take(number, line)
        if reading.quorum is None:
            raise InvalidPolicy(
                "The policy has no quorum line. Add one, such as: quorum none", field="policy"
            )
        quorum = None if reading.quorum == NONE else reading.quorum
        return cls(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), quorum)

    def is_met(self, cosigned_by: Collection[VerifierKey]) -> bool:
        """Whether these keys, whose cosignatures on one checkpoint were verified, make the quorum."""
        return self.counts({witness.name: witness.key in cosigned_by for witness in self.witnesses})

    def counts(self, witnessed: Mapping[str, bool]) -> bool:
        """Whether the quorum is made, given for each witness of the file whether it counts."""
        met = dict(witnessed)
        for group in self.groups:  # members stand on lines before their group
            met[group.name] = sum(met[member] for member in group.members) >= group.threshold
        return self.quorum is None or met[self.quorum]


@dataclass
class _Reading:
    """What the lines so far have defined."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[PolicyGroup] = field(default_factory=list)
    quorum: str | None = None
    grouped: set[str] = field(default_factory=set)

    def take(self, number: int, line: str) -> None:
        """Understand one line."""
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            return
        takes: Mapping[str, Callable[[int, Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if words[0] not in takes:
            _refuse(
                number, f'"{words[0]}" is not known.', "Begin lines with log, witness, group, quorum or #."
            )
        takes[words[0]](number, words[1:])

    def _log(self, number: int, words: Sequence[str]) -> None:
        if not 1 <= len(words) <= 2:
            _refuse(number, "That is not a log line.", "Write: log <vkey> [<url>]")
        key = _key(number, words[0], ED25519, "a log's: its type byte is not 01")
        if any(log.key.public_key == key.public_key for log in self.logs):
            _refuse(number, "The log's key is listed twice.", "Remove one of the two lines.")
        _check_room(number, self.logs)
        self.logs.append(PolicyLog(key, *words[1:]))

    def _witness(self, number: int, words: Sequence[str]) -> None:
        if not 2 <= len(words) <= 3:
            _refuse(number, "That is not a witness line.", "Write: witness <name> <vkey> [<url>]")
        self._check_new(number, words[0])
        key = _key(number, words[1], COSIGNATURE_V1, "a witness's: its type byte is not 04")
        if any(witness.key.public_key == key.public_key for witness in self.witnesses):
            _refuse(number, "The witness's key is listed twice.", "Remove one of the two lines.")
        _check_room(number, self.witnesses)
        self.witnesses.append(PolicyWitness(words[0], key, *words[2:]))

    def _group(self, number: int, words: Sequence[str]) -> None:
        if len(words) < 3:
            _refuse(number, "That is not a group line.", "Write: group <name> <k, any or all> <member> ...")
        name, threshold, members = words[0], words[1], tuple(words[2:])
        self._check_new(number, name)
        for member in members:
            self._check_defined(number, member)
            if member in self.grouped:
                _refuse(number, f'"{member}" is a member already.', "List each name in one group, once.")
            self.grouped.add(member)
        _check_room(number, self.groups)
        self.groups.append(PolicyGroup(name, _threshold(number, threshold, len(members)), members))

    def _quorum(self, number: int, words: Sequence[str]) -> None:
        if len(words) != 1:
            _refuse(
                number, "That is not a quorum line.", "Write: quorum <name of a witness or group, or none>"
            )
        if self.quorum is not None:
            _refuse(number, "There is a quorum already.", "Keep one quorum line.")
        if words[0] != NONE:
            self._check_defined(number, words[0])
        self.quorum = words[0]

    def _names(self) -> set[str]:
        return {witness.name for witness in self.witnesses} | {group.name for group in self.groups}

    def _check_new(self, number: int, name: str) -> None:
        if name == NONE or name in self._names():
            _refuse(number, f'"{name}" already names something.', "Choose another name.")

    def _check_defined(self, number: int, name: str) -> None:
        if name not in self._names():
            _refuse(
                number, f'"{name}" is not defined above.', "Define the witness or group on a line before."
            )


def _lines(data: bytes) -> list[str]:
    """The file's lines. Octets past ASCII are opaque ("Character set"), so they only have to stay different."""
    if len(data) > MAX_POLICY_BYTES:
        raise InvalidPolicy("The policy file is longer than a megabyte.", field="policy")
    bad = _FORBIDDEN.search(data)
    if bad:
        cure = "Save the file with plain newlines, as UTF-8 without control characters."
        _refuse(data.count(b"\n", 0, bad.start()) + 1, f"It holds the byte {bad[0][0]:#04x}.", cure)
    return data.decode(errors="surrogateescape").split("\n")


def _key(number: int, text: str, algorithm: int, whose: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(text)
    except InvalidVerifierKey as error:
        _refuse(
            number,
            error.message,
            "Copy the whole vkey, <name>+<8 hex digits>+<base64>, as its owner shows it.",
        )
    if key.algorithm != algorithm:
        _refuse(number, f"The key is not {whose}.", "Ask its owner for the vkey of that purpose.")
    return key


def _threshold(number: int, text: str, members: int) -> int:
    if text in ("any", "all"):
        return 1 if text == "any" else members
    if not _THRESHOLD.fullmatch(text) or int(text) > members:
        _refuse(
            number,
            f'"{text}" of {members} members cannot be.',
            f"Write any, all, or a number from 1 to {members}.",
        )
    return int(text)


def _check_room(number: int, known: Sequence[object]) -> None:
    if len(known) >= MAX_OF_A_KIND:
        _refuse(number, f"There are more than {MAX_OF_A_KIND} of these.", "Split the policy.")


def _refuse(number: int, what: str, cure: str) -> NoReturn:
    # Names in a file need not be UTF-8; sentences must be.
    words = f"Line {number} of the policy: {what} {cure}".encode(errors="replace").decode()
    raise InvalidPolicy(words, field="policy", line=number)
