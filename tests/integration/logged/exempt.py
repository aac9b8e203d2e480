"""Which services leave no event of their own, and why? Each with the act whose event speaks of it, or a reason."""

from collections.abc import Mapping

WITHIN = "only ever inside the transaction of another act, whose event speaks of it: "

READS = "reads; the time says which moment is shown"
GIVES_UP = "may give uploads up, each by intake.tus.uploads.give_up"
PARTIAL = "how far an upload is, which nobody knows as footage until intake.tus.uploads.complete_upload"

SERVICES: Mapping[str, str] = {
    "custody.copying.copy_binary": "how events are inserted",
    "custody.copying.copy_rows": "how lists reach temporary tables",
    "custody.carrying.keep_checkpoint": "brings back a checkpoint of the log; safekeeping.restore.complete logs it",
    "custody.carrying.place_leaves": "brings back events of the log itself; safekeeping.restore.complete logs it",
    "custody.services.append": "appends the event itself",
    "custody.services.append_many": "appends the events themselves",
    "custody.services.erase_details": WITHIN + "retention.disposing.dispose_of",
    "custody.sequencer.sequence": "gives events their places in the log; what it does can be seen in the log itself",
    "custody.sequencer.sign_checkpoint": "signs the log; an event of it would need another checkpoint",
    "custody.witnesses.asking.obtain_cosignature": "keeps what a witness says of a checkpoint, beside it",
    "custody.timestamping.stamping.stamp_if_due": "keeps what an authority says of a checkpoint, beside it",
    "dock.delivery.deliver": "runs on the station PC, which has no log; the door logs what it receives and permits",
    "fleet.contacts.footage_came": WITHIN + "intake.services.complete",
    "fleet.contacts.seen_in_dock": "what docks report of cameras is replaced in minutes, as in fleet.docks.report",
    "fleet.dock_selectors.dock_now": READS,
    "fleet.dock_selectors.dock_figures": READS,
    "fleet.dock_selectors.docks_now": READS,
    "fleet.dock_selectors.overdue_cameras": READS,
    "fleet.dock_selectors.overdue_count": READS,
    "fleet.dock_selectors.overdue_part": READS,
    "fleet.docks.sign_in": "a session says nothing of footage; what is sent, permitted and erased in it names the dock",
    "insight.rollout.overview": READS,
    "insight.shifts.keep_shifts": WITHIN + "insight.shifts.state_shifts and insight.plans.import_plan",
    "insight.rollout.unit_standing": READS,
    "insight.plan_effects.rehearse_wave": READS,
    "insight.example.load_example": "calls create_unit, import_plan and state_count, each an act of its own",
    "intake.tus.uploads.open_upload": "an announcement: what comes of it is logged when it is whole, or given up",
    "intake.tus.uploads.look": GIVES_UP,
    "intake.tus.uploads.lost": GIVES_UP,
    "intake.tus.uploads.make_way": GIVES_UP,
    "intake.tus.uploads.refuse_different": GIVES_UP,
    "intake.tus.uploads.tidy": GIVES_UP,
    "intake.arrivals.open_for_collection": "as an empty container (put_container): a name, until something is received",
    "intake.arrivals.open_for_dock": "the same",
    "intake.destinations.sign_in": "notes when a body-worn system last signed in, and that its newer key is in use",
    "fleet.clocks.clock_of": "reads the force's own kit",
    "fleet.clocks.keep_satellite_reading": WITHIN + "recordings.services.register",
    "fleet.stocktaking.scan": "a serial number on a shelf; fleet.stocktaking.close commits to the hash of all lines",
    "fleet.lives.append_change": WITHIN + "what is done to a camera",
    "fleet.lives.end_wear": WITHIN + "what is done to a camera",
    "fleet.lives.move": WITHIN + "what is done to a camera",
    "intake.folder.services.begin": "a run that began; each file it takes in is logged, and so is its end",
    "intake.folder.services.note": "what the operator is told of each file; folder.reconciled commits to its hash",
    "intake.services.put_container": "an empty container is a name and says nothing of footage; what is put into it is "
    "logged, and so is what is said of it later (`put_container#late`)",
    "media.making.copy": "moves bytes between files",
    "media.packets.prove_clip": "makes what media.services.cut_clip records",
    "media.packets.record_proof": WITHIN + "media.services.cut_clip",
    "recordings.decryption.expect_decryption": WITHIN + "recordings.services.register",
    "recordings.repeats.flag_conflict": WITHIN + "recordings.services.register",
    "recordings.repeats.record_again": "appends the event of recordings.services.register, in its transaction",
    "recordings.services.attach_late": WITHIN + "intake.services.receive",
    "retention.agreeing.approve": WITHIN
    + "adoption.approve, early_disposal.approve, key_destruction.approve",
    "retention.agreeing.close": WITHIN
    + "early_disposal.refuse, withdraw, carry_out, and key_destruction.carry_out",
    "disclosure.certificates.issue": "takes the receipt, which custody.receipts.take_receipt logs",
    "retention.selectors.decision": READS,
    "retention.selectors.decisions": READS,
    "fleet.issue_counts.keep_first_issue": WITHIN + "what gives a camera out",
    "retention.quorum.judge": "decides, writes nothing",
    "retention.holds.drafted": "makes a hold that is not saved, for retention.holds.place",
    "retention.hold_views.holds": READS,
    "retention.hold_views.to_review": READS,
    "retention.hold_views.rehearse": "places a hold, asks what it covers, and takes it back before anything commits",
    "retention.chain.chain": READS,
    "retention.figures.figures": READS,
    "retention.notice_views.by_unit": READS,
    "retention.review_queue.counts": READS,
    "retention.review_queue.page": READS,
    "retention.review_queue.sheet": READS,
    "retention.services.adopt_policy": "takes over the categories of the policy file that this version brings",
    "retention.disposing.make_unreadable": WITHIN
    + "retention.disposing.dispose_of; or the log has one from before a "
    "restore, and safekeeping.restore.complete logs what was done again",
    "retention.batches.dispose": WITHIN + "retention.runs.run",
    "retention.listing.put": WITHIN + "retention.runs.run",
    "retention.run_record.count": WITHIN + "retention.runs.run",
    "retention.sparing.note": WITHIN + "retention.runs.run",
    "retention.run_record.log": WITHIN + "retention.runs.run",
    "retention.removal.remove_waiting": "removes ciphertext that nobody can read since recording.disposed, which said "
    "so; a crash repeats it",
    "retention.replaying.reapply": "does again, after a restore, what the log already says; "
    "safekeeping.restore.complete logs how often",
    "safekeeping.backup.prune": "removes a copy of keys that ran out, as backup.made said it would",
    "safekeeping.differences.find": "fills a temporary table",
    "safekeeping.refill.refill": "calls damages.record_good for each copy made, whose event is object.secured",
    "safekeeping.restore.fill": "fills an empty database, whose log it brings; safekeeping.restore.complete logs it",
    "safekeeping.securing.secure_waiting": "calls secure for each object",
    "safekeeping.unseen.seen_again": "notes when a copy was last read; safekeeping.scrub.scrub logs the run",
    "vault.partials.acknowledge": PARTIAL,
    "vault.partials.end": PARTIAL,
    "vault.partials.resume": PARTIAL,
    "vault.partials.start": PARTIAL,
    "vault.services.give_up": "removes what was sealed for an act that failed; nobody ever knew it",
    "vault.services.start": "begins an object that nobody knows until it is recorded",
    "vault.services.record": WITHIN + "whatever seals: intake.receive, derivatives, packets, clips, packs",
    "vault.services.destroy_key": WITHIN + "retention.disposing.dispose_of",
    "vault.services.destroy_keys": WITHIN + "retention.disposing.dispose_of",
    "vault.services.remove_many": "as retention.removal.remove_waiting, which calls it",
    "vault.services.remove": "as retention.removal.remove_waiting, for one object",
}

TRIED_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "safekeeping.backup.make": ("backup.made", "tests"),
    "safekeeping.restore.complete": ("backup.restored", "tests"),
}
"""Services that need an installation of their own: the event they leave, and the folder whose tests look for it."""
