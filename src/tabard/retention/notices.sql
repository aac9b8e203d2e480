-- Notices: of the recordings that are new on the list, those that overlap an incident which their wearer
-- attended, and of which nobody said that they are evidence. What is given stays given, and is given once.
WITH listed AS (
    SELECT recording.id, officer_id, coalesce(category_id, '') AS category,
        filmed_at AS from_at, filmed_at + (stopped_at - started_at) AS until_at,
        -- null where nobody measured the clock: then nothing is certain
        clock_uncertainty_ms * interval '1 ms' AS unsure,
        coalesce(clock_uncertainty_ms, 0) * interval '1 ms' AS margin
    FROM recordings_recording recording
    WHERE recording.id = ANY(%(ids)s::uuid[]) AND officer_id IS NOT NULL
        AND coalesce(category_id, '') = ANY(%(slight)s::text[])
        -- whose time is not known overlaps nothing: what told no time is filed under its receipt
        AND (corrected_start_at IS NOT NULL OR started_at <> received_at AND NOT flags && %(doubts)s::varchar[]
            AND NOT EXISTS (SELECT FROM recordings_settledflag settled
                WHERE settled.recording_id = recording.id AND settled.flag = ANY(%(doubts)s)))
        AND NOT EXISTS (SELECT FROM incidents_link link WHERE link.recording_id = recording.id)
        AND NOT EXISTS (SELECT FROM incidents_exhibit exhibit WHERE exhibit.recording_id = recording.id)
), near AS (
    SELECT id, officer_id, start_at, coalesce(end_at, start_at) AS surely_until,
        coalesce(end_at, start_at + %(tour)s::interval) AS maybe_until
    FROM incidents_incident
    -- as its index has it; one multirange of all the recordings, as they were filmed within days of one another
    WHERE tstzrange(start_at, coalesce(end_at, start_at), '[]') && (
        SELECT range_agg(tstzrange(from_at - margin - %(tour)s::interval, until_at + margin, '[]')) FROM listed
    )
), attended (incident_id, officer_id, ground) AS (
    SELECT id, officer_id, 'recorded' FROM near WHERE officer_id IS NOT NULL
    UNION SELECT near.id, filmed.officer_id, 'filmed' FROM near
        JOIN incidents_link link ON link.incident_id = near.id
        JOIN recordings_recording filmed ON filmed.id = link.recording_id AND filmed.officer_id IS NOT NULL
    UNION SELECT near.id, filmed.officer_id, 'filmed' FROM near
        JOIN incidents_exhibit exhibit ON exhibit.incident_id = near.id
        JOIN recordings_recording filmed ON filmed.id = exhibit.recording_id AND filmed.officer_id IS NOT NULL
)
INSERT INTO retention_notice
    (id, recording_id, incident_id, officer_id, run_id, ground, is_certain, category, given_at)
SELECT DISTINCT ON (listed.id, near.id)
    gen_random_uuid(), listed.id, near.id, listed.officer_id, %(run)s, attended.ground,
    unsure IS NOT NULL AND from_at + unsure <= surely_until AND until_at - unsure >= start_at,
    category, %(at)s
FROM listed
JOIN attended ON attended.officer_id = listed.officer_id
JOIN near ON near.id = attended.incident_id
WHERE from_at - margin <= maybe_until AND until_at + margin >= start_at
-- that they filmed it says more than that they recorded it
ORDER BY listed.id, near.id, attended.ground
ON CONFLICT DO NOTHING
RETURNING recording_id, incident_id, officer_id
