"""What is this footage? Its container, streams and times, whether it decodes, whether a browser plays it."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from av.stream import Stream

from tabard.media.jail.facts import ProbeFacts, StreamFacts
from tabard.media.jail.tasks.footage import Footage, opened
from tabard.media.jail.tasks.looking import Look, first_frames, why_not
from tabard.media.jail.workbench import Workbench

MEDIA_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
}
# What Chromium, Firefox and Safari all play, by container; anything in doubt is left out and gets a rendition.
_PICTURES = {
    "mp4": {"h264": {"yuv420p", "yuvj420p"}, "av1": {"yuv420p"}, "vp9": {"yuv420p"}},
    "webm": {"vp8": {"yuv420p"}, "vp9": {"yuv420p"}, "av1": {"yuv420p"}},
}
_SOUNDS = {"mp4": {"aac", "mp3", "opus"}, "webm": {"opus", "vorbis"}}
# A camera whose clock was never set writes the zero of its format, which is no time.
_EARLIEST_CREATED = datetime(1990, 1, 1, tzinfo=UTC)


def perform(bench: Workbench) -> ProbeFacts:
    """The facts; `CannotDecode` only where nothing at all can be opened."""
    with opened(bench) as footage:
        looks = first_frames(footage)
        reason = why_not(footage, looks)
        container = container_name(footage)
        return ProbeFacts(
            container=container,
            media_type=MEDIA_TYPES.get(container, "application/octet-stream"),
            size_bytes=bench.source.size_bytes,
            duration_s=footage.duration_s,
            bit_rate=footage.container.bit_rate or None,
            created_at=_created_at(footage),
            streams=[_stream(stream, looks.get(stream.index)) for stream in footage.container.streams],
            decodable=reason is None,
            browser_playable=reason is None and _browser_playable(footage, container, looks),
            reason=None if reason is None else f"cannot be decoded: {reason}",
        )


def container_name(footage: Footage) -> str:
    """The container's name, telling apart those that FFmpeg reads with one reader."""
    name = footage.container.format.name.split(",")[0]
    if name == "mov":
        brand = footage.container.metadata.get("major_brand", "qt")
        return "mov" if brand.startswith("qt") else "mp4"
    if name == "matroska":
        return "webm" if b"webm" in footage.head else "matroska"
    return name


def _created_at(footage: Footage) -> str | None:
    text = footage.container.metadata.get("creation_time", "")
    try:
        created = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = created if created.tzinfo else created.replace(tzinfo=UTC)
    return aware.isoformat() if aware >= _EARLIEST_CREATED else None


def _float(value: Fraction | None) -> float | None:
    return float(value) if value else None


def _stream(stream: Stream, look: Look | None) -> StreamFacts:
    context: Any = stream.codec_context
    lasting = stream.duration * stream.time_base if stream.duration and stream.time_base else None
    video, audio = stream.type == "video" and context, stream.type == "audio" and context
    return StreamFacts(
        index=stream.index,
        kind=stream.type,
        codec=context.codec.canonical_name if context else None,
        profile=context.profile if context else None,
        width=context.width if video else None,
        height=context.height if video else None,
        fps=_float(stream.average_rate) if video else None,
        rotation_degrees=-look.rotation % 360 if video and look else None,
        pixel_format=context.pix_fmt if video else None,
        sample_rate_hz=context.sample_rate if audio else None,
        channels=context.channels if audio else None,
        bit_rate=(context.bit_rate or None) if context else None,
        duration_s=_float(lasting),
        decodable=look.decodable if look else None,
    )


def _browser_playable(footage: Footage, container: str, looks: dict[int, Look]) -> bool:
    pictures, sounds = _PICTURES.get(container, {}), _SOUNDS.get(container, set())
    video, audio = footage.video, footage.audio
    seen = video is None or video.pix_fmt in pictures.get(video.codec_context.codec.canonical_name, set())
    heard = audio is None or (
        looks[audio.index].decodable is not False and audio.codec_context.codec.canonical_name in sounds
    )
    return container in _PICTURES and seen and heard
