"""How is anything made of footage? In the decoder jail, and only while its recording is kept.

The footage is decrypted on the fly into the jail; no plain text of it touches a disk.
"""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings

from tabard.kernel.errors import Conflict
from tabard.media.jail.errors import DecoderKilled
from tabard.media.jail.limits import Limits
from tabard.media.jail.runner import JailResult, run
from tabard.recordings.models import Recording, Segment
from tabard.vault import services as vault
from tabard.vault.services import PendingObject

DEFAULT_LIMITS = Limits()
_COPY_BYTES = 1024 * 1024


class DisposedMeanwhile(Conflict):
    """The recording was disposed of while something was being made from it; what was made is abandoned."""

    code = "disposed_meanwhile"


def still_kept(recording_id: UUID) -> Recording:
    """The recording, locked against disposal until the transaction ends.

    Raises:
        DisposedMeanwhile: when it was disposed of.
    """
    recording = Recording.objects.select_for_update().get(id=recording_id)
    if recording.disposed_at is not None:
        raise DisposedMeanwhile("The recording was disposed of.", recording=str(recording_id))
    return recording


def jailed(
    task: str, segment: Segment, params: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS
) -> JailResult:
    """One task was done on one segment."""
    reader = vault.open_object(obj=segment.object)
    return jailed_bytes(
        task, lambda start, stop: b"".join(reader.read(start, stop)), reader.size_bytes, params, limits
    )


def jailed_bytes(
    task: str,
    read: Callable[[int, int], bytes],
    size_bytes: int,
    params: Mapping[str, Any],
    limits: Limits = DEFAULT_LIMITS,
) -> JailResult:
    """One task was done on foreign bytes, wherever they are."""
    scratch = settings.TABARD_HOME / "scratch"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    return run(
        task,
        params,
        source=read,
        source_size=size_bytes,
        scratch=scratch,
        limits=limits,
        accept_missing=settings.TABARD_ACCEPT_MISSING_WALLS,
    )


def output_of(result: JailResult) -> BinaryIO:
    """What the decoder wrote, positioned at its start; close it.

    Raises:
        DecoderKilled: it wrote nothing.
    """
    if result.output is None:
        raise DecoderKilled("wrote nothing")
    return result.output


def copy(output: BinaryIO, pending: PendingObject, length_bytes: int | None = None) -> None:
    """Copy `length_bytes` from where the output stands, or all of the rest, into a pending object."""
    left = length_bytes
    while left is None or left > 0:
        piece = output.read(_COPY_BYTES if left is None else min(_COPY_BYTES, left))
        if not piece:
            return
        pending.write(piece)
        if left is not None:
            left -= len(piece)
