"""A wrapped key opens for its object, under its key, and for nothing else."""

from dataclasses import replace
from uuid import UUID

import pytest

from tabard.sealing.errors import KeyNotUnwrapped
from tabard.sealing.keys import WrappedKey, new_data_key, unwrap_key, wrap_key

KEK = bytes(range(32))
OBJECT_ID = UUID(int=1)


def test_a_data_key_comes_back_out_of_its_wrapping():
    data_key = new_data_key()
    wrapped = wrap_key(KEK, "local-1", data_key, OBJECT_ID)
    assert unwrap_key(KEK, wrapped, OBJECT_ID) == data_key
    assert len(wrapped.blob) == 61
    assert data_key not in wrapped.blob


def test_data_keys_and_wrappings_never_repeat():
    assert new_data_key() != new_data_key()
    key = new_data_key()
    assert wrap_key(KEK, "local-1", key, OBJECT_ID) != wrap_key(KEK, "local-1", key, OBJECT_ID)


def test_a_wrapped_key_does_not_open_for_another_object_key_or_name():
    wrapped = wrap_key(KEK, "local-1", new_data_key(), OBJECT_ID)
    with pytest.raises(KeyNotUnwrapped):
        unwrap_key(KEK, wrapped, UUID(int=2))
    with pytest.raises(KeyNotUnwrapped):
        unwrap_key(bytes(32), wrapped, OBJECT_ID)
    with pytest.raises(KeyNotUnwrapped):
        unwrap_key(KEK, replace(wrapped, key_id="local-2"), OBJECT_ID)


@pytest.mark.parametrize("offset", range(61))
def test_no_flipped_bit_in_a_wrapped_key_goes_unnoticed(offset):
    wrapped = wrap_key(KEK, "local-1", new_data_key(), OBJECT_ID)
    blob = bytearray(wrapped.blob)
    blob[offset] ^= 1
    with pytest.raises(KeyNotUnwrapped):
        unwrap_key(KEK, WrappedKey("local-1", bytes(blob)), OBJECT_ID)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" * 13, b"\x01" * 20])
def test_a_wrapped_key_cut_short_does_not_open(blob):
    with pytest.raises(KeyNotUnwrapped):
        unwrap_key(KEK, WrappedKey("local-1", blob), OBJECT_ID)
