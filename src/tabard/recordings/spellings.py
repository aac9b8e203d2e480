"""How do other systems spell what we call officer, camera, start? For sidecar files, manifests and atoms. Pure.

A name is compared by its letters and digits alone, so `Officer ID`, `officer_id` and `OfficerID` are one.
"""

import re
from collections.abc import Iterable, Mapping

_NOT_COMPARED = re.compile(r"[^a-z0-9]+")

SPELLINGS: Mapping[str, frozenset[str]] = {
    field: frozenset(names.split())
    for field, names in {
        "file": "file filename filepath path name relativepath videofile mediafile asset assetname evidencefile",
        "sha256": "sha256 hash filehash checksum digest hashsha256 sha256hash sha256checksum hashvalue",
        "sha1": "sha1 hashsha1 sha1hash sha1checksum",
        "md5": "md5 hashmd5 md5hash md5checksum md5sum",
        "size": "size sizebytes bytes filesize length",
        "officer": "officer officerid officernumber officerref user userid username shouldernumber shoulder "
        "collarnumber collar badge badgenumber badgeid warrantnumber warrant operator operatorid wearer wearerid "
        "owner ownerid staffid",
        "camera": "camera cameraid cameraserial cameraserialnumber serial serialnumber deviceserial "
        "deviceserialnumber device deviceid bwcserialnumber unitserial unitserialnumber bodyserialnumber",
        "started_at": "start startedat starttime starttimeiso startdatetime startdate recordingstart recordedat "
        "recordingdate recordingstarttime recordedon creationtime created createdat createdon creationdate "
        "datetime datetimeoriginal captured capturedat capturedate captureddate triggeron triggerontime "
        "timestamp begin beginning",
        "stopped_at": "stop stoppedat stoptime stoptimeiso stopdatetime end endedat endtime enddatetime enddate "
        "recordingend recordingendtime finish finishedat triggerofftime",
        "duration_s": "duration durations durationseconds durationsec durationinseconds lengthseconds",
        "make": "make manufacturer brand vendor cameramake devicemake",
        "model": "model cameramodel devicemodel modelname producttype",
        "firmware": "firmware firmwareversion fwversion fw softwareversion",
        "mount": "mount mounting mountposition mounttype wornon wearposition bodyposition",
        "category": "category categoryid categoryname classification eventtype incidenttype retentioncategory",
        "title": "title description note notes comment comments summary",
        "reference": "reference ref crimereference crimeref crimenumber incident incidentid incidentnumber "
        "incidentref incidentreference case caseid casenumber caseref urn cad cadnumber cadref occurrence "
        "occurrencenumber exhibitref exhibitreference evidenceid externalid",
        "recording": "recording recordingid recordingname video videoid eventid session sessionid groupid",
        "sequence": "sequence sequencenumber seq segment segmentnumber part partnumber chapter filenumber",
        "latitude": "lat latitude gpslatitude gpslat",
        "longitude": "lon lng long longitude longtitude gpslongitude gpslon gpslong",
    }.items()
}
_FIELD_OF = {name: field for field, names in SPELLINGS.items() for name in names}


def spelled(name: str) -> str:
    """The field that a column, key or element of this name holds; empty if it is none that we know."""
    return _FIELD_OF.get(_NOT_COMPARED.sub("", name.lower()), "")


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The known fields among named values, each as it is first given."""
    found: dict[str, str] = {}
    for name, value in pairs:
        field = spelled(name)
        if field and value.strip():
            found.setdefault(field, value.strip())
    return found
