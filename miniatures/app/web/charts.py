"""Draws charts as small SVG images without script, which follow whoever looks into light and dark.

pygal lays a chart out. Its own styles and scripts are taken out, and ours are put in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from pygal.graph.graph import Graph

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "private, max-age=86400, immutable",
}
"""An image has its style within it, and its address changes with its numbers."""

_WIDE, _NARROW = (560, 270), (344, 280)
_LETTER = 7
"""How wide a letter is, about."""

_FOOT = 26
"""What pygal leaves out when it makes room for a legend below."""

_TONES = {
    "ready": ("#1a7f4b", "#5cc98e"),
    "needs_review": ("#d08a1d", "#e5a94b"),
    "nothing_found": ("#9aa1ab", "#78828e"),
    "blocked": ("#7a4fb0", "#b497e0"),
    "failed": ("#b3261e", "#f0857e"),
    "over_budget": ("#6e1a4b", "#d98ab5"),
    "pending": ("#c9ccd1", "#4d545c"),
    "accent": ("#1a5fb4", "#8ab8ff"),
}
"""Of each tone its colour on light and on dark ground."""

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #4c5562; stroke: none; }
.axis.x text { text-anchor: middle; }
.axis.y text { text-anchor: end; }
.background, .nofill { fill: none; }
.line { fill: none; }
.axis .line { stroke: #e3e0d8; }
.axis.x .line { stroke: none; }
.axis.y .major.line { stroke: #9aa1ab; }
.bar rect { stroke: none; }
.series .line { stroke: inherit; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round; }
.line-graph .serie-0 .line { stroke-width: 6; stroke-opacity: .45; }
.legend rect { stroke: none; }
.no_data { text-anchor: middle; font-size: 15px; }
"""
_DARK = """
text { fill: #a9b3be; }
.axis .line { stroke: #31363c; }
.axis.y .major.line { stroke: #5d6673; }
"""


class Kind(StrEnum):
    """What stands for a number."""

    BARS = "bars"
    """Stacked, so that their tops are sums."""
    LINES = "lines"
    """Shares in percent."""


@dataclass(frozen=True)
class Series:
    """Numbers of one kind, one a label; null where there is none."""

    name: str
    tone: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Chart:
    """What is to be drawn."""

    title: str
    kind: Kind
    labels: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def fingerprint(self) -> str:
        """What an image's address has in it, so that a browser fetches it again when its numbers have changed."""
        return sha256(repr(self).encode()).hexdigest()[:12]


def chart_response(chart: Chart, *, narrow: bool) -> Response:
    """The chart as an image."""
    return Response(draw(chart, narrow=narrow), media_type="image/svg+xml", headers=HEADERS)


def draw(chart: Chart, *, narrow: bool = False) -> bytes:
    """The image, laid out for a wide page or for a phone."""
    from lxml import etree

    root = _laid_out(chart, narrow=narrow).render_tree()
    for element in list(root.iter(etree.Comment, "{*}script", "{*}style", "{*}desc", "{*}title")):
        element.getparent().remove(element)
    for element in root.findall(".//*[@class='plot tooltip-overlay']"):
        element.getparent().remove(element)
    etree.SubElement(root.find("{*}defs"), "style").text = _style(chart)
    title = etree.Element("title")
    title.text = chart.title
    root.insert(0, title)
    width, height = _NARROW if narrow else _WIDE
    root.attrib.update({"id": "chart", "width": str(width), "height": str(height)})
    image: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return image


def _laid_out(chart: Chart, *, narrow: bool) -> Graph:
    import pygal
    from pygal.style import Style

    width, height = _NARROW if narrow else _WIDE
    longest = _LETTER * max((len(series.name) for series in chart.series), default=0)
    columns = min(3, max(1, (width - 80) // (longest + 3 * _LETTER)))
    widest = _LETTER * max(map(len, chart.labels), default=0)
    fit = max(1, (width - 80) // (widest + 3 * _LETTER))
    fonts = {f"{part}_font_size": 12 for part in ("label", "major_label", "legend", "no_data")}
    options: dict[str, Any] = {
        "width": width,
        "height": height,
        "style": Style(**fonts),
        "js": (),
        "no_prefix": True,
        "margin": 6,
        "margin_left": max(6, widest // 2 - 30),
        "margin_right": max(12, widest // 2),
        "margin_bottom": _FOOT,
        "spacing": 8,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": columns,
        "legend_box_size": 11,
        "truncate_legend": -1,
        "truncate_label": -1,
        "max_scale": 6,
        "show_minor_x_labels": False,
        "x_labels_major_every": max(1, -(-len(chart.labels) // fit)),
        "no_data_text": "Nothing yet",
    }
    if chart.kind is Kind.BARS:
        drawn = pygal.StackedBar(**options, value_formatter=lambda value: f"{value:,.0f}")
    else:
        drawn = pygal.Line(**options, value_formatter=lambda value: f"{value:.0f} %", range=(0, 100), dots_size=3)
    drawn.x_labels = list(chart.labels)
    for series in chart.series:
        drawn.add(series.name, list(series.values))
    return drawn


def _style(chart: Chart) -> str:
    light, dark = (
        "".join(
            f".color-{place} {{ fill: {_TONES[series.tone][ground]}; stroke: {_TONES[series.tone][ground]}; }}\n"
            for place, series in enumerate(chart.series)
        )
        for ground in (0, 1)
    )
    return f"{_STYLE}{light}@media (prefers-color-scheme: dark) {{{_DARK}{dark}}}"
