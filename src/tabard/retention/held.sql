-- What every hold covers: `held` (recording_id, hold_id), of the holds for which $holds is true and the recordings for
-- which $recordings is; what holds everything is left out where $everything is false. Whatever may have been filmed by
-- an officer in a period is covered: when it cannot be told by whom or when something was filmed, it was by them and then.
WITH hold AS (
    SELECT * FROM retention_hold WHERE $holds
), shown AS (
    SELECT recording_id, incident_id FROM incidents_link
    UNION ALL SELECT recording_id, incident_id FROM incidents_exhibit WHERE incident_id IS NOT NULL
), recording AS NOT MATERIALIZED (
    SELECT * FROM recordings_recording recording WHERE $recordings
), maybe_theirs (recording_id, hold_id) AS (
    -- those whose wearer is they, or not known
    SELECT recording.id, hold.id FROM hold JOIN recording ON recording.officer_id = hold.officer_id
    UNION SELECT recording.id, hold.id FROM hold JOIN recording ON recording.officer_id IS NULL
        WHERE hold.scope = 'officer'
    -- those of a camera that they had then, whoever is said to have worn it
    UNION SELECT recording.id, hold.id FROM hold
        JOIN fleet_assignment worn ON worn.officer_id = hold.officer_id AND worn.during && tstzrange(
            hold.period_from_at - interval '1 day', hold.period_to_at + interval '1 day')
        JOIN recording ON recording.camera_id = worn.camera_id
    -- those that came in under their number, and were said to be another's later
    UNION SELECT recording.id, hold.id FROM hold
        JOIN people_officer officer ON officer.id = hold.officer_id
        JOIN recordings_settledflag settled ON settled.how = 'attributed'
        JOIN recording ON recording.id = settled.recording_id AND upper(recording.officer_reference) IN (
            upper(officer.shoulder_number), upper(officer.warrant_number))
), held AS (
    SELECT recording.id AS recording_id, hold.id AS hold_id FROM hold
        JOIN recording ON recording.id = hold.recording_id
    UNION ALL SELECT recording.id, hold.id FROM hold
        JOIN shown ON shown.incident_id = hold.incident_id JOIN recording ON recording.id = shown.recording_id
    UNION ALL SELECT recording.id, hold.id FROM hold
        JOIN maybe_theirs theirs ON theirs.hold_id = hold.id JOIN recording ON recording.id = theirs.recording_id
        WHERE
        -- by the camera's clock, which may be a day off where nobody measured it
        recording.started_at < hold.period_to_at + interval '1 day'
            AND recording.stopped_at >= hold.period_from_at - interval '1 day'
        -- by the corrected time, as far as that is sure
        OR recording.corrected_start_at - recording.clock_uncertainty_ms * interval '1 ms' < hold.period_to_at
            AND recording.corrected_start_at + (recording.stopped_at - recording.started_at)
                + recording.clock_uncertainty_ms * interval '1 ms' >= hold.period_from_at
        OR recording.started_at - recording.clock_most_ms * interval '1 ms' < hold.period_to_at
            AND recording.stopped_at - recording.clock_least_ms * interval '1 ms' >= hold.period_from_at
        -- by nothing that can be trusted: at any time before it came in
        OR recording.corrected_start_at IS NULL AND recording.received_at >= hold.period_from_at AND (
            recording.flags && $doubts OR EXISTS (
                SELECT FROM recordings_settledflag settled
                WHERE settled.recording_id = recording.id AND settled.flag = ANY ($doubts)
            )
        )
    UNION ALL SELECT recording.id, hold.id FROM hold CROSS JOIN recording WHERE hold.scope = 'everything' AND $everything
)
