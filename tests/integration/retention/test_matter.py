"""Every table that points at sealed objects is known to disposal, or holds no matter of a recording."""

import re

from django.apps import apps

from tabard.retention.matter import _OF_RECORDINGS
from tabard.vault.models import SealedObject

OF_NO_RECORDING = {
    "vault_storedcopy": "a copy of an object, which goes with it",
    "vault_damage": "what was found of a copy",
    "vault_movedobject": "what became of an object in a move",
    "disclosure_pack": "a pack that was released, which outlives the disposal of what it holds",
    "intake_folderitem": "a line of a reconciliation; its object came into a container too",
    "intake_upload": "an upload under way, or the received object that came of it",
}


def test_every_table_that_points_at_sealed_objects_is_known():
    pointing = {
        model._meta.db_table
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is SealedObject
    }
    known = set(re.findall(r"(?:FROM|JOIN) (\w+)", _OF_RECORDINGS))
    assert pointing - known - OF_NO_RECORDING.keys() == set()
    assert OF_NO_RECORDING.keys() <= pointing | known
