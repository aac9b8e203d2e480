"""How long is a recording kept, and why? Pure: facts and a policy in, a decision with its reason out.

Every rule of the policy that fits a recording, or an incident that it is linked to, gives it an end; the longest wins.
Nothing here reads a date that anybody can edit. A period runs from the latest instant at which the recording can have
begun, as far as that was certain when it came in; or from the instant at which we were told how an incident ended, or
the day that was stated for it if that is later, so that no date that is typed in brings disposal forward. However late
footage comes, it stays for some days in which people can find it.

What no rule fits is kept; so is anything held, and anything of an incident whose end nobody has stated.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UNKNOWN_CATEGORY = "unknown-category"
UNKNOWN_OUTCOME = "unknown-outcome"


class Start(StrEnum):
    """What a period runs from."""

    RECORDED = "recorded"
    CASE_CLOSED = "case_closed"
    CONVICTION_OR_RELEASE = "conviction_or_release"


class Ending(StrEnum):
    """What happens at the end of a period: it is disposed of, or a person must decide."""

    DISPOSE = "dispose"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one class of footage is kept; `days` None means without end. An empty condition fits anything.

    A rule that runs from the recording names categories (None: not categorised); one that runs from the end of an
    incident names kinds of incident and outcomes, and may name categories too. `cites` is where the period comes from,
    `is_confirmed` whether we could check it there.
    """

    code: str
    name: str
    days: int | None
    cites: str
    start: Start = Start.RECORDED
    ending: Ending = Ending.DISPOSE
    is_confirmed: bool = True
    categories: frozenset[str | None] = frozenset()
    sources: frozenset[str] = frozenset()
    incidents: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()

    def fits(self, category: str | None, source: str) -> bool:
        """Whether a recording of this category, come in by this source, is of its class."""
        return _in(category, self.categories) and _in(source, self.sources)

    def fits_case(self, kind: str, outcome: str) -> bool:
        """Whether an incident of this kind that ended so is of its class."""
        return _in(kind, self.incidents) and _in(outcome, self.outcomes)


@dataclass(frozen=True, slots=True)
class Policy:
    """Every rule of one version of the policy, and how disposal goes under it.

    `grace_days` lie between the list and the disposal; a run that would take more than `brake` times the median of the
    last, and more than `always_allowed`, asks two people.
    """

    name: str
    version: str
    sha256: bytes
    notice_days: int
    grace_days: int
    always_allowed: int
    brake: float
    categories: Mapping[str, str]
    rules: tuple[Rule, ...]

    def for_recording(self, category: str | None, source: str) -> Rule | None:
        """The longest rule that runs from the recording; None where the policy has none."""
        fitting = [
            rule for rule in self.rules if rule.start is Start.RECORDED and rule.fits(category, source)
        ]
        return max(fitting, key=_length, default=None)

    def for_case(self, category: str | None, source: str, kind: str, outcome: str) -> tuple[Rule, ...]:
        """The rules that run from the end of such an incident."""
        return tuple(
            rule
            for rule in self.rules
            if rule.start is not Start.RECORDED
            and rule.fits(category, source)
            and rule.fits_case(kind, outcome)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """An incident that the recording shows, and how it ended; `outcome` None: it is open.

    `closed_at` is when we were told so, or the end of the day stated for it if that is later. `released_at` ends a
    sentence; `in_custody` without it means that nobody has stated when.
    """

    reference: str
    kind: str
    outcome: str | None = None
    closed_at: datetime | None = None
    released_at: datetime | None = None
    in_custody: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision rests on. `holds` are the reasons, in words, why the recording must stay.

    `begun_by_at` is the latest that the recording can have begun, as far as that was certain at receipt; None where
    nothing was. `keep_until` is what the last review said, `given_up_at` when two people agreed at one to let it go.
    """

    category: str | None
    received_at: datetime
    begun_by_at: datetime | None = None
    source: str = ""
    cases: tuple[Case, ...] = ()
    holds: tuple[str, ...] = ()
    keep_until: datetime | None = None
    given_up_at: datetime | None = None

    @property
    def held_by(self) -> tuple[str, ...]:
        """Everything that keeps the recording whatever its periods say, in words; open incidents among it."""
        is_open = (
            f"linked to {case.reference}, which is open" for case in self.cases if case.outcome is None
        )
        return (*self.holds, *is_open)


@dataclass(frozen=True, slots=True)
class Decision:
    """When the recording falls due, or a person must decide; under which rule, and why in a sentence.

    `due_at` None means that it is kept: until somebody decides at `review_at` if that is there, or without end.
    """

    due_at: datetime | None
    rule: str
    reason: str
    held_by: tuple[str, ...] = ()
    review_at: datetime | None = None

    def is_due(self, as_of: datetime) -> bool:
        """Whether the period has ended and nothing holds the recording."""
        return self.due_at is not None and not self.held_by and self.due_at <= as_of

    def needs_review(self, as_of: datetime) -> bool:
        """Whether a person must decide by now; a held recording stays anyhow, and is not asked about."""
        return self.review_at is not None and not self.held_by and self.review_at <= as_of


@dataclass(frozen=True, slots=True)
class End:
    """What one rule says of one recording: kept until then (None: without end), and that in a sentence."""

    at: datetime | None
    rule: str
    ending: Ending
    words: str


def counted_from(facts: Facts) -> tuple[datetime, str]:
    """The instant that the recording's own period runs from, and in words which that is."""
    if facts.begun_by_at is None or facts.begun_by_at >= facts.received_at:
        return facts.received_at, "its receipt, before which its start is not certain"
    return facts.begun_by_at, "its start, as its camera's clock was measured before and after"


def decide(facts: Facts, policy: Policy) -> Decision:
    """When and why the recording falls due under the policy, or a person must decide: the longest rule wins."""
    holds = facts.held_by
    ends = [_own_end(facts, policy), *_case_ends(facts, policy)]
    longest = max(ends, key=lambda end: (end.at is None, end.at or facts.received_at, end.rule))
    if longest.at is None:
        return Decision(None, longest.rule, _held(holds, longest.words), holds)
    if any(end.ending is Ending.REVIEW for end in ends):
        return _reviewed(facts, longest.at, longest, holds)
    return Decision(longest.at, longest.rule, _held(holds, longest.words), holds)


def _reviewed(facts: Facts, over_at: datetime, longest: End, holds: tuple[str, ...]) -> Decision:
    """The decision where a period ends in a person's: what was decided before it was over does not count."""
    review_at = max(over_at, facts.keep_until or over_at)
    if facts.given_up_at is not None and facts.given_up_at >= review_at:
        words = f"{longest.words} Reviewed after that, and given up by two people."
        return Decision(facts.given_up_at, longest.rule, _held(holds, words), holds)
    kept = " At its last review it was kept for longer." if review_at > over_at else ""
    words = f"{longest.words}{kept} Then a person decides."
    return Decision(None, longest.rule, _held(holds, words), holds, review_at)


def _own_end(facts: Facts, policy: Policy) -> End:
    """What the rule for the recording itself says."""
    rule = policy.for_recording(facts.category, facts.source)
    if rule is None:
        words = f"Kept: the policy has no rule for the category {facts.category or 'none'}."
        return End(None, UNKNOWN_CATEGORY, Ending.DISPOSE, words)
    if rule.days is None:
        return End(None, rule.code, rule.ending, f"{rule.name}: kept without end ({rule.cites}).")
    base, clock = counted_from(facts)
    words = f"{rule.name}: kept for {rule.days} days from {clock} ({rule.cites})."
    due_at = base + timedelta(days=rule.days)
    noticed_at = facts.received_at + timedelta(days=min(policy.notice_days, rule.days))
    if due_at < noticed_at:
        due_at = noticed_at
        words += f" It came late, and is kept for {policy.notice_days} days from its receipt."
    return End(due_at, rule.code, rule.ending, words)


def _case_ends(facts: Facts, policy: Policy) -> Iterator[End]:
    """What the rules for the incidents that it shows say; an open one holds it, and has no end yet."""
    for case in facts.cases:
        if case.outcome is None or case.closed_at is None:
            continue
        rules = policy.for_case(facts.category, facts.source, case.kind, case.outcome)
        if not rules:
            words = f"Kept: the policy has no rule for how {case.reference} ended."
            yield End(None, UNKNOWN_OUTCOME, Ending.DISPOSE, words)
        for rule in rules:
            yield _case_end(case, case.closed_at, rule)


def _case_end(case: Case, closed_at: datetime, rule: Rule) -> End:
    to_release = rule.start is Start.CONVICTION_OR_RELEASE
    if to_release and case.in_custody and case.released_at is None:
        words = f"{case.reference}: kept until it is stated when the sentence ends ({rule.cites})."
        return End(None, rule.code, rule.ending, words)
    if rule.days is None:
        return End(None, rule.code, rule.ending, f"{case.reference}: kept without end ({rule.cites}).")
    at = closed_at + timedelta(days=rule.days)
    if to_release and case.released_at is not None and case.released_at > at:
        words = f"{case.reference}, {rule.name}: kept until release ({rule.cites})."
        return End(case.released_at, rule.code, rule.ending, words)
    words = f"{case.reference}, {rule.name}: kept for {rule.days} days from its end ({rule.cites})."
    return End(at, rule.code, rule.ending, words)


def _held(holds: tuple[str, ...], words: str) -> str:
    return f"Held: {'; '.join(holds)}. Without that: {words}" if holds else words


def _in(value: str | None, allowed: Collection[str | None]) -> bool:
    return not allowed or value in allowed


def _length(rule: Rule) -> tuple[bool, int, str]:
    return rule.days is None, rule.days or 0, rule.code
