"""What does one policy say otherwise than another? Pure: a line for each class of footage that differs.

Two texts may differ in many places and mean the same, and one word may shorten every period. So classes of footage are
compared, each category, source, kind of incident and outcome, and not the texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tabard.incidents.models import Incident
from tabard.incidents.rules import OutcomeKind
from tabard.retention.rules import Ending, Policy, Rule, Start

_OTHER = ""
_ENDED = [kind for kind in OutcomeKind if kind is not OutcomeKind.REOPENED]


@dataclass(frozen=True, slots=True)
class Change:
    """A class of footage, or a setting, and what each policy says of it; `shortens` where anything may go sooner."""

    what: str
    before: str
    after: str
    shortens: bool


@dataclass(frozen=True, slots=True)
class _Class:
    """Footage of one category and source; of an incident that ended, where `kind` is there."""

    category: str | None
    source: str
    kind: str = ""
    outcome: str = ""


def changes(old: Policy, new: Policy) -> list[Change]:
    """Every class of footage and every setting of which they say different things."""
    return [*_settings(old, new), *_classes(old, new)]


def shortens(old: Policy, new: Policy) -> bool:
    """Whether anything may be disposed of sooner under the new policy than under the old."""
    return any(change.shortens for change in changes(old, new))


def _settings(old: Policy, new: Policy) -> Iterator[Change]:
    pairs = (
        ("Kept after receipt, however late", f"{old.notice_days} days", f"{new.notice_days} days"),
        ("On the list before disposal", f"{old.grace_days} days", f"{new.grace_days} days"),
        ("A run may always take", f"{old.always_allowed:,}", f"{new.always_allowed:,}"),
        ("A run may take of the median", f"{old.brake:g} times", f"{new.brake:g} times"),
    )
    sooner = (
        new.notice_days < old.notice_days,
        new.grace_days < old.grace_days,
        new.always_allowed > old.always_allowed,
        new.brake > old.brake,
    )
    for (what, before, after), is_sooner in zip(pairs, sooner, strict=True):
        if before != after:
            yield Change(what, before, after, is_sooner)


def _classes(old: Policy, new: Policy) -> Iterator[Change]:
    for each in _every_class(old, new):
        before, after = _rules(old, each), _rules(new, each)
        if _said(before) != _said(after):
            yield Change(_name(each, new, old), _said(before), _said(after), _may_go_sooner(before, after))


def _every_class(old: Policy, new: Policy) -> Iterator[_Class]:
    categories = (None, *dict.fromkeys((*old.categories, *new.categories)))
    sources = sorted(
        {_OTHER, *(source for policy in (old, new) for r in policy.rules for source in r.sources)}
    )
    yield from (_Class(category, source) for category in categories for source in sources)
    # Rules for incidents mostly name no category: then one line says it for all of them.
    named = sorted({name for policy in (old, new) for name in _named_by_cases(policy)})
    for category in (None, *named):
        for source in sources:
            for kind in Incident.Kind.values:
                yield from (_Class(category, source, kind, outcome.value) for outcome in _ENDED)


def _named_by_cases(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        if rule.start is not Start.RECORDED:
            yield from (category for category in rule.categories if category)


def _rules(policy: Policy, each: _Class) -> tuple[Rule, ...]:
    if each.kind:
        return policy.for_case(each.category, each.source, each.kind, each.outcome)
    rule = policy.for_recording(each.category, each.source)
    return () if rule is None else (rule,)


def _may_go_sooner(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> bool:
    """Whether some rule of before has none after that keeps for as long, from the same start, with as much of a say."""
    if not after or any(rule.days is None for rule in after):  # what no rule fits is kept
        return False
    return not before or any(not any(_keeps_as_long(new, old) for new in after) for old in before)


def _keeps_as_long(new: Rule, old: Rule) -> bool:
    lasts = old.days is not None and new.days is not None and new.days >= old.days
    starts = new.start is old.start or new.start is Start.CONVICTION_OR_RELEASE
    asks = new.ending is Ending.REVIEW or old.ending is Ending.DISPOSE
    return lasts and starts and asks


def _name(each: _Class, *policies: Policy) -> str:
    code = each.category or ""
    names = [policy.categories[code] for policy in policies if code in policy.categories]
    category = (names or [code or "Not categorised"])[0]
    source = f", from {each.source}" if each.source else ""
    if not each.kind:
        return category + source
    who = f"{category}, " if each.category else ""
    return f"{who}{Incident.Kind(each.kind).label} {OutcomeKind(each.outcome).words}{source}"


def _said(rules: tuple[Rule, ...]) -> str:
    """What the rules say together, the same words for the same meaning."""
    return "; ".join(sorted({rule_words(rule) for rule in rules})) or "no rule: kept"


def rule_words(rule: Rule) -> str:
    """Period, start and ending of a rule, in words."""
    if rule.days is None:
        return "kept without end"
    start = {
        Start.RECORDED: "",
        Start.CASE_CLOSED: " from its end",
        Start.CONVICTION_OR_RELEASE: " from conviction, or until release",
    }[rule.start]
    then = ", then a person decides" if rule.ending is Ending.REVIEW else ""
    return f"{rule.days:,} days{start}{then}"
