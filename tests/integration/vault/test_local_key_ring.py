"""The key file is made once, whole and private; keys rotate and old ones still open."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tabard.vault.adapters.keyring import FILE_NAME, LocalKeyRing
from tabard.vault.errors import KeyNotHeld, KeyRingUnsafe

OBJECT_ID = UUID(int=1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


def test_the_file_is_made_on_first_use_and_private(folder):
    ring = LocalKeyRing(folder)
    assert not folder.exists()
    key_id = ring.current_key_id
    assert 1 <= len(key_id) <= 32
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_another_process_opens_what_this_one_wrapped(folder):
    ring = LocalKeyRing(folder)
    data_key = ring.new_data_key()
    wrapped = ring.wrap(data_key, OBJECT_ID)
    assert wrapped.key_id == ring.current_key_id
    assert LocalKeyRing(folder).unwrap(wrapped, OBJECT_ID) == data_key


def test_of_many_first_users_one_makes_the_file_and_all_use_it(folder):
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: LocalKeyRing(folder).current_key_id, range(16)))
    assert len(ids) == 1
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_after_a_rotation_new_keys_wrap_and_old_ones_still_open(folder):
    ring, elsewhere = LocalKeyRing(folder), LocalKeyRing(folder)
    data_key = ring.new_data_key()
    before = ring.wrap(data_key, OBJECT_ID)
    assert elsewhere.unwrap(before, OBJECT_ID) == data_key
    rotated = ring.rotate()
    assert rotated == ring.current_key_id != before.key_id
    after = ring.wrap(data_key, OBJECT_ID)
    assert after.key_id == rotated
    # A process that loaded the ring before the rotation finds the new key by looking again.
    assert elsewhere.unwrap(after, OBJECT_ID) == data_key
    assert elsewhere.unwrap(before, OBJECT_ID) == data_key
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_a_key_of_another_installation_is_not_held(folder, tmp_path):
    other = LocalKeyRing(tmp_path / "other")
    wrapped = other.wrap(other.new_data_key(), OBJECT_ID)
    with pytest.raises(KeyNotHeld):
        LocalKeyRing(folder).unwrap(wrapped, OBJECT_ID)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_use_is_refused(folder, mode):
    assert LocalKeyRing(folder).current_key_id
    (folder / FILE_NAME).chmod(mode)
    with pytest.raises(KeyRingUnsafe, match="chmod 600"):
        LocalKeyRing(folder).wrap(bytes(32), OBJECT_ID)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "something else"},
        {"current": "missing"},
        {"keys": []},
        {"keys": {"short": "AAAA"}, "current": "short"},
        {"keys": {"bad": "not base64!"}, "current": "bad"},
        {"keys": {"bad": 7}, "current": "bad"},
    ],
)
def test_a_file_that_is_no_key_ring_is_refused_and_left_alone(folder, change):
    assert LocalKeyRing(folder).current_key_id
    path = folder / FILE_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    text = path.read_text()
    with pytest.raises(KeyRingUnsafe):
        assert LocalKeyRing(folder).current_key_id
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "{"])
def test_a_damaged_file_is_refused_and_left_alone(folder, text):
    assert LocalKeyRing(folder).current_key_id
    (folder / FILE_NAME).write_text(text)
    with pytest.raises(KeyRingUnsafe):
        LocalKeyRing(folder).wrap(bytes(32), OBJECT_ID)
    assert (folder / FILE_NAME).read_text() == text
