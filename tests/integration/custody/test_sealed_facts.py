"""What the log says of sealed objects is read out of its leaves and details, and a leaf that cannot be read is told."""

from hashlib import sha256

import pytest
from django.db import transaction
from tests.tampering import tampering

from tabard.custody import services
from tabard.custody.actors import Actor, Subject
from tabard.custody.errors import LogCorrupt
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.custody.sealed_facts import SealedFact, sealed_facts
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id

pytestmark = pytest.mark.django_db
HASH, OTHER = sha256(b"footage").digest(), sha256(b"other").digest()


def say(kind, subject, *, hashed=None, details=None):
    with transaction.atomic():
        return services.append(
            kind=kind,
            subject=subject,
            at=now(),
            by=Actor.system("test"),
            sha256=hashed,
            details=details or {},
        )


def test_an_event_about_an_object_gives_the_hash_of_its_leaf():
    one = new_id()
    say(EventKind.OBJECT_SEALED, Subject("object", one), hashed=HASH)
    say(EventKind.OBJECT_SECURED, Subject("object", new_id()))  # no hash, so nothing is said of any bytes
    assert list(sealed_facts()) == [SealedFact(one, HASH, "object.sealed")]


def test_an_event_about_something_else_gives_what_stands_beside_the_object_or_else_its_own():
    clip, beside, bare = new_id(), new_id(), new_id()
    parts = [{"object": str(beside), "sha256": OTHER.hex()}, {"object": str(bare)}]
    say(EventKind.CLIP_CUT, Subject("clip", clip), hashed=HASH, details={"parts": parts})
    assert set(sealed_facts()) == {
        SealedFact(beside, OTHER, "clip.cut"),
        SealedFact(bare, HASH, "clip.cut"),
    }


@pytest.mark.parametrize("leaf", [b"no JSON", b'{"sha256":"no hash"}', b"\xff\xfe", b""])
def test_a_leaf_that_cannot_be_read_is_told(leaf):
    event_id = say(EventKind.OBJECT_SEALED, Subject("object", new_id()), hashed=HASH)
    with tampering() as cursor:
        cursor.execute("UPDATE custody_event SET leaf = %s WHERE id = %s", [leaf, event_id])
    assert Event.objects.filter(pk=event_id, leaf=leaf).exists()
    with pytest.raises(LogCorrupt, match="tabard log verify"), transaction.atomic():
        list(sealed_facts())
