"""What is next for a file, as a table; and for any facts at all, what must never happen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.dock.rules import Circumstances, Do, Erase, FileFacts, ServerState, WaitsFor, next_step

ON = Circumstances(erase=Erase.WITH_PERMIT)
OFFLINE = replace(ON, is_line_up=False)
SPOOLING = replace(OFFLINE, is_spooling=True)
SECURED = FileFacts(is_hashed=True, state=ServerState.SECURED)

STEPS = {
    "still growing": (FileFacts(has_settled=False), ON, Do.WAIT, WaitsFor.SETTLING),
    "new": (FileFacts(), ON, Do.HASH, WaitsFor.NOBODY),
    "hashed": (FileFacts(is_hashed=True), ON, Do.SEND, WaitsFor.NOBODY),
    "half sent": (FileFacts(is_hashed=True, state=ServerState.RECEIVING), ON, Do.SEND, WaitsFor.NOBODY),
    "expired": (FileFacts(is_hashed=True, state=ServerState.EXPIRED), ON, Do.SEND, WaitsFor.NOBODY),
    "offline without a spool": (FileFacts(), OFFLINE, Do.WAIT, WaitsFor.LINE),
    "offline with a spool": (FileFacts(), SPOOLING, Do.SPOOL, WaitsFor.NOBODY),
    "offline, the spool full": (
        FileFacts(),
        replace(SPOOLING, has_spool_room=False),
        Do.WAIT,
        WaitsFor.SPOOL,
    ),
    "offline, half sent": (
        FileFacts(is_hashed=True, state=ServerState.RECEIVING),
        SPOOLING,
        Do.SPOOL,
        WaitsFor.NOBODY,
    ),
    "quiet": (FileFacts(is_hashed=True), replace(ON, is_quiet=True), Do.WAIT, WaitsFor.QUIET),
    "quiet with a spool": (
        FileFacts(),
        replace(ON, is_quiet=True, is_spooling=True),
        Do.SPOOL,
        WaitsFor.NOBODY,
    ),
    "in the spool": (FileFacts(is_hashed=True, is_spooled=True), ON, Do.WAIT, WaitsFor.LINE),
    "in the spool, offline": (FileFacts(is_hashed=True, is_spooled=True), SPOOLING, Do.WAIT, WaitsFor.LINE),
    "sealed": (FileFacts(is_hashed=True, state=ServerState.SEALED), ON, Do.ASK, WaitsFor.NOBODY),
    "secured": (SECURED, ON, Do.ERASE, WaitsFor.NOBODY),
    "secured, erasing off": (SECURED, replace(ON, erase=Erase.NEVER), Do.NOTHING, WaitsFor.NOBODY),
    "secured, no serial number": (replace(SECURED, has_camera=False), ON, Do.NOTHING, WaitsFor.NOBODY),
    "secured, read-only card": (SECURED, replace(ON, is_read_only=True), Do.NOTHING, WaitsFor.NOBODY),
    "secured, its recording not whole": (
        replace(SECURED, is_recording_sealed=False),
        ON,
        Do.WAIT,
        WaitsFor.RECORDING,
    ),
    "secured, offline": (SECURED, OFFLINE, Do.WAIT, WaitsFor.LINE),
    "secured, but differing": (replace(SECURED, differs=True), ON, Do.NOTHING, WaitsFor.NOBODY),
    "permitted once already": (replace(SECURED, state=ServerState.PERMITTED), ON, Do.ERASE, WaitsFor.NOBODY),
    "put back after it was erased": (
        replace(SECURED, state=ServerState.ERASED),
        ON,
        Do.ERASE,
        WaitsFor.NOBODY,
    ),
    "with a problem": (replace(SECURED, problem="It is odd."), ON, Do.NOTHING, WaitsFor.PERSON),
}


@pytest.mark.parametrize(("file", "now", "do", "waits_for"), STEPS.values(), ids=STEPS)
def test_what_is_next(file, now, do, waits_for):
    step = next_step(file, now)
    assert (step.do, step.waits_for) == (do, waits_for)
    assert bool(step.words) == (do in {Do.WAIT, Do.NOTHING})


FILES = st.builds(
    FileFacts, state=st.none() | st.sampled_from(ServerState), problem=st.sampled_from(["", "odd"])
)
STATES = st.builds(Circumstances)


@given(FILES, STATES)
def test_nothing_is_erased_unless_everything_speaks_for_it(file, now):
    if next_step(file, now).do is Do.ERASE:
        assert now.erase is Erase.WITH_PERMIT
        assert file.state in {ServerState.SECURED, ServerState.PERMITTED, ServerState.ERASED}
        assert file.has_settled
        assert file.has_camera
        assert file.is_recording_sealed
        assert not file.differs
        assert not file.problem
        assert not now.is_read_only
        assert now.is_line_up


@given(FILES, STATES)
def test_nothing_is_sent_in_quiet_hours_or_asked_of_a_server_that_is_away(file, now):
    do = next_step(file, now).do
    if now.is_quiet:
        assert do is not Do.SEND
    if not now.is_line_up:
        assert do not in {Do.SEND, Do.ASK, Do.ERASE}


@given(FILES, STATES)
def test_a_file_that_the_server_has_is_neither_sent_again_nor_spooled(file, now):
    if file.state in {ServerState.SEALED, ServerState.SECURED, ServerState.PERMITTED, ServerState.ERASED}:
        assert next_step(file, now).do not in {Do.HASH, Do.SPOOL, Do.SEND}
