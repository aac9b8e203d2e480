"""Which sealed objects hold matter of a recording? Footage, what came with it, and every copy made of either.

One statement answers it for any number of recordings. Nothing that it misses would ever be disposed of, so whoever adds
a table that points at sealed objects adds it here; a test finds every such table.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import connection

from tabard.kernel.ids import array_of

_OF_RECORDINGS = """
    SELECT recording_id, object_id FROM recordings_segment WHERE recording_id = ANY(%(ids)s::uuid[])
    UNION SELECT recording_id, object_id FROM recordings_attachment WHERE recording_id = ANY(%(ids)s::uuid[])
    UNION SELECT recording_id, ciphertext_id FROM recordings_encryptedfile WHERE recording_id = ANY(%(ids)s::uuid[])
    UNION SELECT recording_id, key_file_id FROM recordings_encryptedfile
        WHERE recording_id = ANY(%(ids)s::uuid[]) AND key_file_id IS NOT NULL
    UNION SELECT recording_id, plain_id FROM recordings_encryptedfile
        WHERE recording_id = ANY(%(ids)s::uuid[]) AND plain_id IS NOT NULL
    UNION SELECT segment.recording_id, made.object_id
        FROM media_derivative AS made JOIN recordings_segment AS segment ON segment.id = made.segment_id
        WHERE segment.recording_id = ANY(%(ids)s::uuid[])
    UNION SELECT segment.recording_id, made.object_id
        FROM media_packettree AS made JOIN recordings_segment AS segment ON segment.id = made.segment_id
        WHERE segment.recording_id = ANY(%(ids)s::uuid[])
    UNION SELECT segment.recording_id, clip.object_id
        FROM recordings_clip AS clip JOIN recordings_segment AS segment ON segment.id = clip.segment_id
        WHERE segment.recording_id = ANY(%(ids)s::uuid[]) AND clip.object_id IS NOT NULL
    UNION SELECT segment.recording_id, made.object_id
        FROM media_clippackets AS made JOIN recordings_clip AS clip ON clip.id = made.clip_id
        JOIN recordings_segment AS segment ON segment.id = clip.segment_id
        WHERE segment.recording_id = ANY(%(ids)s::uuid[]) AND made.object_id IS NOT NULL
    UNION SELECT container.recording_id, came.object_id
        FROM intake_receivedobject AS came JOIN intake_container AS container ON container.id = came.container_id
        WHERE container.recording_id = ANY(%(ids)s::uuid[])
"""


def objects_of(recordings: Collection[UUID]) -> Mapping[UUID, list[UUID]]:
    """The objects of each recording, in the order of their ids; a recording that has none is left out."""
    found = defaultdict[UUID, list[UUID]](list)
    with connection.cursor() as cursor:
        cursor.execute(_OF_RECORDINGS, {"ids": array_of(recordings)})
        for recording_id, object_id in cursor.fetchall():
            found[recording_id].append(object_id)
    return {recording_id: sorted(objects) for recording_id, objects in found.items()}
