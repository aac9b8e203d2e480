"""What does a forecast say in a sentence? No more than it knows. Pure."""

from datetime import date

from tabard.insight.forecast import FEWEST_DAYS, FEWEST_STRETCHES, Forecast, Outcome
from tabard.insight.when import day_words


def in_words(said: Forecast) -> str:
    """The forecast, or why there is none."""
    match said.outcome:
        case Outcome.FINISHED:
            return "Every camera of the plan has been issued."
        case Outcome.NO_TARGET:
            return "The plan does not say how many cameras there are to be, so nothing can be forecast."
        case Outcome.TOO_LITTLE:
            return (
                f"Too little is known to forecast when the last of {said.remaining:,} cameras will be issued. That "
                f"takes issues over {FEWEST_DAYS} days, or {FEWEST_STRETCHES + 1} stated counts over as many days."
            )
        case Outcome.NO_ISSUES:
            return f"No camera was issued lately; at that rate the last {said.remaining:,} never will be."
        case Outcome.FORECAST:
            return _dated(said)


def moved_in_words(before: Forecast, after: Forecast) -> str:
    """What becomes of a forecast when the plan changes."""
    if before.p50 is None or after.p50 is None:
        is_same = before.outcome is after.outcome
        return in_words(after) if is_same else f"Now: {in_words(before)} Then: {in_words(after)}"
    if before.p50 == after.p50:
        return f"The forecast finish stays {day_words(after.p50)}."
    days = (after.p50 - before.p50).days
    number = f"{abs(days):,} day{'' if abs(days) == 1 else 's'} {'later' if days > 0 else 'earlier'}"
    return f"The forecast finish moves from {day_words(before.p50)} to {day_words(after.p50)}, {number}."


def _dated(said: Forecast) -> str:
    per_week = said.per_week or 0.0
    number = f"{per_week:,.0f}" if per_week >= 10 else f"{per_week:.1f}"
    rate = f"At the recent rate, about {number} a week"
    if said.p50 is None:
        return f"{rate}, the last {said.remaining:,} cameras would take more than ten years."
    late = "more than ten years from now" if said.p90 is None else day_words(said.p90)
    early = _day(said.p10)
    return (
        f"{rate}, the last of {said.remaining:,} cameras will be issued around {day_words(said.p50)}: "
        f"in about eight cases of ten between {early} and {late}."
    )


def _day(day: date | None) -> str:
    return day_words(day) if day else "more than ten years from now"
