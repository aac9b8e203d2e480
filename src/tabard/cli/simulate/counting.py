"""Did everything that was acknowledged arrive, once? Asked of the database, not of the doors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from procrastinate.contrib.django.models import ProcrastinateJob

from tabard.intake.models import Container, ReceivedObject
from tabard.simulation.shift_play import Played

_UNFINISHED: Final = ("todo", "doing")


@dataclass(frozen=True, slots=True)
class Count:
    """What was acknowledged, what of it is sealed, and what is not as it should be, in words."""

    recordings_sent: int
    recordings_sealed: int
    files_sent: int
    files_sealed: int
    wrong: tuple[str, ...]


def count(played: Sequence[Played]) -> Count:
    """Every acknowledged recording looked up: it stands once, with all its files, and its footage with its hash."""
    acknowledged = [each for each in played if each.sent is not None]
    wrong = [f"{each.container}: {each.failure}" for each in played if each.sent is None]
    sealed = files = 0
    for each in acknowledged:
        found, problem = _look_up(each)
        files += found
        sealed += not problem
        wrong += [f"{each.container}: {problem}"] if problem else []
    expected = sum(each.sent.objects for each in acknowledged if each.sent)
    return Count(len(acknowledged), sealed, expected, files, tuple(wrong))


def _look_up(played: Played) -> tuple[int, str]:
    """How many of the recording's files are sealed, and what is wrong with it, if anything."""
    containers = list(Container.objects.filter(name=played.container).select_related("recording"))
    if len(containers) != 1:
        return 0, f"{len(containers)} containers have its name"
    received = ReceivedObject.objects.filter(container=containers[0]).select_related("object")
    hashes = [bytes(each.object.sha256) for each in received]
    if played.sent is None or len(hashes) != played.sent.objects:
        return len(hashes), f"{len(hashes)} files are sealed"
    if hashes.count(played.sha256) != 1:
        return len(hashes), f"its footage is sealed {hashes.count(played.sha256)} times"
    return len(hashes), "" if containers[0].recording is not None else "it is no recording"


def jobs_waiting() -> int:
    """How many jobs that follow from footage are not done."""
    waiting = ProcrastinateJob.objects.filter(status__in=_UNFINISHED, queueing_lock__isnull=True)
    return int(waiting.count())
