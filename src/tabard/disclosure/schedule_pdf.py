"""How does the schedule look on paper?

A PDF/A-2b of the facts and the custody history, the same bytes for the same input.
"""

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import typst

from tabard.disclosure.errors import ScheduleFailed
from tabard.disclosure.facts import ClockFacts, Facts, IssueFacts, Person, RecordingFacts

# What the built-in fonts have a glyph for: Latin, Greek, Cyrillic, dashes and quotes, currencies. PDF/A allows no
# other, and of some other scripts the typesetter's shaping engine dies.
_SHOWN = re.compile(
    "[\u0020-\u007e\u00a0-\u00ac\u00ae-\u024f\u0384-\u038a\u038e-\u03a1\u03a3-\u03ff\u0400-\u045f"
    "\u1e00-\u1eff\u2010-\u2027\u2030-\u2040\u20a0-\u20bf]"
)
_LONG_WORD = re.compile(r"\S{28}(?=\S)")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of the custody history, in words."""

    position: int
    at: str
    what: str
    by: str


def schedule_pdf(facts: Facts, history: Sequence[HistoryLine], *, force: str, at: datetime) -> bytes:
    """The schedule as PDF/A-2b, typeset with the fonts that come with the typesetter and none of the machine's.

    Raises:
        ScheduleFailed: it could not be typeset.
    """
    data = {
        "force": force,
        "made_at": _readable(at.astimezone(UTC).isoformat()),
        "facts": asdict(facts),
        "exhibit": _exhibit(facts),
        "recording": _recording(facts.recording),
        "clip": _clip(facts),
        "history": [{**asdict(line), "at": _readable(line.at)} for line in history],
    }
    return typeset("schedule.typ", data, at=at, what="schedule of exhibits")


def typeset(template: str, data: dict[str, Any], *, at: datetime, what: str) -> bytes:
    """The data in one of our templates as PDF/A-2b; every text in it made fit to be shown.

    Args:
        template: The file beside this module; it reads the data from `sys.inputs.data`.
        data: What it says, as JSON has it.
        at: What the file names as its time; part of its bytes.
        what: What to call it where it fails.

    Raises:
        ScheduleFailed: it could not be typeset.
    """
    try:
        return typst.compile(
            files("tabard.disclosure").joinpath(template).read_bytes(),
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(_shown(data))},
            pdf_standards="a-2b",
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise ScheduleFailed(f"The {what} could not be typeset.", reason=error.message) from error


def _shown(value: Any) -> Any:
    """The value with every text in it made fit to be shown."""
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return shown(value) if isinstance(value, str) else value


def shown(text: str) -> str:
    """The text with single spaces, and each character that the page cannot show written as `[U+2603]`."""
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    visible = "".join(one if _SHOWN.fullmatch(one) else f"[U+{ord(one):04X}]" for one in composed)
    return _LONG_WORD.sub("\\g<0>\u200b", visible)  # an invisible place where the line may break


_Pairs = list[tuple[str, str | None]]


def _exhibit(facts: Facts) -> _Pairs:
    exhibit, incident = facts.exhibit, facts.incident
    return [
        ("Reference", exhibit.reference),
        ("Description", exhibit.description),
        ("Produced by", _person(exhibit.producer)),
        ("Produced at", _readable(exhibit.produced_at)),
        ("Incident", f"{incident.reference} {incident.title}" if incident else "none"),
    ]


def _corrected(clock: ClockFacts) -> str:
    """When it began by our clock, and how sure that is."""
    off_by = f"{abs(clock.ahead_ms) / 1000:,.3f} s {'ahead' if clock.ahead_ms >= 0 else 'behind'}"
    sure = f"{math.ceil(clock.uncertainty_ms / 1000):,} s"
    return f"{_readable(clock.corrected_start_at)}, give or take {sure}; the camera's clock was {off_by}"


def _on_issue(issue: IssueFacts) -> str:
    """From when until when."""
    until = f"until {_readable(issue.until_at)}" if issue.until_at else "not returned when the pack was built"
    return f"from {_readable(issue.from_at)}, {until}"


def _recording(recording: RecordingFacts) -> _Pairs:
    camera = recording.camera
    return [
        ("Name from the camera", recording.name),
        ("Started (camera clock)", _readable(recording.started_at)),
        ("Stopped (camera clock)", _readable(recording.stopped_at)),
        *([("Started (corrected)", _corrected(recording.clock))] if recording.clock else []),
        ("Received (server clock)", _readable(recording.received_at)),
        (
            "Camera",
            f"{camera.make} {camera.model} {camera.serial}, {camera.mount}"
            if camera
            else recording.named_camera,
        ),
        ("Wearer", _person(recording.wearer) or recording.named_wearer),
        ("Camera on issue to", _person(recording.camera_issued_to)),
        *([("On issue", _on_issue(recording.issue))] if recording.issue else []),
        ("Unit", recording.unit),
        ("Category", recording.category or "none"),
        ("Files of the recording", str(len(recording.segments))),
    ]


def _clip(facts: Facts) -> _Pairs:
    clip = facts.clip
    if clip is None:
        return []
    name = next((one.name for one in facts.recording.segments if one.id == clip.segment), None)
    return [
        ("Title", clip.title or "none"),
        ("From the camera's file", name),
        ("Asked for", _stretch(clip.asked_start_ms, clip.asked_end_ms)),
        ("Cut", _stretch(clip.actual_start_ms, clip.actual_end_ms)),
    ]


def _person(person: Person | None) -> str | None:
    return None if person is None else f"{person.rank} {person.name} ({person.shoulder_number})"


def _readable(rfc3339: str) -> str:
    """`21 November 2026 09:30:07`; the page says once that it is UTC."""
    at = datetime.fromisoformat(rfc3339)
    return f"{at.day} {at:%B %Y %H:%M:%S}"


def _stretch(start_ms: int, end_ms: int) -> str:
    return f"{start_ms / 1000:.3f} s to {end_ms / 1000:.3f} s from the file's first picture"
