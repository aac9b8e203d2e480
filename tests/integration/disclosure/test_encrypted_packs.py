"""A recording that its camera encrypted leaves with all three: ciphertext, key file, and what they open to."""

import dataclasses

import pytest
from django.db import transaction
from tests.integration.disclosure.docked import (
    LATER,
    NOON,
    _sealed,
    build,
    checkpoint,
    excerpt,
    exported,
    produce,
)
from tests.integration.disclosure.forger import unpack
from tests.integration.disclosure.test_forged_packs import failing
from tests.integration.media_jail.jail_footage import Recipe, film
from tests.world import BY

from tabard.custody.adapters import log_signer
from tabard.custody.anchors import anchor
from tabard.disclosure.contents import contents_of
from tabard.disclosure.errors import CheckFailed
from tabard.disclosure.evidence import PROVEN_KINDS, evidence_for
from tabard.disclosure.rules import footage_is_sealed
from tabard.recordings.decryption import Opened, keep_decrypted
from tabard.recordings.drafts import AttachmentDraft, AttachmentKind, RecordingDraft, SegmentDraft
from tabard.recordings.services import register
from tabard.vault import services as vault

FILE, KEY = "20260302T090500Z_7f3a.mp4", "20260302T090500Z_7f3a.key"
CIPHERTEXT, KEY_FILE = b"nobody can read this" * 50, b"{}"
FOLDER = "data/exhibits/LB-1/"


@pytest.fixture(scope="module")
def plain():
    return film(Recipe(seconds=8))


@pytest.fixture
def recording(world, plain):
    """One whose only segment came encrypted, and is decrypted."""
    with transaction.atomic():
        draft = RecordingDraft(
            source="axis",
            source_name="encrypted",
            officer_reference="001LX",
            camera_serial="SIM-0001",
            started_at=NOON,
            stopped_at=LATER,
            segments=(SegmentDraft(_sealed(FILE, CIPHERTEXT), NOON, is_encrypted=True),),
            attachments=(AttachmentDraft(AttachmentKind.KEY, _sealed(KEY, KEY_FILE)),),
        )
        made = register(draft=draft, by=BY, at=LATER)
    with vault.start() as pending:
        pending.write(plain)
        pending.seal()
        opened = Opened(pending, made.attachments.get().object, "footage-key-0001")
        keep_decrypted(encrypted=made.encrypted_files.get(), opened=opened, by=BY, at=LATER)
    return made


def test_a_pack_of_it_holds_ciphertext_key_file_and_plain_text_and_every_check_holds(
    world, recording, plain, tmp_path
):
    pack = exported(build(world, produce(world, recording)))
    assert failing(pack, tmp_path, log_signer().vkey) == set()
    files = unpack(pack)[1]
    assert files[FOLDER + FILE] == CIPHERTEXT
    assert files[FOLDER + KEY] == KEY_FILE
    assert files[f"{FOLDER}20260302T090500Z_7f3a-decrypted.mp4"] == plain


def test_an_excerpt_of_it_is_proven_to_the_file_that_came(world, recording, tmp_path):
    clip = excerpt(world, recording)
    pack = exported(build(world, produce(world, recording, clip=clip)))
    assert failing(pack, tmp_path, log_signer().vkey) == set()
    assert f"{FOLDER}20260302T090500Z_7f3a-clip.mp4" in unpack(pack)[1]


def test_a_plain_text_without_what_it_was_decrypted_from_is_refused(world, recording):
    exhibit = produce(world, recording)
    checkpoint()
    contents = contents_of(exhibit.id)
    rests_on = anchor(subject_ids=contents.proven_ids, kinds=PROVEN_KINDS, patient=False)
    leaves = evidence_for(contents, rests_on).leaves
    assert footage_is_sealed(contents.facts, leaves)
    for left_out in ("segment", "key"):
        fewer = tuple(file for file in contents.facts.files if file.kind != left_out)
        with pytest.raises(CheckFailed, match="was not decrypted from files of this exhibit"):
            footage_is_sealed(dataclasses.replace(contents.facts, files=fewer), leaves)
