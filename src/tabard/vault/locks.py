"""Can what is stored be removed before its time? Asked where `TABARD_STORE_LOCK_DAYS` says that it must not.

Then every S3 store must lock what it holds, in compliance mode and for that many days, and at least one store must be
able to. A folder cannot lock: whoever administers the machine can remove what is in it. Other clouds' locks are not
tried, so they do not count.
"""

import os
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from tabard.vault.adapters.place import Place
from tabard.vault.errors import LockDoesNotHold
from tabard.vault.stores import configured_places, configured_stores


@dataclass(frozen=True, slots=True)
class LockReport:
    """What is known of one store's lock; `days` is 0 where there is none. `weaknesses` are sentences' ends."""

    store: str
    scheme: str
    days: int
    weaknesses: tuple[str, ...]

    @property
    def can_lock(self) -> bool:
        """Whether the store is of a kind whose lock Tabard can try."""
        return self.scheme == "s3"

    @property
    def holds(self) -> bool:
        """Whether every attempt to break it failed."""
        return self.can_lock and not self.weaknesses


def wanted_days() -> int:
    """For how many days at least every store must lock; 0: not asked."""
    return int(settings.TABARD_STORE_LOCK_DAYS)


def try_lock(*, name: str, at: datetime) -> LockReport:
    """What became of an attempt to break the lock of one configured store. Leaves a small locked object behind.

    Raises:
        StoreFailed: the store could not be asked.
        StoreUrlInvalid: it cannot be set up.
    """
    place = configured_places()[name]
    if place.scheme != "s3":
        return LockReport(name, place.scheme, 0, (_why_not(place),))
    # Loaded only where they are used: most installations keep their objects in a folder.
    from tabard.vault.adapters.buckets import s3_client
    from tabard.vault.adapters.object_lock import LockTrial

    client = s3_client(place, os.environ)
    trial = LockTrial(client, place.url, configured_stores()[name], at).run(wanted_days())
    return LockReport(name, place.scheme, trial.days, trial.weaknesses)


def require_locks(*, at: datetime) -> None:
    """Return only if no lock is asked for, or every store that can lock does, and one can.

    Raises:
        LockDoesNotHold: with every weakness in words.
        StoreFailed: a store could not be asked.
    """
    if not wanted_days():
        return
    reports = [try_lock(name=name, at=at) for name in configured_places()]
    weak = [report for report in reports if report.can_lock and not report.holds]
    if weak or not any(report.holds for report in reports):
        raise LockDoesNotHold(
            "The lock of the stores does not hold: " + "; ".join(map(_words, weak or reports)) + ".",
            stores=[report.store for report in weak or reports],
        )


def _words(report: LockReport) -> str:
    return f"store {report.store}: " + ", ".join(report.weaknesses)


def _why_not(place: Place) -> str:
    if place.scheme == "file":
        return "a local folder cannot lock what it holds"
    return f"Tabard cannot try the lock of a {place.scheme} store"
