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
), shown AS NOT MATERIALIZED (
    SELECT recording_id, incident_id FROM incidents_link
    UNION ALL SELECT recording_id, incident_id FROM incidents_exhibit WHERE incident_id IS NOT NULL
), ended AS NOT MATERIALIZED (
    SELECT DISTINCT ON (incident_id) incident_id, kind AS outcome, in_custody,
        greatest(stated_at, (decided_date + 1)::timestamp AT TIME ZONE 'UTC') AS closed_at,
        (release_date + 1)::timestamp AT TIME ZONE 'UTC' AS released_at
    FROM incidents_outcome ORDER BY incident_id, stated_at DESC, id DESC
), by_own AS (
    SELECT recording.id, recording.size_bytes, coalesce(recording.category_id, '') AS category,
        CASE WHEN %(names_sources)s AND recording.source = ANY(%(named)s) THEN recording.source ELSE '*' END AS source,
        own.rule, coalesce(own.reviews, false) AS reviews,
        CASE WHEN own.lasts IS NOT NULL THEN greatest(
            least(coalesce(recording.begun_by_at, recording.received_at), recording.received_at) + own.lasts,
            recording.received_at + own.noticed
        ) END AS ends_at
    FROM recordings_recording recording
    LEFT JOIN own ON own.category = coalesce(recording.category_id, '')
        AND own.source =
            CASE WHEN %(names_sources)s AND recording.source = ANY(%(named)s) THEN recording.source ELSE '*' END
    WHERE recording.disposed_at IS NULL
    OFFSET 0 -- a fence: else each end is reckoned wherever it is read
), candidate AS MATERIALIZED (
    -- Everything else can only make it later.
    SELECT * FROM by_own WHERE %(whole)s OR ends_at <= %(as_of)s
), case_end AS (
    SELECT candidate.id AS recording_id,
        ended.outcome IS NULL OR ended.outcome = 'reopened' AS is_open,
        clause.rule IS NULL OR clause.lasts IS NULL
            OR clause.to_release AND ended.in_custody AND ended.released_at IS NULL AS is_kept,
        CASE WHEN clause.to_release THEN greatest(ended.closed_at + clause.lasts, ended.released_at)
            ELSE ended.closed_at + clause.lasts END AS ends_at,
        coalesce(clause.reviews, false) AS reviews, coalesce(clause.rule, %(unknown_outcome)s) AS rule
    FROM candidate
    JOIN shown ON shown.recording_id = candidate.id
    JOIN incidents_incident incident ON incident.id = shown.incident_id
    LEFT JOIN ended ON ended.incident_id = shown.incident_id
    LEFT JOIN clause ON clause.kind = incident.kind AND clause.outcome = ended.outcome
        AND clause.category = candidate.category AND clause.source = candidate.source
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
    -- Apart from what holds everything, which would make the planner expect as many rows as there are recordings.
    SELECT recording_id FROM ($held SELECT recording_id FROM held) AS by_hold
    UNION SELECT recording_id FROM incidents_exhibit WHERE incident_id IS NULL
), ends AS (
    SELECT candidate.id, candidate.size_bytes,
        held.recording_id IS NOT NULL OR coalesce(of_cases.is_open, false)
            OR EXISTS (SELECT FROM retention_hold WHERE $everything) AS held,
        candidate.ends_at IS NULL OR coalesce(of_cases.is_kept, false) AS is_kept,
        candidate.ends_at AS own_at, candidate.rule AS own_rule, of_cases.ends_at AS case_at,
        of_cases.rule AS case_rule, candidate.reviews OR coalesce(of_cases.reviews, false) AS reviews,
        reviewed.keep_until, reviewed.given_up_at
    FROM candidate
    LEFT JOIN of_cases ON of_cases.recording_id = candidate.id
    LEFT JOIN reviewed ON reviewed.recording_id = candidate.id
    LEFT JOIN held ON held.recording_id = candidate.id
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
