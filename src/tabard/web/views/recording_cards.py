"""How is a recording shown in a list? With its first picture, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tabard.media.models import Derivative
from tabard.recordings.models import Recording

# What fits into a column; the recording's own page says it in full.
_SHORT = {
    Recording.Flag.WEARER_DIFFERS: "Wearer differs",
    Recording.Flag.CLOCK_SUSPECT: "Clock suspect",
    Recording.Flag.CLOCK_WRONG: "Clock wrong",
    Recording.Flag.CLOCK_HOUR_OFF: "Clock an hour off",
    Recording.Flag.CLOCK_JUMPED: "Clock was set",
    Recording.Flag.NO_TIME_ZONE: "No time zone",
    Recording.Flag.GAP: "Gap",
    Recording.Flag.OVERLAP: "Overlap",
    Recording.Flag.NUMBERS_MISSING: "Numbers missing",
    Recording.Flag.LATE_FILE: "Late file",
}
_RED = {Recording.Flag.CANNOT_DECODE, Recording.Flag.CONFLICT, Recording.Flag.NO_FOOTAGE}


@dataclass(frozen=True, slots=True)
class FlagTag:
    """A flag in words, with the colour of its tag."""

    value: str
    label: str
    short: str
    colour: str


@dataclass(frozen=True, slots=True)
class RecordingCard:
    """A recording with the segment whose poster shows it; `nothing` says why there is no picture."""

    recording: Recording
    poster_segment_id: UUID | None
    nothing: str

    @property
    def poster(self) -> str:
        """The address of the picture; empty where there is none."""
        return f"/play/posters/{self.poster_segment_id}" if self.poster_segment_id else ""

    @property
    def flags(self) -> list[FlagTag]:
        """What should be looked into."""
        return flag_tags(self.recording)


def cards(recordings: Sequence[Recording]) -> list[RecordingCard]:
    """The recordings as a list shows them, in one query more whatever their number."""
    posters = Derivative.objects.filter(
        kind=Derivative.Kind.POSTER, segment__recording__in=[recording.id for recording in recordings]
    ).order_by("-segment__ordinal")
    # The first segment's poster comes last, so it is the one that stays.
    first = dict(posters.values_list("segment__recording_id", "segment_id"))
    return [_card(recording, first.get(recording.id)) for recording in recordings]


def _card(recording: Recording, segment_id: UUID | None) -> RecordingCard:
    if recording.disposed_at is not None:
        return RecordingCard(recording, None, "Disposed of")
    if Recording.Flag.NO_FOOTAGE in recording.flags:
        return RecordingCard(recording, None, "No footage")
    if Recording.Flag.CANNOT_DECODE in recording.flags:
        return RecordingCard(recording, segment_id, "Cannot be decoded")
    return RecordingCard(recording, segment_id, "Waiting for a picture")


def flag_tags(recording: Recording) -> list[FlagTag]:
    """The recording's flags as tags."""
    flags = [Recording.Flag(flag) for flag in recording.flags]
    return [_tag(flag, str(flag.label)) for flag in flags]


def _tag(flag: Recording.Flag, label: str) -> FlagTag:
    return FlagTag(flag.value, label, _SHORT.get(flag, label), "red" if flag in _RED else "yellow")
