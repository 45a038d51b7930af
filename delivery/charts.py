"""The drawing of a report, as SVG text: a score on the bands of its scale.

Pure, no state, same input gives the same bytes. Lengths are points (1 unit of the viewBox = 1 pt on
paper); scores are numbers on the measure's own scale.

What the geometry keeps:
* A limit lies half a step away from the scores that it separates (cut-off 10 is drawn at 9.5), so a
  score never sits on a line and "is 10 over or under?" has one answer.
* Nothing depends on colour: bands are named, the cut-off is dashed, the present score is largest, bold.
* Few and short <text> nodes: the renderer shapes SVG text letter by letter.
* The <title> is the alternative text and holds every number that the drawing shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

INK, SOFT, ACCENT, PAPER = "#221f23", "#4a454a", "#5b2150", "#fff"
TINTS = ("#fafaf8", "#f2f2f0", "#e9e8e8", "#dfdddf", "#d4d0d4")  # lightness falls with severity
FONT = "Atkinson Hyperlegible Next"
WIDTH = 493.0  # the text measure of the report, 174 mm
TOP, THICK = 18, 11  # the bar: its upper edge and its height
LETTER = 0.5  # a letter's mean width, in ems of this font, rounded up


@dataclass(frozen=True)
class Mark:
    """A labelled place on the scale: an earlier score or the cut-off."""

    score: float
    label: str


def number(value: float) -> str:
    """A number as printed: two decimals at most, no trailing zeros, a typographic minus."""
    return _n(round(value, 2) + 0.0).replace("-", "−")  # adding 0.0 turns -0.0 into 0.0


def band_scale(
    limits: tuple[float, float],
    bands: Sequence[tuple[str, float, float]],
    now: tuple[float, float],
    now_label: str,
    alt: str,
    *,
    earlier: Sequence[Mark] = (),
    cutoff: Mark | None = None,
    step: float = 1,
    lower_is_better: bool = True,
) -> str:
    """The scale between its `limits` as one bar with its bands, earlier scores, cut-off and `now`.

    `bands` are (name, lowest, highest), inclusive, from low to high; `now` is the score twice, or the
    lowest and highest possible score where there is no total. `alt` becomes the alternative text.
    """

    low, high = limits

    def px(score: float) -> float:
        return (score - low + step / 2) / (high - low + step) * WIDTH

    rows, names = _band_names(bands, px, step)
    parts = [
        _rect(px(lo - step / 2), px(hi + step / 2), _tint(i, len(bands), lower_is_better))
        for i, (_, lo, hi) in enumerate(bands)
    ]
    if len(bands) > 1:
        edges = "".join(f"M{_n(px(lo - step / 2))} {TOP}v{THICK}" for _, lo, _ in bands[1:])
        parts.append(_path(edges, 0.8, SOFT))
    parts.append(_path(f"M0 {TOP}H{_n(WIDTH)}M0 {TOP + THICK}H{_n(WIDTH)}", 0.5, SOFT))
    if not bands:  # nothing but the ends to read the bar by
        parts.append(_path(f"M.4 {TOP}v{THICK}M{_n(WIDTH - 0.4)} {TOP}v{THICK}", 0.8, SOFT))
        names += [_text(0, TOP + THICK + 11, number(low), "start")]
        names += [_text(WIDTH, TOP + THICK + 11, number(high), "end")]
    parts += names

    labels = [_Label(px(sum(now) / 2), now_label, bold=True)]
    for mark in earlier:
        parts.append(_path(f"M{_n(px(mark.score))} {TOP - 3}v{THICK + 3}", 1.4))
        _join(labels, _Label(px(mark.score), mark.label))
    if cutoff is not None:
        x = px(cutoff.score - step / 2 if lower_is_better else cutoff.score + step / 2)
        parts.append(_path(f"M{_n(x)} {TOP - 5}v{THICK + 10}", 1.2, dash="3 1.5"))
        label = _Label(x, cutoff.label)
        if not any(label.touches(other) for other in labels):  # the words beside the score say it too
            labels.append(label)
    parts.append(_pointer(px(now[0]), px(now[1])))
    parts += [_text(one.x, 11, one.text, "middle", bold=one.bold) for one in labels]
    size = f'width="{_n(WIDTH)}pt" height="{37 + 10 * rows}pt" viewBox="0 0 {_n(WIDTH)} {37 + 10 * rows}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(alt)}</title>\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


class _Label:
    """A word above the bar, kept inside the drawing."""

    def __init__(self, x: float, text: str, *, bold: bool = False) -> None:
        self.half = len(text) * 8.5 * LETTER / 2
        self.x = min(max(x, self.half), WIDTH - self.half)
        self.text, self.bold = text, bold

    def touches(self, other: _Label) -> bool:
        return abs(self.x - other.x) < self.half + other.half + 5


def _join(labels: list[_Label], new: _Label) -> None:
    """Add a label; where it would meet another, the two become one text."""
    for old in list(labels):
        if new.touches(old):
            labels.remove(old)
            new = _Label(old.x, f"{old.text}, {new.text}", bold=old.bold or new.bold)
    labels.append(new)


def _band_names(
    bands: Sequence[tuple[str, float, float]], px: Callable[[float], float], step: float
) -> tuple[int, list[str]]:
    """The names under the bar: one row, or two in turn where a name is wider than its band."""
    places = [(name, px(lo - step / 2), px(hi + step / 2)) for name, lo, hi in bands]
    rows = 2 if any(len(name) * 8 * LETTER > b - a - 4 for name, a, b in places) else 1
    texts = []
    for i, (name, a, b) in enumerate(places):
        half = len(name) * 8 * LETTER / 2
        x = min(max((a + b) / 2, half), WIDTH - half)
        texts.append(_text(x, TOP + THICK + 11 + 10 * (i % rows), name, "middle"))
    return rows, texts


def _tint(i: int, count: int, lower_is_better: bool) -> str:
    rank = i if lower_is_better else count - 1 - i
    return TINTS[rank if count <= len(TINTS) else round(rank * (len(TINTS) - 1) / (count - 1))]


def _pointer(a: float, b: float) -> str:
    """A wedge on the score, or a bracket over the possible scores."""
    if a == b:
        return _path(f"M{_n(a)} {TOP + THICK - 1}l-6 -12h12Z", 1, PAPER, ACCENT)
    foot = TOP + THICK
    return _path(f"M{_n(a)} {TOP - 4}V{foot}M{_n(b)} {TOP - 4}V{foot}M{_n(a)} {TOP + 1}H{_n(b)}", 2.2, ACCENT)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-family="{FONT}" font-size="{"8.5" if bold else "8"}" '
        f'font-weight="{"700" if bold else "400"}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'
    )


def _rect(x0: float, x1: float, fill: str) -> str:
    return f'<rect x="{_n(x0)}" y="{TOP}" width="{_n(x1 - x0)}" height="{THICK}" fill="{fill}"/>'


def _path(d: str, width: float, stroke: str = INK, fill: str = "none", dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}"{dashes}/>'
