"""What does a camera's entry have to say? The same rules for one camera typed in and for a file of thousands."""

from collections.abc import Iterator
from dataclasses import dataclass

MOUNTS = ("chest", "head", "shoulder", "weapon_light", "other")
LONGEST = 64


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """A camera as it was described, without the spaces around each value."""

    serial: str
    make: str
    model: str
    mount: str
    firmware: str = ""
    profile: str = ""

    @classmethod
    def described(
        cls, *, serial: str, make: str, model: str, mount: str, firmware: str = "", profile: str = ""
    ) -> "CameraFacts":
        """The facts in the form in which they are kept: mounts in lower case, everything else as written."""
        as_written = (serial.strip(), make.strip(), model.strip())
        return cls(*as_written, mount.strip().lower(), firmware.strip(), profile.strip())


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, in words for whoever typed it."""

    field: str
    words: str


def faults(facts: CameraFacts) -> Iterator[Fault]:
    """Everything that is wrong with a camera's facts, field by field; nothing when they can be kept."""
    for field in ("serial", "make", "model"):
        words = _text_fault(getattr(facts, field))
        if words:
            yield Fault(field, words)
    for field in ("firmware", "profile"):
        value = getattr(facts, field)
        if value and _text_fault(value):
            yield Fault(field, _text_fault(value))
    if facts.serial and not _is_serial(facts.serial):
        yield Fault("serial", "A serial number has letters, digits and marks of plain ASCII, without spaces.")
    if facts.mount not in MOUNTS:
        yield Fault("mount", f"'{facts.mount}' is not one of {', '.join(MOUNTS)}.")


def serial_key(serial: str) -> str:
    """What makes two serial numbers the same: labels and systems write one serial in different case."""
    return serial.upper()


def _text_fault(value: str) -> str:
    """What is wrong with a text, or nothing."""
    if not value:
        return "It is empty."
    if len(value) > LONGEST:
        return f"It is longer than {LONGEST} characters."
    return "" if value.isprintable() else "It holds characters that cannot be printed."


def _is_serial(value: str) -> bool:
    """Whether outside systems can send the value back unchanged."""
    return value.isascii() and value.isprintable() and " " not in value
