-- What is erased of recordings (ids) when the keys of their objects are destroyed: what was said in them, where they went
-- and what cameras noted of them. That they were, whose and when stays.
WITH bookmark AS (
    DELETE FROM recordings_bookmark WHERE recording_id = ANY (%(ids)s::uuid[])
), track AS (
    DELETE FROM recordings_track WHERE recording_id = ANY (%(ids)s::uuid[])
), segment AS (
    UPDATE recordings_segment SET metadata = '{}' WHERE recording_id = ANY (%(ids)s::uuid[]) AND metadata <> '{}'
), attachment AS (
    UPDATE recordings_attachment SET metadata = '{}' WHERE recording_id = ANY (%(ids)s::uuid[]) AND metadata <> '{}'
), container AS (
    UPDATE intake_container SET metadata = '{}' WHERE recording_id = ANY (%(ids)s::uuid[]) AND metadata <> '{}'
), received AS (
    UPDATE intake_receivedobject SET metadata = '{}' WHERE object_id = ANY (%(objects)s::uuid[]) AND metadata <> '{}'
), upload AS (
    UPDATE intake_upload SET raw_metadata = '' FROM intake_container container
        WHERE container.recording_id = ANY (%(ids)s::uuid[]) AND intake_upload.container_id = container.id
            AND raw_metadata <> ''
)
UPDATE recordings_recording SET disposed_at = %(at)s, latitude = NULL, longitude = NULL, metadata = '{}'
    WHERE id = ANY (%(ids)s::uuid[])
