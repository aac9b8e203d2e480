"""How does a curve leave the page? As a sheet, and as a picture with the same shapes as the page's own."""

import csv
import io

import typst
from django.template.loader import render_to_string

from tabard.insight.curve import HEADING, WIDE, Curve, draw, table
from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.kernel.errors import NotFound

_PIXELS_PER_INCH = 144
_PAGE = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes("{}"), format: "svg", width: 960pt)'


def curve_csv(curve: Curve) -> str:
    """Every number of the curve, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADING)
    writer.writerows([inert(str(cell)) for cell in row] for row in table(curve))
    return BYTE_ORDER_MARK + out.getvalue()


def curve_png(curve: Curve, title: str) -> bytes:
    """The page's picture as a PNG 1,920 pixels wide, with title and key, in the typesetter's own fonts.

    Raises:
        NotFound: when there is nothing to draw.
    """
    drawing = draw(curve, WIDE)
    if drawing is None:
        raise NotFound("There is nothing to draw yet.")
    context = {"drawing": drawing, "title": title, "has_key": True}
    return _rasterised(render_to_string("rollout/curve_svg.html", context))


def _rasterised(svg: str) -> bytes:
    quoted = svg.replace("\\", "\\\\").replace('"', '\\"')
    return typst.compile(
        _PAGE.format(quoted).encode(),
        format="png",
        ppi=_PIXELS_PER_INCH,
        ignore_system_fonts=True,
    )
