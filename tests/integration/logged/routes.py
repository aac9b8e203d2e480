"""Which event does each route leave? Or why does it leave none?

A new page or operation makes `test_routes` fail until it stands in one of the two tables. Routes are named as
`tests/integration/web/test_access_walk.py` names them, where is also written what to send to one.
"""

from collections.abc import Mapping

from tabard.custody.kinds import EventKind as E

LEAVES: Mapping[str, tuple[E, ...]] = {
    "DELETE session": (E.ACCOUNT_SIGNED_OUT,),
    "GET recordings/%(recording_id)s": (E.RECORDING_VIEWED,),
    "PUT recordings/%(recording_id)s/category": (E.RECORDING_CATEGORISED,),
    "GET recordings/%(recording_id)s/history": (E.RECORDING_VIEWED,),
    "GET recordings/%(recording_id)s/history.pdf": (E.RECORDING_HISTORY_EXPORTED,),
    "GET recordings/%(recording_id)s/history.csv": (E.RECORDING_HISTORY_EXPORTED,),
    "GET segments/%(segment_id)s": (E.RECORDING_VIEWED,),
    "POST segments/%(segment_id)s/clips": (E.CLIP_REQUESTED,),
    "GET clips/%(clip_id)s": (E.RECORDING_VIEWED,),
    "POST incidents": (E.INCIDENT_RECORDED,),
    "GET incidents/%(incident_id)s": (E.INCIDENT_VIEWED,),
    "POST incidents/%(incident_id)s/recordings": (E.INCIDENT_LINKED,),
    "POST incidents/%(incident_id)s/recordings/%(recording_id)s/unlink": (E.INCIDENT_UNLINKED,),
    "POST exhibits": (E.EXHIBIT_PRODUCED,),
    "GET exhibits/%(exhibit_id)s": (E.EXHIBIT_VIEWED,),
    "POST exhibits/%(exhibit_id)s/packs": (E.PACK_REQUESTED,),
    "GET recordings/%(recording_id)s/retention": (E.RECORDING_VIEWED,),
    "POST recordings/%(recording_id)s/holds": (E.HOLD_PLACED,),
    "POST holds/%(hold_id)s/release": (E.HOLD_RELEASED,),
    "POST recordings/%(recording_id)s/early-disposals": (E.EARLY_DISPOSAL_REQUESTED,),
    "GET early-disposals/%(request_id)s": (E.RECORDING_VIEWED,),
    "POST early-disposals/%(request_id)s/approve": (E.EARLY_DISPOSAL_APPROVED, E.RECORDING_DISPOSED),
    "POST early-disposals/%(request_id)s/refuse": (E.EARLY_DISPOSAL_REFUSED,),
    "POST cameras": (E.CAMERA_RECEIVED,),
    "POST cameras/%(camera_id)s/return": (E.CAMERA_RETURNED,),
    "POST cameras/import": (E.FLEET_IMPORTED,),
    "POST destinations": (E.DESTINATION_OPENED,),
    "POST destinations/%(destination_id)s/renew": (E.DESTINATION_RENEWED,),
    "POST destinations/%(destination_id)s/revoke": (E.DESTINATION_REVOKED,),
    "POST transfers/%(container_id)s/end": (E.RECORDING_SEALED,),
    "POST accounts": (E.ACCOUNT_CREATED,),
    "POST accounts/%(account_id)s/roles": (E.ROLE_GRANTED,),
    "DELETE accounts/%(account_id)s/roles/%(role)s": (E.ROLE_REVOKED,),
    "GET events": (E.LOG_VIEWED,),
    "GET events.csv": (E.LOG_VIEWED,),
    "GET events/%(event_id)s": (E.LOG_VIEWED,),
    "GET events/%(event_id)s/receipt": (E.LOG_RECEIPT_TAKEN,),
    "GET events/%(event_id)s/leaf": (E.LOG_RECEIPT_TAKEN,),
    "POST sign-out": (E.ACCOUNT_SIGNED_OUT,),
    "GET recording": (E.RECORDING_VIEWED,),
    "GET recording-track": (E.RECORDING_VIEWED,),
    "GET recording-history-pdf": (E.RECORDING_HISTORY_EXPORTED,),
    "GET recording-history-csv": (E.RECORDING_HISTORY_EXPORTED,),
    "POST recording-category": (E.RECORDING_CATEGORISED,),
    "POST recording-link": (E.INCIDENT_LINKED,),
    "POST recording-unlink": (E.INCIDENT_UNLINKED,),
    "POST recording-hold": (E.HOLD_PLACED,),
    "POST recording-release": (E.HOLD_RELEASED,),
    "POST recording-clip": (E.CLIP_REQUESTED,),
    "GET clip": (E.RECORDING_VIEWED,),
    "POST incident-record": (E.INCIDENT_RECORDED,),
    "GET incident": (E.INCIDENT_VIEWED,),
    "POST exhibit-produce": (E.EXHIBIT_PRODUCED,),
    "GET exhibit": (E.EXHIBIT_VIEWED,),
    "POST pack-request": (E.PACK_REQUESTED,),
    "POST camera-return": (E.CAMERA_RETURNED,),
    "POST destination-open": (E.DESTINATION_OPENED,),
    "POST destination-renew": (E.DESTINATION_RENEWED,),
    "POST destination-revoke": (E.DESTINATION_REVOKED,),
    "POST transfer-end": (E.RECORDING_SEALED,),
    "GET early-disposal": (E.RECORDING_VIEWED,),
    "GET early-disposal-approve": (E.RECORDING_VIEWED,),
    "POST early-disposal-approve": (E.EARLY_DISPOSAL_APPROVED, E.RECORDING_DISPOSED),
    "POST early-disposal-refuse": (E.EARLY_DISPOSAL_REFUSED,),
    "GET recording-early-disposal": (E.RECORDING_VIEWED,),
    "POST recording-early-disposal": (E.EARLY_DISPOSAL_REQUESTED,),
    "GET log": (E.LOG_VIEWED,),
    "GET log-csv": (E.LOG_VIEWED,),
    "GET log-event": (E.LOG_VIEWED,),
    "GET log-receipt": (E.LOG_RECEIPT_TAKEN,),
    "GET log-leaf": (E.LOG_RECEIPT_TAKEN,),
    "GET log-prove-event": (E.LOG_RECEIPT_TAKEN,),
}

_BROWSING = (
    "a list that nothing was asked of; a search is logged (`SEARCHES`), and so is each thing opened from it"
)
_FORCE = "the force's own kit and staff, no footage and nobody filmed"
_NAMELESS = "names and sizes of what is no recording yet; nothing in it can be seen, and its end is logged"
_FORM = "an empty form"
_PUBLIC = "the log as it is published for everyone; it names nobody, and who asks is not known"
_PROGRESS = (
    "how far a worker is with what was asked for; the request is logged, and so is taking what comes of it"
)
_REFUSED = "what the walk sends is refused as a conflict; its service is tried by `test_services`"

LEAVES_NONE: Mapping[str, str] = {
    "GET session": "who I am",
    "GET recordings": _BROWSING,
    "GET categories": "a list of names",
    "GET incidents": _BROWSING,
    "GET exhibits": _BROWSING,
    "GET exhibits/%(exhibit_id)s/packs": _PROGRESS,
    "GET packs/%(pack_id)s": _PROGRESS,
    "GET retention/plan": _BROWSING,
    "GET early-disposals": _BROWSING,
    "POST early-disposals/%(request_id)s/withdraw": _REFUSED,
    "GET cameras": _FORCE,
    "GET cameras/%(camera_id)s": _FORCE,
    "POST cameras/%(camera_id)s/assign": _REFUSED,
    "GET docks": _FORCE,
    "GET destinations": _FORCE,
    "GET destinations/%(destination_id)s": _FORCE,
    "GET transfers/unfinished": _NAMELESS,
    "GET transfers/rejected": _NAMELESS,
    "GET units": _FORCE,
    "GET officers": _FORCE,
    "GET accounts": _FORCE,
    "GET log/consistency": _PUBLIC,
    "GET home": _BROWSING,
    "GET sign-in": _FORM,
    "GET access-reason": _FORM,
    "POST access-reason": "the reason is kept in the session, and logged with each act that it covers",
    "GET recording-clips": _PROGRESS,
    "GET incident-record": _FORM,
    "GET exhibit-produce": _FORM,
    "GET exhibit-packs": _PROGRESS,
    "GET fleet": _FORCE,
    "GET fleet-units": _FORCE,
    "GET fleet-import": _FORM,
    "POST fleet-import": "a trial run that shows what would be imported; the import itself is tried over the API",
    "GET camera": _FORCE,
    "GET destination": _FORCE,
    "GET destination-open": _FORM,
    "GET destination-revoke": _FORM,
    "GET unfinished": _NAMELESS,
    "GET transfer-end": _NAMELESS,
    "GET rejected": _NAMELESS,
    "POST camera-assign": _REFUSED,
    "GET retention": _BROWSING,
    "POST early-disposal-withdraw": _REFUSED,
    "GET log-prove": _FORM,
    "GET log-checkpoint": _PUBLIC,
    "GET log-tile": _PUBLIC,
    "GET log-vkey": _PUBLIC,
    "GET log-vkey-current": _PUBLIC,
    "GET log-vkeys": _PUBLIC,
}

SEARCHES = (
    "/recordings/?words=Barrow",
    "/api/v1/recordings?words=101LX",
    "/api/v1/recordings?category=crime",
)
"""Lists of recordings that something is asked of."""
