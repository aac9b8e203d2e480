-- Which notices are to be given: of everything that goes later than now, those recordings that overlap an incident
-- which their wearer attended, of which nobody said that they are evidence, and of which no notice was given yet.
WITH listed AS MATERIALIZED (
    SELECT recording.id, recording.officer_id, coalesce(category_id, '') AS category,
        filmed_at AS from_at, filmed_at + (stopped_at - started_at) AS until_at,
        -- null where nobody measured the clock: then nothing is certain
        clock_uncertainty_ms * interval '1 ms' AS unsure,
        coalesce(clock_uncertainty_ms, 0) * interval '1 ms' AS margin
    FROM retention_scheduleddisposal listed JOIN recordings_recording recording ON recording.id = listed.recording_id
    WHERE executes_at > %(at)s AND recording.officer_id IS NOT NULL
        AND coalesce(category_id, '') = ANY(%(slight)s::text[])
        -- whose time is not known overlaps nothing: what told no time is filed under its receipt, and what may have
        -- been filmed at any time of a day was filmed while its clock was set
        AND stopped_at - started_at + 2 * coalesce(clock_uncertainty_ms, 0) * interval '1 ms' < interval '1 day'
        AND (corrected_start_at IS NOT NULL OR started_at <> received_at AND NOT flags && %(doubts)s::varchar[]
            AND NOT EXISTS (SELECT FROM recordings_settledflag settled
                WHERE settled.recording_id = recording.id AND settled.flag = ANY(%(doubts)s)))
        AND NOT EXISTS (SELECT FROM incidents_link link WHERE link.recording_id = recording.id)
        AND NOT EXISTS (SELECT FROM incidents_exhibit exhibit WHERE exhibit.recording_id = recording.id)
), lasting AS (
    SELECT listed.*, floor(extract(epoch FROM from_at - margin) / 86400)::int AS first_day,
        floor(extract(epoch FROM until_at + margin) / 86400)::int AS last_day
    FROM listed
), filmed_on AS MATERIALIZED (
    SELECT lasting.*, first_day AS day FROM lasting
    UNION ALL SELECT lasting.*, last_day FROM lasting WHERE last_day > first_day
), days AS MATERIALIZED (
    SELECT DISTINCT day FROM filmed_on
), near AS MATERIALIZED (
    SELECT id, officer_id, start_at, coalesce(end_at, start_at) AS surely_until,
        coalesce(end_at, start_at + %(tour)s::interval) AS maybe_until
    FROM incidents_incident
    -- as its index has it
    WHERE tstzrange(start_at, coalesce(end_at, start_at), '[]') && (SELECT range_agg(tstzrange(
        to_timestamp(day * 86400::bigint) - %(tour)s::interval, to_timestamp((day + 1) * 86400::bigint)
    )) FROM days)
), attended AS (
    SELECT near.*, officer_id AS attended_by, 'recorded' AS ground FROM near WHERE officer_id IS NOT NULL
    UNION ALL SELECT near.*, filmed.officer_id, 'filmed' FROM near
        JOIN incidents_link link ON link.incident_id = near.id
        JOIN recordings_recording filmed ON filmed.id = link.recording_id AND filmed.officer_id IS NOT NULL
    UNION ALL SELECT near.*, filmed.officer_id, 'filmed' FROM near
        JOIN incidents_exhibit exhibit ON exhibit.incident_id = near.id
        JOIN recordings_recording filmed ON filmed.id = exhibit.recording_id AND filmed.officer_id IS NOT NULL
), attended_on AS MATERIALIZED (
    -- by officer and day both sides are small; by officer alone they multiply
    SELECT attended.*, generate_series(
        greatest(floor(extract(epoch FROM start_at) / 86400)::int, bounds.first),
        least(floor(extract(epoch FROM maybe_until) / 86400)::int, bounds.last)
    ) AS day
    FROM attended, (SELECT min(day) AS first, max(day) AS last FROM days) AS bounds
)
SELECT DISTINCT ON (filmed.id, incident.id) filmed.id, incident.id, filmed.officer_id, incident.ground,
    unsure IS NOT NULL AND from_at + unsure <= surely_until AND until_at - unsure >= start_at, category
FROM filmed_on filmed
JOIN attended_on incident ON incident.attended_by = filmed.officer_id AND incident.day = filmed.day
WHERE from_at - margin <= maybe_until AND until_at + margin >= start_at
    AND NOT EXISTS (SELECT FROM retention_notice notice WHERE notice.recording_id = filmed.id
        AND notice.incident_id = incident.id AND notice.officer_id = filmed.officer_id)
-- that they filmed it says more than that they recorded it
ORDER BY filmed.id, incident.id, incident.ground
