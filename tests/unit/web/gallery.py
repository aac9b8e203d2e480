"""Every component on one page, to be looked at and checked: `python tests/unit/web/gallery.py` serves it on loopback.

The page is served under a policy of `default-src 'self'`, so that anything inline or foreign fails here first.
"""

import json
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.template.backends.django import DjangoTemplates

WEB = Path(__file__).resolve().parents[3] / "src/tabard/web"
POLICY = "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
STARTED_AT = datetime(2026, 3, 29, 0, 59, 40, tzinfo=UTC)
SECONDS = 30


class ExampleForm(forms.Form):
    reference = forms.CharField(help_text="For example 1234567/26.")
    starts_at = forms.DateTimeField(label="Starts", widget=forms.DateTimeInput)
    on_date = forms.DateField(label="Date of the stop", widget=forms.DateInput)
    unit = forms.ChoiceField(choices=[("", "Choose"), ("lx", "Lambeth"), ("sx", "Southwark")])
    kind = forms.ChoiceField(
        label="What happened?",
        widget=forms.RadioSelect,
        choices=[("crime", "Crime report"), ("stop", "Stop and search"), ("force", "Use of force")],
    )
    seen = forms.MultipleChoiceField(
        label="Seen in the footage",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[("faces", "Faces"), ("plates", "Number plates")],
    )
    sure = forms.BooleanField(label="I have watched it to the end", help_text="From first to last frame.")
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), help_text="Kept in the custody log.")
    statement = forms.FileField(label="Statement")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


class ExampleFilter(forms.Form):
    q = forms.CharField(label="Search", required=False)
    unit = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("lx", "Lambeth"), ("sx", "Southwark"), ("zd", "Croydon")],
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput)
    held = forms.BooleanField(label="On hold", required=False)


class ClipForm(forms.Form):
    start_s = forms.FloatField(label="Start")
    end_s = forms.FloatField(label="End")


def engine():
    """The pages' templates and tags under whatever settings are configured."""
    return DjangoTemplates(
        {
            "NAME": "gallery",
            "DIRS": [WEB / "templates"],
            "APP_DIRS": False,
            "OPTIONS": {"libraries": {"tabard_ui": "tabard.web.templatetags.tabard_ui"}},
        }
    )


def track():
    steps = range(0, SECONDS + 1, 2)
    return [
        {
            "offset_s": s,
            "at": STARTED_AT + timedelta(seconds=s),
            "latitude": 51.4613 + s * 0.00006,
            "longitude": -0.1156 + s * s * 0.000003,
        }
        for s in steps
    ]


def footage():
    times = json.dumps(list(range(0, SECONDS, 2)))
    return {
        "src": "footage.mp4",
        "poster": "poster.jpg",
        "started_at": STARTED_AT,
        "track_url": "track.geojson",
        "points": track(),
        "strip": {"url": "strip.jpg", "times": times, "columns": 5, "tile_width": 160, "tile_height": 90},
    }


def example_context():
    sections = (
        "Home",
        "Recordings",
        "Incidents",
        "Exhibits",
        "Fleet",
        "Retention",
        "Disclosure",
        "Custody log",
    )
    rows = [
        ("PC 482LX", "Stop and search", "sealed", 912.4),
        ("PC 119LX", "Uncategorised", "cannot_be_decoded", None),
        ("PS 33LX", "Domestic abuse", "on_hold", 4021),
        ("PC 704TX", "Traffic", "unknown_officer", 0.4),
    ]
    return {
        "organisation": "Metropolitan Police (simulated)",
        "navigation": [{"label": s, "url": f"#{s.lower()}", "current": s == "Recordings"} for s in sections],
        "account": {"name": "PC 482LX", "detail": "Officer, Lambeth"},
        "sign_out_url": "/sign-out",
        "log_origin": "tabard.example/log",
        "version": "0.1.0",
        "accessibility_url": "#accessibility",
        "messages": [
            Message("success", "The clip is being cut."),
            Message("warning", "The camera clock is fast."),
        ],
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "footage": footage(),
        "recordings": [
            {"officer": o, "category": c, "status": s, "duration_s": d, "started_at": STARTED_AT}
            for o, c, s, d in rows
        ],
        "form": ExampleForm(
            data={"reference": "", "starts_at": "2026-02-31T10:00", "reason": "Because <b>"}, files={}
        ),
        "clip_form": ClipForm(),
        "filter_form": ExampleFilter(QueryDict("q=brixton&unit=lx&unit=zd&held=on&after=9")),
        "statuses": ["receiving", "sealed", "queued", "failed", "held", "missing", "matched", "disposed"],
    }


def render_gallery():
    return engine().get_template("components/gallery.html").render(example_context())


class Message:
    """As Django's messages look to a template."""

    def __init__(self, level_tag, text):
        self.level_tag, self.text = level_tag, text

    def __str__(self):
        return self.text


def write_site(folder):
    """The page with footage, pictures and a track that it can show."""
    (folder / "index.html").write_text(render_gallery())
    (folder / "static").symlink_to(WEB / "static")
    (folder / "track.geojson").write_text(json.dumps(geojson()))
    write_footage(folder)


def geojson():
    points = track()
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[p["longitude"], p["latitude"]] for p in points]},
        "properties": {"offsets_s": [p["offset_s"] for p in points]},
    }


def write_footage(folder):
    import av
    from PIL import Image

    pictures = [picture(second / 5) for second in range(SECONDS * 5)]
    with av.open(str(folder / "footage.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for image in pictures:
            out.mux(stream.encode(av.VideoFrame.from_image(image)))
        out.mux(stream.encode(None))
    pictures[7].save(folder / "poster.jpg")
    strip = Image.new("RGB", (800, 270))
    for index in range(SECONDS // 2):
        strip.paste(pictures[index * 10].resize((160, 90)), (index % 5 * 160, index // 5 * 90))
    strip.save(folder / "strip.jpg")


def picture(at_s):
    """A street at night as a few shapes, different at every moment."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (640, 360), (24, 32, 48))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 360), (280, 180), (360, 180), (640, 360)], fill=(60, 64, 72))
    for i in range(6):
        left = (i * 130 - int(at_s * 25)) % 760 - 100
        draw.rectangle([left, 60 + i % 3 * 20, left + 90, 230], fill=(70 + i * 18, 60 + i * 9, 58))
    x = int(at_s * 30) % 560
    draw.ellipse([x, 150, x + 40, 190], fill=(216, 170, 140))
    draw.rectangle([x - 8, 190, x + 48, 300], fill=(30, 70, 140))
    draw.text((8, 8), f"{at_s:06.2f} s", fill=(255, 255, 255))
    return image


class Handler(SimpleHTTPRequestHandler):
    """Static files with the policy and byte ranges, which a video needs for seeking."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def do_GET(self):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            super().do_GET()
            return
        data = Path(self.translate_path(self.path)).read_bytes()
        first, last = int(wanted[1]), int(wanted[2] or len(data) - 1)
        part = data[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_args):
        """Nothing: the test's output is enough."""


def serve(folder, port=0):
    """A running server of the folder on loopback; the caller shuts it down."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(folder)))


def main():
    import django

    settings.configure(STATIC_URL="static/", USE_TZ=True, TIME_ZONE="Europe/London", USE_I18N=False)
    django.setup()
    with tempfile.TemporaryDirectory() as name:
        write_site(Path(name))
        server = serve(Path(name), port=int(sys.argv[1]) if len(sys.argv) > 1 else 8090)
        print(f"http://127.0.0.1:{server.server_port}/")
        server.serve_forever()


if __name__ == "__main__":
    main()
