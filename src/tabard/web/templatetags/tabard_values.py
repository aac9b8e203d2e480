"""How is a value written on a page? Sizes, lengths, times, hashes and statuses, the same everywhere.

Times are shown as London sees them and carry UTC in their title, because evidence is argued about across
the two nights a year when they differ most confusingly. A value that is not known says so in words.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

LONDON = ZoneInfo("Europe/London")
UNKNOWN = "Not known"
SIZE_UNITS = ("kB", "MB", "GB", "TB", "PB")
TIME_STYLES = {
    "minutes": "{day} %B %Y, %H:%M",
    "seconds": "{day} %B %Y, %H:%M:%S %Z",
    "short": "{day} %b %Y, %H:%M",
    "date": "{day} %B %Y",
    "clock": "%H:%M:%S",
}
STATUS_COLOURS = {
    "green": "active available complete cosigned healthy ok published ready released sealed verified",
    "blue": "assigned docked in_progress issued new open receiving running scheduled uploading",
    "yellow": "awaiting_review due draft flagged paused pending queued unknown_device unknown_officer",
    "red": "broken cannot_be_decoded conflict failed lost overdue refused stolen tampered",
    "purple": "evidential exhibit held hold on_hold",
    "orange": "missing partial repair unassigned unlinked",
    "teal": "clip linked matched redacted rendition shared",
    "grey": "closed disposed expired inactive none not_evidential retired uncategorised withdrawn",
}
COLOUR_OF_STATUS = {status: colour for colour, words in STATUS_COLOURS.items() for status in words.split()}


@register.filter
def thousands(number: int) -> str:
    """A whole number with its thousands set apart: 17,500."""
    return f"{number:,}"


@register.filter
def bytes_size(size_bytes: int | None) -> str:
    """The size in decimal units with three or so significant figures: `1.4 GB`, `512 bytes`."""
    if size_bytes is None:
        return UNKNOWN
    if size_bytes < 1000:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    value = float(size_bytes)
    for unit in SIZE_UNITS:
        value /= 1000
        if value < 999.95 or unit == SIZE_UNITS[-1]:
            break
    return f"{value:.1f} {unit}"


def _whole_seconds(length: float | timedelta) -> int:
    return int(length.total_seconds() if isinstance(length, timedelta) else length)


@register.filter
def duration(length: float | timedelta | None) -> str:
    """The length in words, rounded down to seconds: `1 h 2 min`, `15 min 12 s`, `under 1 s`."""
    if length is None:
        return UNKNOWN
    seconds = _whole_seconds(length)
    if seconds < 1:
        return "0 s" if not length else "under 1 s"
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


@register.filter
def clock(length: float | timedelta | None) -> str:
    """The length as a player shows it: `15:12`, `1:02:03`."""
    if length is None:
        return "--:--"
    seconds = _whole_seconds(length)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


@register.simple_tag
def local_time(at: datetime | None, style: str = "minutes") -> str:
    """A `<time>` element in London time with UTC in its title.

    Args:
        at: an aware datetime, or None for a time that is not known.
        style: `minutes`, `seconds`, `short`, `date` or `clock`.
    """
    if at is None:
        return UNKNOWN
    in_london, in_utc = at.astimezone(LONDON), at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        in_utc.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        in_utc.strftime("%Y-%m-%d %H:%M:%S"),
        in_london.strftime(TIME_STYLES[style].format(day=in_london.day)),
    )


@register.simple_tag
def status_tag(status: object, text: str = "", colour: str = "") -> SafeString:
    """A coloured tag for a status word; a word without a colour of its own is grey.

    Args:
        status: the status as the code writes it (`cannot_be_decoded`) or as an enum member.
        text: what to show instead of the word made readable.
        colour: a GOV.UK tag colour to use instead of the status's own.
    """
    word = str(getattr(status, "value", status))
    key = word.lower().replace(" ", "_").replace("-", "_").replace(".", "_")
    shown = text or word.replace("_", " ").capitalize()
    return format_html(
        '<strong class="govuk-tag govuk-tag--{}">{}</strong>',
        colour or COLOUR_OF_STATUS.get(key, "grey"),
        shown,
    )


@register.simple_tag
def short_hash(value: object, name: str = "hash", *, whole: bool = False) -> SafeString | str:
    """A long value shown short, whole in the page, selectable in one click and copyable with a button.

    Args:
        value: a hex digest or an id; bytes are written as hex.
        name: what the value is, for those who hear the button: "Copy hash".
        whole: show every character, wrapped.
    """
    if not value:
        return UNKNOWN
    text = bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
    return format_html(
        '<span class="tabard-hash{}"><code title="{}">{}</code>'
        '<button type="button" class="tabard-copy" data-copy="{}" hidden>'
        '<span data-copy-label aria-live="polite">Copy</span>'
        '<span class="govuk-visually-hidden"> {} {}</span></button></span>',
        " tabard-hash--whole" if whole else "",
        text,
        text,
        text,
        name,
        text[:8],
    )
