"""Every page's address, in the glossary's words."""

from django.urls import URLPattern, URLResolver, path

from tabard.web.views import (
    access,
    accounts,
    camera_lives,
    clips,
    destinations,
    disposal_runs,
    disposals,
    docks,
    early_disposals,
    exhibits,
    fleet,
    holds,
    home,
    imports,
    incidents,
    intake,
    issue,
    kiosk,
    log,
    losses,
    notices,
    policies,
    prove,
    public_figures,
    recording_acts,
    recordings,
    retention,
    reviews,
    rollout,
    rollout_plan,
    rollout_wave,
    stocktake,
    wholeness,
    work_items,
)

_accounts = [
    path("", home.home, name="home"),
    path("sign-in", accounts.sign_in, name="sign-in"),
    path("sign-out", accounts.sign_out, name="sign-out"),
    path("reason/<str:item_type>/<uuid:item_id>/", access.reason, name="access-reason"),
]

_recordings = [
    path("recordings/", recordings.listed, name="recordings"),
    path("recordings/<uuid:recording_id>/", recordings.shown, name="recording"),
    path("recordings/<uuid:recording_id>/track.geojson", recordings.track, name="recording-track"),
    path(
        "recordings/<uuid:recording_id>/history.pdf",
        recordings.history,
        {"form": "pdf"},
        name="recording-history-pdf",
    ),
    path(
        "recordings/<uuid:recording_id>/history.csv",
        recordings.history,
        {"form": "csv"},
        name="recording-history-csv",
    ),
    path("recordings/<uuid:recording_id>/clips", recordings.clips, name="recording-clips"),
    path("recordings/<uuid:recording_id>/category", recording_acts.category, name="recording-category"),
    path("recordings/<uuid:recording_id>/link", recording_acts.link, name="recording-link"),
    path("recordings/<uuid:recording_id>/unlink", recording_acts.unlink, name="recording-unlink"),
    path("recordings/<uuid:recording_id>/hold", recording_acts.hold, name="recording-hold"),
    path("recordings/<uuid:recording_id>/release", recording_acts.hold_release, name="recording-release"),
    path("recordings/<uuid:recording_id>/clip", recording_acts.clip, name="recording-clip"),
    path("clips/<uuid:clip_id>/", clips.shown, name="clip"),
]

_incidents = [
    path("incidents/", incidents.listed, name="incidents"),
    path("incidents/record", incidents.record, name="incident-record"),
    path("incidents/<uuid:incident_id>/", incidents.shown, name="incident"),
    path("incidents/<uuid:incident_id>/outcome", incidents.outcome, name="incident-outcome"),
]

_exhibits = [
    path("exhibits/", exhibits.listed, name="exhibits"),
    path("exhibits/produce", exhibits.produce, name="exhibit-produce"),
    path("exhibits/<uuid:exhibit_id>/", exhibits.shown, name="exhibit"),
    path("exhibits/<uuid:exhibit_id>/packs", exhibits.packs_shown, name="exhibit-packs"),
    path("exhibits/<uuid:exhibit_id>/pack", exhibits.pack_request, name="pack-request"),
]

_fleet = [
    path("fleet/", fleet.listed, name="fleet"),
    path("fleet/units/", fleet.units, name="fleet-units"),
    path("fleet/rules", issue.rules, name="fleet-rules"),
    path("fleet/training", issue.training, name="fleet-training"),
    path("fleet/training/import", imports.trainings, name="training-import"),
    path("fleet/receive", camera_lives.received, name="fleet-receive"),
    path("fleet/import", imports.cameras, name="fleet-import"),
    path("fleet/officers/import", imports.officers, name="officers-import"),
    path("fleet/cameras/<uuid:camera_id>/", fleet.camera, name="camera"),
    path("fleet/cameras/<uuid:camera_id>/assign", fleet.assign, name="camera-assign"),
    path("fleet/cameras/<uuid:camera_id>/return", fleet.give_back, name="camera-return"),
    path("fleet/cameras/<uuid:camera_id>/swap", issue.swapped, name="camera-swap"),
    path("fleet/cameras/<uuid:camera_id>/change", camera_lives.changed, name="camera-change"),
    path("fleet/cameras/<uuid:camera_id>/describe", camera_lives.described, name="camera-describe"),
]

_losses = [
    path("fleet/losses/", losses.listed, name="fleet-losses"),
    path("fleet/cameras/<uuid:camera_id>/lost", losses.reported, name="camera-lost"),
    path("fleet/losses/<uuid:loss_id>/", losses.shown, name="loss"),
    path("fleet/losses/<uuid:loss_id>/follow", losses.followed, name="loss-follow"),
    path("fleet/losses/<uuid:loss_id>/close", losses.closed, name="loss-close"),
]

_stocktakes = [
    path("fleet/stocktakes/", stocktake.listed, name="fleet-stocktakes"),
    path("fleet/stocktakes/begin", stocktake.begun, name="stocktake-begin"),
    path("fleet/stocktakes/<uuid:stocktake_id>/", stocktake.shown, name="stocktake"),
    path("fleet/stocktakes/<uuid:stocktake_id>/scan", stocktake.scanned, name="stocktake-scan"),
    path("fleet/stocktakes/<uuid:stocktake_id>/close", stocktake.closed, name="stocktake-close"),
    path("fleet/stocktakes/<uuid:stocktake_id>/lines.csv", stocktake.taken_away, name="stocktake-csv"),
]

_kiosk = [
    path("kiosk/", kiosk.waiting, name="kiosk"),
    path("kiosk/scan", kiosk.scanned, name="kiosk-scan"),
    path("kiosk/take", kiosk.taken, name="kiosk-take"),
    path("kiosk/fault", kiosk.faulty, name="kiosk-fault"),
]

_systems = [
    path("systems/", destinations.listed, name="destinations"),
    path("systems/open", destinations.opened, name="destination-open"),
    path("systems/unfinished/", destinations.unfinished, name="unfinished"),
    path("systems/unfinished/<uuid:container_id>/end", destinations.ended, name="transfer-end"),
    path("systems/rejected/", destinations.rejected, name="rejected"),
    path("systems/<uuid:destination_id>/", destinations.shown, name="destination"),
    path("systems/<uuid:destination_id>/renew", destinations.renewed, name="destination-renew"),
    path("systems/<uuid:destination_id>/revoke", destinations.revoked, name="destination-revoke"),
]

_docks = [
    path("fleet/docks/", docks.listed, name="fleet-docks"),
    path("fleet/docks/now", docks.live, name="fleet-docks-live"),
    path("fleet/docks/install", docks.installed, name="dock-install"),
    path("fleet/docks/<uuid:dock_id>/", docks.shown, name="dock"),
    path("fleet/docks/<uuid:dock_id>/describe", docks.described, name="dock-describe"),
    path("fleet/docks/<uuid:dock_id>/keys", docks.key_enrolled, name="dock-key-enrol"),
    path("fleet/docks/<uuid:dock_id>/keys/<uuid:key_id>/revoke", docks.key_revoked, name="dock-key-revoke"),
    path("fleet/overdue/", docks.overdue, name="fleet-overdue"),
]

_work_items = [
    path("work-items/wholeness/", wholeness.shown, name="work-item-wholeness"),
    path("work-items/wholeness/shifts.csv", wholeness.taken_away, name="work-item-wholeness-csv"),
    path("work-items/", work_items.listed, name="work-item-list"),
    path("work-items/<uuid:recording_id>/", work_items.shown, name="work-item"),
    path("work-items/<uuid:recording_id>/attribute", work_items.attributed, name="work-item-attribute"),
    path("work-items/<uuid:recording_id>/settle", work_items.settled, name="work-item-settle"),
]

_intake = [
    path("intake/", intake.coming_in, name="intake"),
    path("intake/now", intake.coming_in_now, name="intake-now"),
    path("intake/folders/", intake.runs, name="folder-runs-list"),
    path("intake/folders/<uuid:run_id>/", intake.run, name="folder-run"),
    path("intake/folders/<uuid:run_id>/reconciliation.csv", intake.run_csv, name="folder-run-csv"),
    path("intake/folders/<uuid:run_id>/reconciliation.json", intake.run_json, name="folder-run-json"),
    path("intake/names/", intake.name_patterns, name="name-pattern-list"),
    path("intake/names/try", intake.name_patterns_tried, name="name-patterns-tried"),
    path("intake/names/<uuid:pattern_id>/remove", intake.name_pattern_removed, name="name-pattern-remove"),
]

_retention = [
    path("retention/", retention.shown, name="retention"),
    path("retention/storage.csv", retention.storage_sheet, name="retention-storage-csv"),
    path("reviews/", reviews.listed, name="review-list"),
    path("recordings/<uuid:recording_id>/review", reviews.shown, name="recording-review"),
    path("reviews/<uuid:review_id>/agree", reviews.agree, name="review-agree"),
    path("reviews/<uuid:review_id>/refuse", reviews.refuse, name="review-refuse"),
    path("policy/", policies.shown, name="policy"),
    path("policy/change", policies.changed, name="policy-change"),
    path("policy/<uuid:policy_id>/", policies.version, name="policy-version"),
    path("policy/<uuid:policy_id>/what-if.csv", policies.version_csv, name="policy-version-csv"),
    path("policy/<uuid:policy_id>/approve", policies.approve, name="policy-approve"),
    path("policy/<uuid:policy_id>/refuse", policies.refuse, name="policy-refuse"),
    path("policy/<uuid:policy_id>/withdraw", policies.withdraw, name="policy-withdraw"),
    path("notices/", notices.listed, name="notice-list"),
    path("notices/<uuid:incident_id>/", notices.shown, name="notice"),
    path("notices/<uuid:incident_id>/answer", notices.answered, name="notice-answer"),
    path("disposal-runs/", disposal_runs.listed, name="disposal-run-list"),
    path("disposal-runs/<uuid:disposal_run_id>/", disposal_runs.shown, name="disposal-run"),
    path("disposal-runs/<uuid:disposal_run_id>/approve", disposal_runs.approve, name="disposal-run-approve"),
    path("disposal-runs/<uuid:disposal_run_id>/refuse", disposal_runs.refuse, name="disposal-run-refuse"),
    path("disposals/", disposals.listed, name="disposal-list"),
    path("disposals/disposals.csv", disposals.listed_csv, name="disposal-list-csv"),
    path("recordings/<uuid:recording_id>/certificate", disposals.certificate, name="recording-certificate"),
    path(
        "recordings/<uuid:recording_id>/certificate.json",
        disposals.certificate_file,
        name="recording-certificate-file",
    ),
    path("early-disposals/", early_disposals.listed, name="early-disposals"),
    path("early-disposals/<uuid:request_id>/", early_disposals.shown, name="early-disposal"),
    path("early-disposals/<uuid:request_id>/approve", early_disposals.approve, name="early-disposal-approve"),
    path("early-disposals/<uuid:request_id>/refuse", early_disposals.refuse, name="early-disposal-refuse"),
    path(
        "early-disposals/<uuid:request_id>/withdraw", early_disposals.withdraw, name="early-disposal-withdraw"
    ),
    path(
        "recordings/<uuid:recording_id>/early-disposal",
        early_disposals.asked_for,
        name="recording-early-disposal",
    ),
]

_holds = [
    path("holds/", holds.listed, name="hold-list"),
    path("holds/holds.csv", holds.listed_csv, name="hold-list-csv"),
    path("holds/place", holds.placed, name="hold-place"),
    path("holds/<uuid:hold_id>/", holds.shown, name="hold"),
    path("holds/<uuid:hold_id>/review", holds.reviewed, name="hold-review"),
    path("holds/<uuid:hold_id>/hand-over", holds.handed_over, name="hold-hand-over"),
    path("holds/<uuid:hold_id>/release", holds.released, name="hold-release"),
]

_log = [
    path("custody-log/", log.listed, name="log"),
    path("custody-log/events.csv", log.listed_csv, name="log-csv"),
    path("custody-log/<uuid:event_id>/", log.shown, name="log-event"),
    path("custody-log/<uuid:event_id>/receipt", log.receipt, name="log-receipt"),
    path("custody-log/<uuid:event_id>/leaf", log.leaf, name="log-leaf"),
    path("custody-log/<uuid:event_id>/prove", prove.prove_event, name="log-prove-event"),
    path("log/prove/", prove.prove, name="log-prove"),
    path("log/checkpoint", log.checkpoint, name="log-checkpoint"),
    path("log/tile/<path:path>", log.tile, name="log-tile"),
    path("log/log.vkey", log.vkey, name="log-vkey"),
    path("log/vkey", log.vkey, name="log-vkey-current"),
    path("log/vkeys", log.vkeys, name="log-vkeys"),
]

_rollout = [
    path("rollout/", rollout.overview, name="rollout"),
    path("rollout/map/", rollout.force_map, name="rollout-map"),
    path("rollout/map/progress.json", rollout.map_json, name="rollout-map-json"),
    path("rollout/plan/", rollout_plan.shown, name="rollout-plan"),
    path("rollout/plan/plan.csv", rollout_plan.as_csv, name="rollout-plan-csv"),
    path("rollout/plan/plan.json", rollout_plan.as_json, name="rollout-plan-json"),
    path("rollout/plan/import", rollout_plan.imported, name="rollout-plan-import"),
    path("rollout/plan/wave", rollout_wave.changed, name="rollout-wave"),
    path("rollout/units/<uuid:unit_id>/", rollout.unit, name="rollout-unit"),
    path("rollout/units/<uuid:unit_id>/curve.csv", rollout.unit_csv, name="rollout-unit-csv"),
    path("rollout/units/<uuid:unit_id>/curve.png", rollout.unit_png, name="rollout-unit-png"),
    path("rollout/units/<uuid:unit_id>/shifts", rollout.shifts_stated, name="rollout-shifts"),
    path("rollout/units/<uuid:unit_id>/count", rollout.count_stated, name="rollout-count"),
    path("rollout/units/<uuid:unit_id>/block", rollout.block_raised, name="rollout-block"),
    path("rollout/blocks/<uuid:block_id>/lift", rollout.block_lifted, name="rollout-unblock"),
    path("rollout/figures/", public_figures.listed, name="rollout-figures"),
    path("rollout/figures/publish", public_figures.published, name="figure-publish"),
    path("rollout/figures/<str:figure>/withdraw", public_figures.withdrawn, name="figure-withdraw"),
    path("figures/", public_figures.public, name="public-figures"),
    path("figures.json", public_figures.public_json, name="public-figures-json"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *_accounts,
    *_recordings,
    *_incidents,
    *_exhibits,
    *_fleet,
    *_losses,
    *_stocktakes,
    *_kiosk,
    *_docks,
    *_work_items,
    *_intake,
    *_systems,
    *_retention,
    *_holds,
    *_rollout,
    *_log,
]
