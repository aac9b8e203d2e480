"""Uploads by tus 1.0.0, request by request, as docs/reference/dock-protocol.md says."""

import hashlib

from tabard.vault.models import PartialObject
from tests.integration.docks.conftest import CHUNK


def test_a_file_sent_in_pieces_is_sealed_with_its_last_byte(dock, footage, read_back):
    data = footage(3 * CHUNK + 17)
    place = dock.opened(len(data), camera="B8A44F01")
    for start in range(0, len(data), 100_000):
        piece = data[start : start + 100_000]
        answer = dock.patch(place, start, piece)
        assert (answer.status, answer.offset) == (204, start + len(piece)), answer.body
        assert ("tabard-object" in answer.headers) == (start + len(piece) == len(data))
    assert answer.headers["tabard-sha256"] == hashlib.sha256(data).hexdigest()
    assert read_back(answer.headers["tabard-object"]) == data
    assert not PartialObject.objects.exists()
