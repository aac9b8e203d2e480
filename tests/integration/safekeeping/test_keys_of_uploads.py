"""An upload that is under way needs the key that wraps its own, and is in no backup."""

import pytest

from tabard.custody.actors import Actor
from tabard.kernel import clock
from tabard.kernel.ids import new_id
from tabard.safekeeping import backup, keys
from tabard.safekeeping.errors import KeyStillNeeded
from tabard.vault import partials
from tabard.vault.stores import configured_key_ring

BY = Actor.system("test")


def test_a_key_is_not_retired_while_an_upload_is_wrapped_by_it(db, tmp_path, settings):
    settings.TABARD_STORE_URL, settings.TABARD_HOME = (tmp_path / "vault").as_uri(), tmp_path
    (tmp_path / "keys").mkdir()
    upload = partials.start(partial_id=new_id(), size_bytes=10, at=clock.now())
    old = upload.wrapped_key.key_id
    keys.rotate(by=BY, at=clock.now())
    assert configured_key_ring().current_key_id != old
    with pytest.raises(KeyStillNeeded, match="under way"):
        keys.check_unused(old)
    partials.end(partial_id=upload.partial_id, object_id=upload.object_id)
    upload.remove()
    keys.check_unused(old)


def test_the_rows_of_uploads_are_in_no_backup():
    assert "vault_partialobject" in backup._WITHOUT_ROWS
