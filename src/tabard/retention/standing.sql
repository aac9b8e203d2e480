-- Where every recording stands under a policy that is given as columns of values: `standing` (id, size_bytes, held, rule,
-- due_at, review_at). `rules.decide` is the definition. COLLATE "C" orders codes of rules as Python does.
WITH own (category, source, lasts, noticed, reviews, rule) AS (
    SELECT * FROM unnest(
        %(categories)s::text[], %(sources)s::text[], %(lasts)s::interval[], %(noticed)s::interval[],
        %(reviews)s::boolean[], %(rules)s::text[]
    )
), clause (category, source, kind, outcome, lasts, to_release, reviews, rule) AS (
    SELECT * FROM unnest(
        %(case_categories)s::text[], %(case_sources)s::text[], %(case_kinds)s::text[], %(case_outcomes)s::text[],
        %(case_lasts)s::interval[], %(case_to_release)s::boolean[], %(case_reviews)s::boolean[],
        %(case_rules)s::text[]
    )
), shown AS (
    SELECT recording_id, incident_id FROM incidents_link
    UNION SELECT recording_id, incident_id FROM incidents_exhibit WHERE incident_id IS NOT NULL
), ended AS (
    SELECT DISTINCT ON (incident_id) incident_id, kind AS outcome, in_custody,
        greatest(stated_at, (decided_date + 1)::timestamp AT TIME ZONE 'UTC') AS closed_at,
        (release_date + 1)::timestamp AT TIME ZONE 'UTC' AS released_at
    FROM incidents_outcome ORDER BY incident_id, stated_at DESC, id DESC
), case_end AS (
    SELECT shown.recording_id,
        ended.outcome IS NULL OR ended.outcome = 'reopened' AS is_open,
        clause.rule IS NULL OR clause.lasts IS NULL
            OR clause.to_release AND ended.in_custody AND ended.released_at IS NULL AS is_kept,
        CASE WHEN clause.to_release THEN greatest(ended.closed_at + clause.lasts, ended.released_at)
            ELSE ended.closed_at + clause.lasts END AS ends_at,
        coalesce(clause.reviews, false) AS reviews, coalesce(clause.rule, %(unknown_outcome)s) AS rule
    FROM shown
    JOIN incidents_incident incident ON incident.id = shown.incident_id
    JOIN recordings_recording recording ON recording.id = shown.recording_id AND recording.disposed_at IS NULL
    LEFT JOIN ended ON ended.incident_id = shown.incident_id
    LEFT JOIN clause ON clause.kind = incident.kind AND clause.outcome = ended.outcome
        AND clause.category = coalesce(recording.category_id, '')
        AND clause.source = CASE WHEN recording.source = ANY(%(named)s) THEN recording.source ELSE '*' END
), of_cases AS (
    SELECT recording_id, bool_or(is_open) AS is_open, bool_or(NOT is_open AND is_kept) AS is_kept,
        max(ends_at) FILTER (WHERE NOT is_open) AS ends_at,
        (array_agg(rule ORDER BY is_kept DESC, ends_at DESC, rule COLLATE "C" DESC) FILTER (WHERE NOT is_open))[1]
            AS rule,
        coalesce(bool_or(reviews) FILTER (WHERE NOT is_open), false) AS reviews
    FROM case_end GROUP BY recording_id
), reviewed AS (
    SELECT recording_id,
        (array_agg(keep_until ORDER BY decided_at DESC, id DESC) FILTER (WHERE keep_until IS NOT NULL))[1]
            AS keep_until,
        (array_agg(agreed_at ORDER BY decided_at DESC, id DESC)
            FILTER (WHERE keep_until IS NOT NULL OR agreed_at IS NOT NULL))[1] AS given_up_at
    FROM retention_review GROUP BY recording_id
), held AS (
    SELECT recording_id FROM ($held SELECT recording_id FROM held) AS by_hold
    UNION SELECT recording_id FROM incidents_exhibit WHERE incident_id IS NULL
), ends AS (
    SELECT recording.id, recording.size_bytes,
        held.recording_id IS NOT NULL OR coalesce(of_cases.is_open, false) AS held,
        own.rule IS NULL OR own.lasts IS NULL OR coalesce(of_cases.is_kept, false) AS is_kept,
        greatest(
            least(coalesce(recording.begun_by_at, recording.received_at), recording.received_at) + own.lasts,
            recording.received_at + own.noticed
        ) AS own_at, own.rule AS own_rule, of_cases.ends_at AS case_at, of_cases.rule AS case_rule,
        own.reviews OR coalesce(of_cases.reviews, false) AS reviews, reviewed.keep_until, reviewed.given_up_at
    FROM recordings_recording recording
    LEFT JOIN own ON own.category = coalesce(recording.category_id, '')
        AND own.source = CASE WHEN recording.source = ANY(%(named)s) THEN recording.source ELSE '*' END
    LEFT JOIN of_cases ON of_cases.recording_id = recording.id
    LEFT JOIN reviewed ON reviewed.recording_id = recording.id
    LEFT JOIN held ON held.recording_id = recording.id
    WHERE recording.disposed_at IS NULL
        AND recording.received_at <= %(as_of)s::timestamptz - %(soonest)s::interval
), over AS (
    SELECT id, size_bytes, held, reviews, given_up_at,
        CASE WHEN NOT is_kept THEN greatest(own_at, case_at) END AS over_at,
        greatest(own_at, case_at, keep_until) AS reviewed_at,
        CASE WHEN case_at IS NULL OR own_at > case_at THEN own_rule
            WHEN own_at < case_at THEN case_rule ELSE greatest(own_rule COLLATE "C", case_rule COLLATE "C") END AS rule
    FROM ends
), standing AS (
    SELECT id, size_bytes, held, rule,
        CASE WHEN NOT reviews THEN over_at WHEN over_at IS NOT NULL AND given_up_at >= reviewed_at THEN given_up_at END
            AS due_at,
        CASE WHEN reviews AND over_at IS NOT NULL AND coalesce(given_up_at < reviewed_at, true) THEN reviewed_at END
            AS review_at
    FROM over
)
