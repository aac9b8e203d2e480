"""What can be seen in a segment? Probes, stills, renditions and clips, each made in the decoder jail and then sealed.

Every step can be repeated: what was made before is left as it is. A recording that is disposed of while the jail works
on it wins: what was made is abandoned, because nothing may outlive its original.
"""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Invalid
from tabard.media import packets
from tabard.media.jail.errors import CannotDecode, DecoderKilled
from tabard.media.jail.limits import Limits
from tabard.media.making import copy, jailed, output_of, still_kept
from tabard.media.models import Derivative, Probe
from tabard.recordings import clips
from tabard.recordings.models import Clip, Recording, Segment
from tabard.vault import services as vault
from tabard.vault.models import SealedObject


def probe_recording(*, recording: Recording, by: Actor, at: datetime) -> list[Probe]:
    """Every segment has been looked into, or has the reason why it cannot be decoded; logged once.

    A segment that came encrypted is left for when it is decrypted.
    """
    readable = recording.segments.exclude(encrypted_file__isnull=False, encrypted_file__plain__isnull=True)
    segments = readable.select_related("object", "recording")
    found = {
        segment: _look(segment) for segment in segments if not Probe.objects.filter(segment=segment).exists()
    }
    if not found:
        return []
    with transaction.atomic():
        kept = still_kept(recording.id)
        probes = Probe.objects.bulk_create(_probe(segment, facts, at) for segment, facts in found.items())
        if not all(probe.is_decodable for probe in probes) and Recording.Flag.CANNOT_DECODE not in kept.flags:
            kept.flags = [*kept.flags, Recording.Flag.CANNOT_DECODE.value]
            kept.save(update_fields=["flags"])
        custody.append(
            kind=EventKind.RECORDING_PROBED,
            subject=Subject("recording", recording.id),
            at=at,
            by=by,
            details={str(probe.segment_id): probe.reason or "decodable" for probe in probes},
        )
    return probes


def make_derivatives(*, segment: Segment, by: Actor, at: datetime) -> list[Derivative]:
    """A decodable segment has its poster and thumbnail strip, and a rendition if browsers cannot play it."""
    probe = Probe.objects.filter(segment=segment, is_decodable=True).first()
    if probe is None:
        return []
    made = _make_stills(segment, by, at)
    if not probe.is_browser_playable:
        made += _make_rendition(segment, probe.duration_s or 0.0, by, at)
    return made


def cut_clip(*, clip: Clip, by: Actor, at: datetime) -> Clip:
    """The clip is cut by stream copy and sealed, or carries the reason why it could not be.

    With it is sealed the proof that its packets are the original's, or it is noted why there is none.
    """
    if clip.state != Clip.State.REQUESTED:
        return clip
    try:
        result = jailed("clip", clip.segment, {"start_s": clip.start_s, "end_s": clip.end_s})
        made = output_of(result)
    except (Invalid, DecoderKilled) as error:
        return clips.record_failure(clip=clip, reason=error.message, by=by, at=at)
    with closing(made) as output, vault.start() as pending, vault.start() as proof:
        untied = packets.prove_clip(
            segment=clip.segment, output=output, facts=result.facts, into=proof, by=by, at=at
        )
        output.seek(0)
        copy(output, pending)
        pending.seal()
        with transaction.atomic():
            still_kept(clip.segment.recording_id)
            proven = packets.record_proof(clip=clip, proof=proof, untied=untied, at=at)
            return clips.record_cut(
                clip=clip,
                sealed=vault.record(pending=pending, at=at),
                proof=proven.object,
                container=result.facts["container"],
                actual_start_s=result.facts["start_s"],
                actual_end_s=result.facts["end_s"],
                by=by,
                at=at,
            )


def _look(segment: Segment) -> Mapping[str, Any]:
    """What the jail says of a segment; a refusal is an answer too."""
    try:
        return jailed("probe", segment, {}).facts
    except (CannotDecode, DecoderKilled) as error:
        return {"decodable": False, "browser_playable": False, "reason": error.message}


def _probe(segment: Segment, facts: Mapping[str, Any], at: datetime) -> Probe:
    return Probe(
        segment=segment,
        is_decodable=facts["decodable"],
        is_browser_playable=facts["browser_playable"],
        reason=facts["reason"] or "",
        duration_s=facts.get("duration_s"),
        facts=dict(facts),
        probed_at=at,
    )


def _make_stills(segment: Segment, by: Actor, at: datetime) -> list[Derivative]:
    """The poster and the strip, which the jail writes one after the other into one output."""
    missing = [kind for kind in (Derivative.Kind.POSTER, Derivative.Kind.STRIP) if not _has(segment, kind)]
    if not missing:
        return []
    try:
        result = jailed("stills", segment, {})
        pictures = output_of(result)
    except (CannotDecode, DecoderKilled):
        return []
    with closing(pictures) as output:
        made = []
        for kind in missing:
            facts = result.facts[kind.value]
            output.seek(facts["start"])
            still = Derivative(segment=segment, kind=kind, content_type="image/jpeg", facts=facts)
            made.append(_seal(still, output, by, at, length_bytes=facts["length"]))
        return made


def _make_rendition(segment: Segment, duration_s: float, by: Actor, at: datetime) -> list[Derivative]:
    if _has(segment, Derivative.Kind.RENDITION):
        return []
    try:
        result = jailed("rendition", segment, {}, _time_to_encode(duration_s))
        film = output_of(result)  # broken footage may have a first picture and no other
    except (CannotDecode, DecoderKilled):
        return []
    with closing(film) as output:
        kind, facts = Derivative.Kind.RENDITION, result.facts
        return [
            _seal(
                Derivative(segment=segment, kind=kind, content_type="video/mp4", facts=facts), output, by, at
            )
        ]


def _has(segment: Segment, kind: Derivative.Kind) -> bool:
    return Derivative.objects.filter(segment=segment, kind=kind).exists()


def _seal(
    derivative: Derivative, output: BinaryIO, by: Actor, at: datetime, *, length_bytes: int | None = None
) -> Derivative:
    """The derivative is sealed, recorded and logged when this returns; its bytes are the output's next ones."""
    with vault.start() as pending:
        copy(output, pending, length_bytes)
        pending.seal()
        with transaction.atomic():
            still_kept(derivative.segment.recording_id)
            sealed = vault.record(pending=pending, at=at)
            derivative.object, derivative.made_at = sealed, at
            derivative.save(force_insert=True)
            _log_derivative(derivative, sealed, by, at)
    return derivative


def _log_derivative(derivative: Derivative, sealed: SealedObject, by: Actor, at: datetime) -> None:
    custody.append(
        kind=EventKind.DERIVATIVE_MADE,
        subject=Subject("segment", derivative.segment_id),
        at=at,
        by=by,
        sha256=bytes(sealed.sha256),
        details={"kind": str(derivative.kind), "object": str(sealed.id)},
    )


def _time_to_encode(duration_s: float) -> Limits:
    """Encoding takes as long as the footage is long, and more; up to a day, so that a lying duration ends too."""
    allowance_s = min(600 + round(8 * duration_s), 86_400)
    return Limits(cpu_s=allowance_s, wall_s=1.5 * allowance_s)
