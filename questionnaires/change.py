"""Change between two scores of the same scale, judged only by figures that were checked with their source."""

from __future__ import annotations

from typing import Literal, NamedTuple

from questionnaires.conditions import Number
from questionnaires.rules import ChangeFigure, Scale
from questionnaires.scales import tidy
from questionnaires.schema import Instrument

Direction = Literal["better", "worse", "same"]


class Change(NamedTuple):
    """A change from an earlier to a later score.

    `points` is later minus earlier. `reliable` is None where no verified figure says how much change is
    more than chance; `source` and `verified` belong to the figure that would decide. `crossed_cutoff` is
    True where the earlier score lay on the clinical side of the cut-off and the later one does not, and
    None without a verified cut-off.
    """

    points: Number
    direction: Direction
    reliable: bool | None
    source: str | None
    verified: bool
    crossed_cutoff: bool | None
    cutoff_source: str | None

    @property
    def recovered(self) -> bool | None:
        """Reliable change for the better that also left the clinical side; None where one part is unknown."""
        if self.reliable is None or self.crossed_cutoff is None:
            return None
        return self.reliable and self.crossed_cutoff


def change(instrument: Instrument, scale: str, earlier: Number, later: Number) -> Change:
    """Compare two scores of one scale. Raises KeyError for a scale the instrument doesn't have."""
    of = instrument.scale(scale)
    points = tidy(later - earlier)
    reliable = _figure(instrument, scale, "reliable")
    cutoff = _figure(instrument, scale, "cutoff")
    return Change(
        points=points,
        direction=_direction(points, of.higher_is_better),
        reliable=_reliable(reliable, earlier, points),
        source=reliable.source if reliable else None,
        verified=bool(reliable and reliable.verified),
        crossed_cutoff=_crossed(of, cutoff, earlier, later),
        cutoff_source=cutoff.source if cutoff else None,
    )


def _figure(instrument: Instrument, scale: str, kind: str) -> ChangeFigure | None:
    """The default figure of this kind, or the only one there is."""
    found = [one for one in instrument.change if one.scale == scale and one.kind == kind]
    default = [one for one in found if one.default]
    if default:
        return default[0]
    return found[0] if len(found) == 1 else None


def _direction(points: Number, higher_is_better: bool) -> Direction:
    if points == 0:
        return "same"
    return "better" if (points > 0) == higher_is_better else "worse"


def _reliable(figure: ChangeFigure | None, earlier: Number, points: Number) -> bool | None:
    if figure is None or not figure.verified:
        return None
    if figure.points is not None:
        return abs(points) >= figure.points
    if earlier == 0 or figure.percent is None:
        return None  # a share of nothing says nothing
    share = round(abs(points) / abs(earlier) * 100, 3)  # 30 percent of a third is 30 percent
    return share >= figure.percent


def _crossed(scale: Scale, figure: ChangeFigure | None, earlier: Number, later: Number) -> bool | None:
    if figure is None or not figure.verified or figure.points is None:
        return None
    if scale.higher_is_better:
        return earlier <= figure.points < later
    return later < figure.points <= earlier
