"""Which streams really decode? Decided by decoding the first frames of each, not by what the header claims."""

from dataclasses import dataclass

from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.tasks.footage import Footage, decoded, opened
from tabard.media.jail.workbench import Workbench

_ENOUGH_FRAMES = 3
_MOST_PACKETS = 600


@dataclass(slots=True)
class Look:
    """What came of decoding the start of one stream."""

    packets: int = 0
    frames: int = 0
    encrypted: bool = False
    rotation: int = 0

    @property
    def decodable(self) -> bool | None:
        """Whether a frame came out; None where there was nothing to decode."""
        return self.frames > 0 and not self.encrypted if self.packets else None


def first_frames(footage: Footage) -> dict[int, Look]:
    """A look at each video and audio stream by its index; the footage is left somewhere after its start."""
    streams = [*footage.container.streams.video, *footage.container.streams.audio]
    looks = {stream.index: Look() for stream in streams}
    for number, packet in enumerate(footage.packets(*streams)):
        look = looks[packet.stream_index]
        look.packets += packet.size > 0
        # Decoders happily make noise of encrypted packets, so frames prove nothing there.
        look.encrypted = look.encrypted or packet.has_sidedata("encryption_info")
        if packet.stream.codec_context is not None and look.frames < _ENOUGH_FRAMES:
            frames, _ = decoded(packet)
            look.frames += len(frames)
            look.rotation = next((f.rotation for f in frames if hasattr(f, "rotation")), look.rotation)
        if number >= _MOST_PACKETS or all(look.frames >= _ENOUGH_FRAMES for look in looks.values()):
            break
    return looks


def why_not(footage: Footage, looks: dict[int, Look]) -> str | None:
    """Why the main picture (or, in footage of sound alone, the sound) does not decode; None when it does."""
    main = footage.video or footage.audio
    if main is None:
        return "it holds no video and no audio"
    if looks[main.index].decodable:
        return None
    if looks[main.index].encrypted:
        return f"its {main.type} is encrypted"
    if main.codec_context is None:
        return f"no decoder for its {main.type} is known here"
    if not looks[main.index].packets:
        return f"it holds no {main.type}, only a description of it"
    return f"its {main.type} ({main.codec_context.codec.canonical_name}) is damaged"


def checked(bench: Workbench) -> dict[int, Look]:
    """A look at each stream of footage whose main stream decodes; `CannotDecode` says why it does not."""
    with opened(bench) as footage:
        looks = first_frames(footage)
        reason = why_not(footage, looks)
    if reason is not None:
        raise CannotDecode(reason)
    return looks
