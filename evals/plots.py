"""Plots as SVG that follow the page: colours are CSS classes, text is text, no script.

Drawn by hand and not by matplotlib, as a picture must be readable in light, dark and print and at
the width of a phone; a plot here is a few hundred bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

Point = tuple[float, float]

_WIDTH, _HEIGHT = 340, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 20, 12, 40
_ROW = 24
_LABELS = 118


class Line(NamedTuple):
    """One line, or with `dots` its points alone."""

    name: str
    points: Sequence[Point]
    look: str
    """CSS class: "system", "other", "base"."""
    dots: bool = False
    steps: bool = False


class Interval(NamedTuple):
    """A figure with its interval, on a row of its own."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""
    look: str = "system"


class Axes(NamedTuple):
    """What a plot of lines is about."""

    title: str
    x: str
    y: str
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)
    percent_x: bool = True


def lines(axes: Axes, found: Sequence[Line]) -> str:
    """Return a plot of lines over two axes, with a legend."""
    parts = [_grid(axes)]
    for line in found:
        at = [_place(axes, p) for p in line.points]
        if line.dots:
            parts += [
                f'<circle class="dot {line.look}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>' for x, y in at
            ]
            continue
        path = _stepped(at) if line.steps else at
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
        parts.append(f'<polyline class="line {line.look}" points="{drawn}"/>')
    legend = "".join(
        f'<li><i class="key {line.look}{" dots" * line.dots}"></i>{escape(line.name)}</li>'
        for line in found
    )
    picture = _svg(axes.title, _WIDTH, _HEIGHT, parts)
    return f'<figure>{picture}<ul class="legend">{legend}</ul></figure>'


def intervals(
    title: str,
    rows: Sequence[Interval],
    *,
    span: tuple[float, float] = (0.0, 1.0),
    percent: bool = True,
    mark: float | None = None,
) -> str:
    """Return figures with their intervals, one a row.

    Args:
        title: read out by screen readers.
        rows: from top to bottom; one without a value says so.
        span: of the axis.
        percent: label the axis in per cent.
        mark: draw a dashed line here.
    """
    height = _TOP + _ROW * len(rows) + 26
    floor = height - 26
    parts = []
    for tick in _ticks(span):
        x = _along(tick, span)
        label = f"{tick:.0%}" if percent else f"{tick:g}"
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{floor}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{floor + 15}" text-anchor="middle">{label}</text>'
        )
    if mark is not None:
        x = _along(mark, span)
        parts.append(
            f'<line class="line base" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{floor}"/>'
        )
    for place, row in enumerate(rows):
        parts += _interval_row(row, _TOP + _ROW * (place + 0.5), span)
    return f"<figure>{_svg(title, _WIDTH, height, parts)}</figure>"


def _interval_row(row: Interval, y: float, span: tuple[float, float]) -> list[str]:
    parts = [_text("row", _LABELS - 8, y + 4, row.name, "end")]
    if row.value is None:
        parts.append(f'<text class="tick" x="{_LABELS + 4}" y="{y + 4:.1f}">undefined</text>')
        return parts
    tip = f"<title>{escape(row.name)}: {escape(row.note)}</title>"
    if row.low is not None and row.high is not None:
        low, high = _along(row.low, span), _along(row.high, span)
        parts.append(
            f'<line class="whisker {row.look}" x1="{low:.1f}" x2="{high:.1f}" '
            f'y1="{y:.1f}" y2="{y:.1f}">{tip}</line>'
        )
    x = _along(row.value, span)
    parts.append(f'<circle class="dot {row.look}" cx="{x:.1f}" cy="{y:.1f}" r="4.5">{tip}</circle>')
    return parts


def _along(value: float, span: tuple[float, float]) -> float:
    share = (min(max(value, span[0]), span[1]) - span[0]) / (span[1] - span[0])
    return _LABELS + share * (_WIDTH - _LABELS - 18)


def _place(axes: Axes, point: Point) -> Point:
    (left, right), (low, high) = axes.x_range, axes.y_range
    x = (point[0] - left) / ((right - left) or 1)
    y = (point[1] - low) / ((high - low) or 1)
    wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    return _LEFT + x * wide, _TOP + (1 - y) * tall


def _stepped(points: Sequence[Point]) -> list[Point]:
    out: list[Point] = []
    for x, y in points:
        if out:
            out.append((x, out[-1][1]))
        out.append((x, y))
    return out


def _grid(axes: Axes) -> str:
    parts = []
    for tick in _ticks(axes.y_range):
        x, y = _place(axes, (axes.x_range[0], tick))
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(_text("tick", _LEFT - 5, y + 4, f"{tick:.0%}", "end"))
    for tick in _ticks(axes.x_range):
        x, _ = _place(axes, (tick, axes.y_range[0]))
        label = f"{tick:.0%}" if axes.percent_x else f"{tick:g}"
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 15}" '
            f'text-anchor="middle">{label}</text>'
        )
    middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
    down = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
    parts.append(_text("axis", middle, _HEIGHT - 6, axes.x))
    parts.append(
        f'<text class="axis" transform="translate(10 {down:.1f}) rotate(-90)" '
        f'text-anchor="middle">{escape(axes.y)}</text>'
    )
    return "".join(parts)


def _ticks(span: tuple[float, float]) -> list[float]:
    """Return four to six round numbers within a span."""
    wide = (span[1] - span[0]) or 1.0
    size = 10.0 ** int(f"{wide:e}".split("e")[1])
    step = next(s for s in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if wide / (s * size) <= 6) * size
    first = -(-span[0] // step) * step
    count = int((span[1] - first) / step + 1e-9) + 1
    return [round(first + i * step, 10) for i in range(count)]


def _text(look: str, x: float, y: float, words: str, anchor: str = "middle") -> str:
    return (
        f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _svg(title: str, width: int, height: float, parts: Sequence[str]) -> str:
    label = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {width} {height:g}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )
