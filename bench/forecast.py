"""How often does the truth lie between P10 and P90 of the rollout's forecast? Eight of ten would be as it says.

    .venv/bin/python bench/forecast.py

Rollouts are drawn from three laws: issues that vary by chance alone, issues on weekdays that vary more than that, and
weeks that differ from each other. The forecast sees the first eight weeks; then the end is looked up.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np

from tabard.insight.forecast import WINDOW_DAYS, Counted, forecast

RUNS, DAYS, MONDAY = 200, 900, date(2026, 3, 2)


def even(draw: np.random.Generator) -> Any:
    return draw.poisson(20, DAYS)


def weekdays(draw: np.random.Generator) -> Any:
    return np.where(np.arange(DAYS) % 7 < 5, draw.negative_binomial(2, 2 / 30, DAYS), 0)


def bursts(draw: np.random.Generator) -> Any:
    return draw.poisson(np.repeat(draw.gamma(2, 10, DAYS // 7 + 1), 7)[:DAYS])


def held(issues: Any, target: int) -> bool | None:
    counts = np.cumsum(issues)
    counted = [Counted(MONDAY - timedelta(days=1), 0)]
    counted += [Counted(MONDAY + timedelta(days=day), int(count)) for day, count in enumerate(counts)]
    said = forecast(counted=counted[: WINDOW_DAYS + 1], is_daily=True, target=target)
    truth = next((each.day for each in counted if each.count >= target), None)
    if said.p10 is None or truth is None:
        return None
    return said.p10 <= truth <= (said.p90 or date.max)


def main() -> None:
    print(f"{'law':<10}{'target':>8}{'inside, of 100':>16}")
    for law in (even, weekdays, bursts):
        for target in (2_000, 5_000):
            found = [held(law(np.random.default_rng(seed)), target) for seed in range(RUNS)]
            known = [each for each in found if each is not None]
            print(f"{law.__name__:<10}{target:>8}{100 * sum(known) / len(known):>16.0f}")


if __name__ == "__main__":
    main()
