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
), of_open AS (
    SELECT DISTINCT recording_id FROM shown LEFT JOIN ended ON ended.incident_id = shown.incident_id
    WHERE ended.outcome IS NULL OR ended.outcome = 'reopened'
), case_end AS (
    SELECT shown.recording_id,
        clause.rule IS NULL OR clause.lasts IS NULL
            OR clause.to_release AND ended.in_custody AND ended.released_at IS NULL AS is_kept,
        CASE WHEN clause.to_release THEN greatest(ended.closed_at + clause.lasts, ended.released_at)
            ELSE ended.closed_at + clause.lasts END AS ends_at,
        coalesce(clause.reviews, false) AS reviews, coalesce(clause.rule, %(unknown_outcome)s) AS rule
    FROM ended
    JOIN shown ON shown.incident_id = ended.incident_id
    JOIN incidents_incident incident ON incident.id = ended.incident_id
    JOIN recordings_recording recording ON recording.id = shown.recording_id AND recording.disposed_at IS NULL
    LEFT JOIN clause ON clause.kind = incident.kind AND clause.outcome = ended.outcome
        AND clause.category = coalesce(recording.category_id, '')
        AND clause.source = CASE WHEN %(names_sources)s AND recording.source = ANY(%(named)s) THEN recording.source ELSE '*' END
    WHERE ended.outcome <> 'reopened'
), of_ended AS (
    SELECT recording_id, bool_or(is_kept) AS is_kept, max(ends_at) AS ends_at, bool_or(reviews) AS reviews,
        (array_agg(rule ORDER BY is_kept DESC, ends_at DESC, rule COLLATE "C" DESC))[1] AS rule
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
), by_own AS (
    SELECT recording.id, recording.size_bytes, own.rule, coalesce(own.reviews, false) AS reviews,
        CASE WHEN own.lasts IS NOT NULL THEN greatest(
            least(coalesce(recording.begun_by_at, recording.received_at), recording.received_at) + own.lasts,
            recording.received_at + own.noticed
        ) END AS ends_at
    FROM recordings_recording recording
    LEFT JOIN own ON own.category = coalesce(recording.category_id, '')
        AND own.source = CASE WHEN %(names_sources)s AND recording.source = ANY(%(named)s) THEN recording.source ELSE '*' END
    WHERE recording.disposed_at IS NULL
    OFFSET 0 -- a fence: else each end is reckoned wherever it is read
), ends AS (
    SELECT by_own.id, by_own.size_bytes,
        held.recording_id IS NOT NULL OR of_open.recording_id IS NOT NULL
            OR EXISTS (SELECT FROM retention_hold WHERE $everything) AS held,
        by_own.ends_at IS NULL OR coalesce(of_ended.is_kept, false) AS is_kept,
        by_own.ends_at AS own_at, by_own.rule AS own_rule, of_ended.ends_at AS case_at, of_ended.rule AS case_rule,
        by_own.reviews OR coalesce(of_ended.reviews, false) AS reviews, reviewed.keep_until, reviewed.given_up_at
    FROM by_own
    LEFT JOIN of_open ON of_open.recording_id = by_own.id
    LEFT JOIN of_ended ON of_ended.recording_id = by_own.id
    LEFT JOIN reviewed ON reviewed.recording_id = by_own.id
    LEFT JOIN held ON held.recording_id = by_own.id
    -- Everything else can only make it later.
    WHERE %(whole)s OR by_own.ends_at <= %(as_of)s
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
