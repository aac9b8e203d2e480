"""How does the demonstration tell what it does? Named steps, each timed, each said; the first that fails ends it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.markup import escape

from tabard.cli.output import console
from tabard.kernel.errors import TabardError

POLL_S = 0.2


class StepFailed(TabardError):
    """A step of the demonstration did not come out as it must."""

    code = "demo_step_failed"


@dataclass(slots=True)
class Steps:
    """The steps so far, as `--json` reports them."""

    done: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every step so far came out well."""
        return all(step["ok"] for step in self.done)

    @contextmanager
    def step(self, name: str, words: str) -> Iterator[Callable[[str], None]]:
        """One step; yields a function that replaces the words it ends with."""
        ending = [words]
        began = time.monotonic()
        ok = False
        try:
            with console.status(words):
                yield ending.append
            ok = True
        finally:
            seconds = round(time.monotonic() - began, 2)
            self.done.append({"name": name, "ok": ok, "seconds": seconds})
            mark = "[green]ok  [/]" if ok else "[bold red]FAIL[/]"
            console.print(f"{mark} {escape(ending[-1])} [dim]{seconds:.1f} s[/]")


def wait_until(found: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Returns as soon as `found` says yes.

    Raises:
        StepFailed: when it has not after `within_s` seconds.
    """
    deadline = time.monotonic() + within_s
    while not found():
        if time.monotonic() > deadline:
            raise StepFailed(f"After {within_s:.0f} seconds there is still no {what}.")
        time.sleep(POLL_S)
