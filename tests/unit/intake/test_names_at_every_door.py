"""One file name at three doors: each keeps it as a name that can be shown, stored and handed out, or refuses it.

The Axis door refuses what is no name, as its sender can report that; a dock and a folder have a file in hand that bears
the name already, so theirs is written out instead. What each door keeps goes to a file system through one function.
"""

import os
import re
import unicodedata
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from tabard.disclosure.bag import plain_names
from tabard.intake.axis.protocol import parse_target
from tabard.intake.errors import NameRefused, PathTooDeep
from tabard.intake.folder.names import object_name
from tabard.intake.tus.protocol import parse_announcement
from tabard.kernel.errors import Invalid

MOST_CHARACTERS = 256  # what a received object's name may have
NAMES = {
    "usual": b"GX010042.MP4",
    "a folder above": b"..",
    "here": b".",
    "a way out": b"../../etc/passwd",
    "a way out of Windows": b"..\\..\\windows\\system32\\x.mp4",
    "a line break": b"a\r\nX-Evil: 1.mp4",
    "an escape": b"\x1b[2J.mp4",
    "a bell and a delete": b"\x07\x7f.mp4",
    "C1 control": "\x85.mp4".encode(),
    "NUL": b"a\0.mp4",
    "4-byte UTF-8": "🎥 身元.mp4".encode(),
    "right to left": "\u202egpj.mp4".encode(),
    "no UTF-8": b"\xff\xfe.mp4",
    "half a surrogate": b"\xed\xa0\x80.mp4",
    "255 bytes": b"x" * 251 + b".mp4",
    "255 bytes of 4-byte UTF-8": "🎥".encode() * 62 + b"abc.mp4",
    "256 bytes": b"x" * 256,
    "a device of Windows": b"CON",
    "a device with an ending": b"aux.mp4",
    "a device in small print": "com¹.mp4".encode(),
    "dots at its end": b"a.mp4...",
    "a space at its end": b"a.mp4 ",
    "an alternate stream": b"a.mp4:hidden",
    "an option": b"-rf",
    "a formula": b"=1+1.mp4",
    "nothing": b"",
    "three levels deep": b"a/b/c.mp4",
}
REFUSED_BY_AXIS = {
    "a folder above",
    "here",
    "a way out",
    "a line break",
    "an escape",
    "a bell and a delete",
    "C1 control",
    "NUL",
    "no UTF-8",
    "half a surrogate",
    "256 bytes",
    "nothing",
    "three levels deep",
}
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def at_axis(name: bytes) -> str:
    """As the sender writes it: every byte of the name escaped."""
    return parse_target(b"/v1/account/box/" + quote(name, safe="").encode()).object


def at_tus(name: bytes) -> str:
    return parse_announcement("1", f"filename {b64encode(name).decode()}", {}).filename


def at_a_folder(name: bytes) -> str:
    path = os.fsdecode(name)
    return object_name(path, among=frozenset({path}))


def can_lie_on_a_disk(name: bytes) -> bool:
    """Whether a folder can hold such a path: parts without NUL, of at most 255 bytes, that lead down."""
    parts = name.split(b"/")
    return b"\0" not in name and all(0 < len(part) <= 255 and part not in {b".", b".."} for part in parts)


def kept() -> dict[str, str]:
    """What is kept of each name by each door that takes it."""
    found = {}
    for what, name in NAMES.items():
        if what not in REFUSED_BY_AXIS:
            found[f"{what}, axis"] = at_axis(name)
        if name:
            found[f"{what}, tus"] = at_tus(name)
        if can_lie_on_a_disk(name):
            found[f"{what}, folder"] = at_a_folder(name)
    return found


@pytest.mark.parametrize("what", sorted(REFUSED_BY_AXIS))
def test_the_axis_door_refuses_what_is_no_name(what):
    with pytest.raises((NameRefused, PathTooDeep)):
        at_axis(NAMES[what])


def test_a_dock_is_refused_only_what_has_no_name():
    with pytest.raises(Invalid):
        at_tus(b"")


@pytest.mark.parametrize(("what", "name"), kept().items())
def test_what_is_kept_is_one_name_on_one_line(what, name):
    assert 0 < len(name) <= MOST_CHARACTERS
    assert name not in {".", ".."}
    assert "/" not in name
    assert not [each for each in name if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}]


def test_doors_that_take_a_name_as_it_is_keep_it_alike():
    usual = [
        what
        for what, name in NAMES.items()
        if what not in REFUSED_BY_AXIS and b"\\" not in name and at_axis(name).isprintable()
    ]
    assert len(usual) >= 10
    for what in usual:
        if len(NAMES[what].decode()) <= 200:
            assert (
                at_axis(NAMES[what])
                == at_tus(NAMES[what])
                == at_a_folder(NAMES[what])
                == NAMES[what].decode()
            )


def test_two_names_never_become_one():
    for door in (at_tus, at_a_folder):
        names = [name for name in NAMES.values() if can_lie_on_a_disk(name) and b"/" not in name]
        assert len({door(name) for name in names}) == len(names)


def test_all_of_them_lie_in_one_folder_of_any_file_system(tmp_path: Path):
    names = list(kept().values())
    assert len(names) > 2 * len(REFUSED_BY_AXIS)
    plain = plain_names(names)
    for number, name in enumerate(plain):
        (tmp_path / name).write_text(str(number))
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(plain)
    assert len({name.casefold() for name in plain}) == len(names)
    for name in plain:
        assert name.isascii()
        assert len(name) <= 120
        assert not _DEVICE.fullmatch(name)
        assert name == name.strip(". -")
