"""One upload, whatever happens: its row is true, no key meets two plaintexts, and the file comes out whole."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tabard.kernel import clock
from tabard.kernel.ids import new_id
from tabard.sealing.open import SealedReader
from tabard.vault import partials
from tabard.vault.errors import PartialInUse, PartialOvertaken
from tabard.vault.models import PartialObject
from tabard.vault.staging import Staging
from tabard.vault.stores import configured_spool, configured_store

CHUNK = 256 * 1024
SIZES = st.sampled_from([1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 77])
EXAMPLES = int(os.environ.get("TABARD_UPLOAD_EXAMPLES", "12"))


class Ciphers:
    """Every plaintext that a key and nonce met; a second one is a break of the cipher."""

    def __init__(self):
        self.met = {}

    def install(self, monkeypatch):
        met = self.met

        class Watched:
            def __init__(self, key):
                self._key, self._cipher = key, AESGCM(key)

            def encrypt(self, nonce, data, binding):
                self._note(nonce, data, binding)
                return self._cipher.encrypt(nonce, data, binding)

            def encrypt_into(self, nonce, data, binding, buffer):
                self._note(nonce, data, binding)
                return self._cipher.encrypt_into(nonce, data, binding, buffer)

            def decrypt(self, nonce, data, binding):
                return self._cipher.decrypt(nonce, data, binding)

            def _note(self, nonce, data, binding):
                before = met.setdefault((self._key, nonce), (bytes(data), binding))
                assert before == (bytes(data), binding), "one key and nonce met two plaintexts"

        monkeypatch.setattr("tabard.sealing.growing.AESGCM", Watched)
        monkeypatch.setattr("tabard.vault.partials.AESGCM", Watched)


class OneUpload(RuleBasedStateMachine):
    """`kept` is what was acknowledged; `growing` is what a living process holds, or None."""

    def __init__(self):
        super().__init__()
        self.size = 9 * CHUNK + 123
        self.kept = b""
        self.id = new_id()
        self.growing = partials.start(partial_id=self.id, size_bytes=self.size, at=clock.now())

    def row(self):
        return PartialObject.objects.get(pk=self.id)

    def left(self, size):
        """So many bytes that nobody has sent before, the last one of the file never among them."""
        return os.urandom(min(size, self.size - 1 - len(self.kept)))

    def gripped(self):
        if self.growing is None:
            self.growing = partials.resume(partial_id=self.id)
        return self.growing

    @rule(size=SIZES)
    def a_piece_comes_and_is_acknowledged(self, size):
        data, growing = self.left(size), self.gripped()
        growing.write(data)
        growing.sync()
        partials.acknowledge(growing=growing, mark=growing.mark(), at=clock.now())
        self.kept += data

    @rule(size=SIZES)
    def a_piece_comes_and_the_door_dies_before_it_is_acknowledged(self, size):
        self.gripped().write(self.left(size))
        self.the_door_dies()

    @rule(size=SIZES)
    def only_whole_chunks_are_acknowledged_before_the_door_dies(self, size):
        data, growing = self.left(size), self.gripped()
        growing.write(data)
        growing.sync()
        mark = growing.mark(whole_chunks=True)
        if mark.offset_bytes > len(self.kept):
            partials.acknowledge(growing=growing, mark=mark, at=clock.now())
            self.kept = (self.kept + data)[: mark.offset_bytes]
        self.the_door_dies()

    @rule()
    def the_door_dies(self):
        if self.growing is not None:
            self.growing.close()
        self.growing = None

    @rule(size=SIZES)
    def a_write_is_torn_as_the_door_dies(self, size):
        self.the_door_dies()
        path = configured_spool()._root / str(self.row().object_id)
        with path.open("ab") as file:
            file.write(os.urandom(size))

    @rule(size=SIZES)
    def a_piece_that_is_not_what_was_announced_is_refused(self, size):
        with Staging(configured_spool(), "sha256") as staging:
            staging.write(self.left(size))

    @precondition(lambda self: self.growing is not None)
    @rule()
    def two_at_once_are_one(self):
        with pytest.raises(PartialInUse):
            partials.resume(partial_id=self.id)

    @precondition(lambda self: self.growing is not None)
    @rule(size=SIZES)
    def another_process_goes_on_and_what_we_held_is_of_no_use(self, size):
        mine = self.growing
        mine.unlock()
        self.growing = partials.resume(partial_id=self.id)
        mine.write(self.left(size))
        mine.sync()
        with pytest.raises(PartialOvertaken):
            partials.acknowledge(growing=mine, mark=mine.mark(), at=clock.now())
        mine.close()

    @invariant()
    def the_row_is_true(self):
        assert self.row().offset_bytes == len(self.kept)

    @invariant()
    def nothing_else_lies_in_the_spool(self):
        partials.clean()
        names = {path.name for path in configured_spool()._root.iterdir()}
        held = {str(self.growing.object_id)} if self.growing is not None else set()
        assert names - held <= {"spool-id", str(self.row().object_id)}

    def teardown(self):
        """The rest comes, and what is sealed is what was acknowledged and the rest."""
        self.the_door_dies()
        growing = self.gripped()
        rest = os.urandom(self.size - len(self.kept))
        growing.write(rest)
        grown = growing.seal()
        store = configured_store()
        reader = SealedReader(
            lambda start, stop: store.read(grown.store_key, start, stop),
            grown.facts.sealed_size_bytes,
            grown.object_id,
            grown._data_key,
        )
        assert b"".join(reader.read()) == self.kept + rest
        grown.abort()
        partials.end(partial_id=self.id, object_id=growing.object_id)
        growing.remove()


def test_whatever_happens_to_an_upload_nothing_acknowledged_is_lost(db, settings_of_a_vault, monkeypatch):
    Ciphers().install(monkeypatch)
    run_state_machine_as_test(
        OneUpload,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def settings_of_a_vault(tmp_path, settings):
    settings.TABARD_STORE_URL = (tmp_path / "vault").as_uri()
