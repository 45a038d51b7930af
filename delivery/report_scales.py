"""One scale of a report: value or range, bands, cut-off, and how it changed, judged by verified figures."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from delivery import report_input as page
from delivery.models.results import Submission
from questionnaires.change import change
from questionnaires.rules import ChangeFigure, Scale
from questionnaires.schema import Instrument


def scale_of(
    instrument: Instrument,
    scale_id: str,
    result: dict[str, Any],
    answers: list[page.Answer],
    past: list[tuple[Submission, dict[str, Any]]],
    zone: ZoneInfo,
) -> page.Scale:
    """A scale as the page shows it, compared with the first and the last earlier form that have a score."""
    scale = instrument.scale(scale_id)
    got = result["scores"][scale_id]
    reliable = _figure(instrument, scale_id, "reliable")
    cutoff = _figure(instrument, scale_id, "cutoff")
    changes = _changes(instrument, scale_id, got["value"], past, zone)
    return page.Scale(
        name=scale.label,
        low=scale.range[0],
        high=scale.range[1],
        value=got["value"],
        possible=tuple(got["range"]) if got["range"] and got["value"] is None else None,
        prorated=got["prorated"],
        band=got["band"],
        bands=tuple(page.Band(b.label, b.low, b.high) for b in scale.bands.ranges) if scale.bands else (),
        bands_verified=scale.bands is None or scale.bands.verified,
        step=1,
        lower_is_better=not scale.higher_is_better,
        cutoff=page.Cutoff(cutoff.points, cutoff.verified) if cutoff and cutoff.points is not None else None,
        reliable=reliable.points if reliable else None,
        reliable_source=reliable.source if reliable else "",
        changes=tuple(changes),
        recovery=_recovery(instrument, scale, got["value"], past, cutoff),
        addends=_addends(scale, answers),
    )


def _figure(instrument: Instrument, scale_id: str, kind: str) -> ChangeFigure | None:
    found = [f for f in instrument.change if f.scale == scale_id and f.kind == kind]
    return next((f for f in found if f.default), found[0] if len(found) == 1 else None)


def _changes(
    instrument: Instrument,
    scale_id: str,
    value: float | None,
    past: list[tuple[Submission, dict[str, Any]]],
    zone: ZoneInfo,
) -> list[page.Change]:
    scored = [(s, r["scores"][scale_id]["value"]) for s, r in past if _has(r, scale_id)]
    if not scored:
        return []
    compared: list[tuple[page.Since, Submission, float]] = [("first", *scored[0])]
    if len(scored) > 1:
        compared.append(("last", *scored[-1]))
    rows = []
    for since, submission, earlier in compared:
        verdict = "not_judged" if value is None else _verdict(instrument, scale_id, earlier, value)
        day = submission.answered_at.astimezone(zone).date().isoformat()
        rows.append(page.Change(since, day, earlier, verdict))  # type: ignore[arg-type]
    return rows


def _has(result: dict[str, Any], scale_id: str) -> bool:
    return result.get("scores", {}).get(scale_id, {}).get("value") is not None


def _verdict(instrument: Instrument, scale_id: str, earlier: float, value: float) -> str:
    found = change(instrument, scale_id, earlier, value)
    if found.reliable is None:
        return "unverified" if found.source else "no_figure"
    if found.direction == "same":
        return "same"
    if not found.reliable:
        return "no_reliable_change"
    return "reliable_improvement" if found.direction == "better" else "reliable_worsening"


def _recovery(
    instrument: Instrument,
    scale: Scale,
    value: float | None,
    past: list[tuple[Submission, dict[str, Any]]],
    cutoff: ChangeFigure | None,
) -> page.Recovery | None:
    """Recovered = reliable change for the better AND across the cut-off, from the clinical side."""
    first = next((r["scores"][scale.id]["value"] for _, r in past if _has(r, scale.id)), None)
    if first is None or value is None or cutoff is None or not cutoff.verified or cutoff.points is None:
        return None
    clinical = first <= cutoff.points if scale.higher_is_better else first >= cutoff.points
    if not clinical:
        return "does_not_apply"
    found = change(instrument, scale.id, first, value)
    if found.recovered:
        return "recovered"
    under = value > cutoff.points if scale.higher_is_better else value < cutoff.points
    return "under_cutoff" if under else "not_recovered"


def _addends(scale: Scale, answers: list[page.Answer]) -> tuple[float | None, ...]:
    """The values of a plain sum in printed order; nothing where the score is made otherwise."""
    if scale.method != "sum" or scale.scales or scale.reverse or scale.multiply != 1:
        return ()
    by_id = {a.item: a for a in answers}
    return tuple(by_id[i].value if i in by_id else None for i in scale.items)
