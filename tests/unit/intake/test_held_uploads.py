"""A few growing objects are held between requests: not many, not much, and none that somebody else went on with."""

from uuid import UUID

import pytest

from tabard.intake.tus.errors import UploadInUse
from tabard.intake.tus.held import MOST_HELD_BYTES, HeldUploads
from tabard.vault.errors import PartialInUse

CHUNK = 256 * 1024


class Growing:
    def __init__(self, number, offset=0, *, is_taken=False):
        self.partial_id, self.object_id, self.offset_bytes = UUID(int=number), UUID(int=number + 1000), offset
        self._is_taken = is_taken
        self.state = "new"

    def lock(self):
        if self._is_taken:
            raise PartialInUse("Somebody else.")
        self.state = "locked"

    def unlock(self):
        self.state = "unlocked"

    def close(self):
        self.state = "closed"


def test_what_is_held_is_taken_once_locked():
    held, growing = HeldUploads(), Growing(1, 17)
    held.keep(growing)
    assert growing.state == "unlocked"
    assert held.take(growing.partial_id, growing.object_id, 17) is growing
    assert growing.state == "locked"
    assert held.take(growing.partial_id, growing.object_id, 17) is None


@pytest.mark.parametrize(("growing_as", "offset"), [(UUID(int=5), 17), (UUID(int=1001), 18)])
def test_what_somebody_else_went_on_with_is_left_behind(growing_as, offset):
    held, growing = HeldUploads(), Growing(1, 17)
    held.keep(growing)
    assert held.take(growing.partial_id, growing_as, offset) is None
    assert growing.state == "closed"


def test_what_somebody_else_writes_to_is_not_taken():
    held, growing = HeldUploads(), Growing(1, is_taken=True)
    held.keep(growing)
    with pytest.raises(UploadInUse):
        held.take(growing.partial_id, growing.object_id, 0)
    assert growing.state == "closed"


def test_one_request_at_a_time_has_an_upload():
    held = HeldUploads()
    held.claim(UUID(int=1))
    with pytest.raises(UploadInUse):
        held.claim(UUID(int=1))
    held.release(UUID(int=1))
    held.claim(UUID(int=1))


def test_the_longest_idle_goes_first_by_number():
    held, several = HeldUploads(most=2), [Growing(number) for number in range(3)]
    for growing in several:
        held.keep(growing)
    assert [growing.state for growing in several] == ["closed", "unlocked", "unlocked"]
    held.close()
    assert {growing.state for growing in several} == {"closed"}


def test_the_longest_idle_goes_first_by_memory():
    held = HeldUploads()
    several = [Growing(number, 3 * CHUNK + CHUNK - 1) for number in range(MOST_HELD_BYTES // CHUNK + 1)]
    for growing in several:
        held.keep(growing)
    assert [growing.state for growing in several[:2]] == ["closed", "unlocked"]
