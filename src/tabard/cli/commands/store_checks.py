"""What `tabard check` finds out about the stores: does each take and give, and does its lock hold?"""

from typing import TYPE_CHECKING

from tabard.cli.check import Finding
from tabard.cli.database import load_django
from tabard.cli.home import Home
from tabard.cli.postgres import Server
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.vault.locks import LockReport


def second_store(home: Home) -> Finding:
    """Put a few bytes into the second store, read them back, and remove them."""
    with Server(home):
        load_django()
        from tabard.kernel.ids import new_id
        from tabard.vault.stores import configured_stores

        second = configured_stores().get("b")
        if second is None:
            return Finding.warning(
                "There is no second store: what this one loses is lost.",
                "Set TABARD_STORE_B_URL; docs/how-to/two-stores.md says how.",
            )
        key, words = f"checks/{new_id()}", b"tabard check"
        with second.create(key) as writer:
            writer.write(words)
            writer.commit()
        read_back = second.read(key, 0, len(words))
        second.delete(key)
    if read_back != words:
        return Finding.problem("The second store gave back other bytes than it took.", "Do not use it.")
    return Finding.ok("The second store takes an object and gives it up again.")


def locks(home: Home) -> Finding:
    """Try to break the lock of every store that can have one."""
    with Server(home):
        load_django()
        from tabard.vault.locks import try_lock, wanted_days
        from tabard.vault.stores import configured_places

        days = wanted_days()
        if not days:
            return Finding.ok(
                "No lock is asked for: whoever administers the stores can remove what is in them."
            )
        reports = [try_lock(name=name, at=now()) for name in configured_places()]
    return judge(reports, days)


def judge(reports: "list[LockReport]", days: int) -> Finding:
    """A problem unless every store that can lock does, and one can."""
    words = "; ".join(_words(report) for report in reports)
    weak = [report for report in reports if report.can_lock and not report.holds]
    if weak or not any(report.holds for report in reports):
        return Finding.problem(
            f"{_sentence(words)} TABARD_STORE_LOCK_DAYS wants {days} days. Tabard does not start like this.",
            "Use a bucket with Object Lock in compliance mode (docs/how-to/two-stores.md), or ask for no lock.",
        )
    if all(report.holds for report in reports):
        return Finding.ok(_sentence(words))
    return Finding.warning(
        _sentence(words), "What is removed from a store without a lock comes back from the other."
    )


def _words(report: "LockReport") -> str:
    if report.holds:
        return f"store {report.store}: every attempt to break its lock of {report.days} days was refused"
    return f"store {report.store}: {', '.join(report.weaknesses)}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
