"""Files as action cameras write them, made byte by byte: boxes of MP4, and GPMF telemetry in them."""

import struct
from datetime import datetime

EPOCH_1904 = datetime(1904, 1, 1)


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def klv(key: str, kind: str, size: int, body: bytes) -> bytes:
    head = struct.pack(">4sBBH", key.encode(), ord(kind) if kind else 0, size, len(body) // size)
    return head + body + bytes(-len(body) % 4)


def nested(key: str, *bodies: bytes) -> bytes:
    return klv(key, "", 1, b"".join(bodies))


def gps5(
    places: list[tuple[float, float]], at: str = "260302090007.000", fix: int = 3, name: str = "Hero6 Black"
) -> bytes:
    """A payload with places (latitude, longitude), all under one time."""
    rows = b"".join(struct.pack(">5i", round(lat * 1e7), round(lon * 1e7), 0, 0, 0) for lat, lon in places)
    stream = nested(
        "STRM",
        klv("GPSF", "L", 4, struct.pack(">I", fix)),
        klv("GPSU", "U", 16, at.encode()),
        klv("SCAL", "l", 4, struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100)),
        klv("GPS5", "l", 20, rows),
    )
    return nested("DEVC", klv("DVID", "L", 4, b"\0\0\0\1"), klv("DVNM", "c", 1, name.encode()), stream)


def gps9(rows: list[tuple[float, float, int, float, int]]) -> bytes:
    """A payload with places (latitude, longitude, days since 2000, seconds of the day, fix), each with its own time."""
    body = b"".join(
        struct.pack(
            ">7i2H", round(lat * 1e7), round(lon * 1e7), 0, 0, 0, days, round(seconds * 1000), 100, fix
        )
        for lat, lon, days, seconds, fix in rows
    )
    stream = nested(
        "STRM",
        klv("TYPE", "c", 1, b"lllllllSS"),
        klv("SCAL", "l", 4, struct.pack(">9i", 10**7, 10**7, 1000, 1000, 100, 1, 1000, 100, 1)),
        klv("GPS9", "?", 32, body),
    )
    return nested("DEVC", klv("DVID", "L", 4, b"\0\0\0\1"), klv("DVNM", "c", 1, b"HERO11 Black"), stream)


def movie_header(created: datetime | None, duration_s: float, *more: bytes, version: int = 0) -> bytes:
    """A `moov` box whose time is `created`, as a camera writes it, and whatever else is to stand in it."""
    seconds = round((created - EPOCH_1904).total_seconds()) if created else 0
    layout = ">IQQIQ" if version else ">IIIII"
    times = struct.pack(layout, version << 24, seconds, seconds, 1000, round(duration_s * 1000))
    return box(b"moov", box(b"mvhd", times, bytes(80)), *more)


def telemetry_track(
    offsets: list[int], sizes: list[int], each_s: float = 1.001, entry: bytes = b"gpmd"
) -> bytes:
    """A track of telemetry whose samples stand at these places in the file."""
    count = len(offsets)
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), box(entry, bytes(8))),
        box(b"stts", struct.pack(">IIII", 0, 1, count, round(each_s * 1000))),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(f">III{count}I", 0, 0, count, *sizes)),
        box(b"stco", struct.pack(f">II{count}I", 0, count, *offsets)),
    )
    return box(
        b"trak",
        box(b"mdia", box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, 1000, 0)), box(b"minf", table)),
    )


def camera_file(
    payloads: list[bytes] | None = None,
    *,
    created: datetime | None = datetime(2026, 3, 2, 10, 0),
    tail: bytes = b"",
) -> bytes:
    """A camera's MP4: telemetry among its media, and its serial number, model and firmware in its header."""
    payloads = payloads or [
        gps5([(51.46, -0.01), (51.461, -0.01)]),
        gps5([(51.462, -0.01), (51.463, -0.01)], at="260302090008.001"),
    ]
    start = box(b"ftyp", b"mp41", bytes(4))
    at, offsets = len(start) + 8, []
    for payload in payloads:
        offsets.append(at)
        at += len(payload)
    settings = nested(
        "DEVC", klv("DVNM", "c", 1, b"Video Global Settings"), klv("FMWR", "c", 1, b"HD9.01.01.72.00"),
        klv("CASN", "c", 1, b"C3461324500001"), klv("MINF", "c", 1, b"HERO9 Black"),
    )  # fmt: skip
    track = telemetry_track(offsets, [len(payload) for payload in payloads])
    header = movie_header(created, 2.0, box(b"udta", box(b"GPMF", settings)), track)
    return start + box(b"mdat", *payloads) + header + tail
