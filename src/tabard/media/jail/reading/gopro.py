"""Which camera, by the header that GoPro writes before its pictures? Firmware, serial number, model as plain text."""

import re

from tabard.media.jail.reading.found import Found

_FIRMWARE = re.compile(rb"H[A-Z0-9]{1,3}\.[0-9.]{5,15}")
_SERIAL = re.compile(rb"(C[0-9]{13})\0")
_MODEL = re.compile(rb"((?:HERO|MAX|FUSION)[ -~]{0,24})\0", re.IGNORECASE)


def say_header(found: Found, head: bytes) -> None:
    """What the first bytes of the media say, where they are GoPro's; nothing of any other camera's."""
    if not head.startswith(b"GPRO"):
        return
    found.say("make", "GoPro")
    if firmware := _FIRMWARE.search(head):
        found.say("firmware", firmware[0].decode("ascii"))
    for name, pattern in (("camera", _SERIAL), ("model", _MODEL)):
        if match := pattern.search(head):
            found.say(name, match[1].decode("ascii"))
