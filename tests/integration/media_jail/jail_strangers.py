"""Programs put in the decoder's place: what a decoder taken over by its footage could try."""

import json

from tests.integration.media_jail.jail_footage import look

from tabard.media.jail import runner

_PREFACE = """
import sys, os, json, struct, signal, socket, time, mmap, ctypes, threading
sys.path[:0] = json.loads(sys.argv[1])
order = json.loads(sys.argv[2])
def frame(body):
    return struct.pack('>I', len(body)) + body
def tell(body):
    data = frame(body if isinstance(body, bytes) else json.dumps(body).encode())
    while data:
        data = data[os.write(order['control_fd'], data):]
def refused(attempt):
    try:
        attempt()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return ''
"""
_WALLS = """
from tabard.media.jail import raising
from tabard.media.jail.limits import Limits
raising.die_with_parent(order['parent_pid'])
raising.raise_walls(Limits(**order['limits']), order['parent_pid'])
"""


def replace_decoder(monkeypatch, program, *, walls):
    monkeypatch.setattr(runner, "_START", _PREFACE + (_WALLS if walls else "") + program)


def outcome(monkeypatch, scratch, attempt, *, walls, **settings):
    """What came of an attempt (a Python expression of a callable) made inside: '' where it succeeded."""
    from tabard.media.jail.errors import CannotDecode

    program = f"result = refused({attempt})\ntell({{'cannot_decode': 'outcome:' + result}})"
    replace_decoder(monkeypatch, program, walls=walls)
    try:
        look("probe", b"footage", scratch, **settings)
    except CannotDecode as said:
        return json.loads(json.dumps(said.fields["reason"])).removeprefix("outcome:")
    raise AssertionError("the stranger said nothing")
