"""The sentences beside a score: what changed, how surely, and what that does not say.

Each sentence begins with its verdict; "lower" and "higher" are neutral. Whether a change is reliable was
decided by the questionnaire's own rules before; this module only words it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from delivery.charts import number
from delivery.report_input import Change, Cutoff, ItemChange, ReportInput, Scale
from delivery.report_words import Words


class Sentence(NamedTuple):
    """A verdict, printed bold, and what follows it."""

    verdict: str
    rest: str


class Verdicts:
    """Sentences in the language and zone of `words`."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._ = words.gettext

    def of_score(self, scale: Scale, report: ReportInput) -> list[Sentence]:
        """Everything said beside the score, in printed order."""
        _ = self._
        said = []
        if scale.value is None:
            said += [self._no_total(scale, report)]
        elif scale.prorated:
            said += [
                Sentence(
                    _("Estimated total {n}:").format(n=number(scale.value)),
                    report.missing_rule or _("some answers were left blank."),
                )
            ]
        this_year = self.words.local(report.course.finished_at).year
        said += [self.change(change, scale, this_year) for change in scale.changes]
        if not scale.changes:
            nothing = _("nothing to compare yet.")
            if scale.value is not None:
                nothing += " " + _("This is the baseline unless you choose another.")
            said += [Sentence(_("First answer:"), nothing)]
        if scale.recovery and scale.cutoff:
            said += [self._recovery(scale, scale.cutoff)]
        if report.changed_most is not None:
            said += [self._most(report.changed_most)]
        return said

    def change(self, change: Change, scale: Scale, this_year: int) -> Sentence:
        """A comparison with the first form, the last one, or the chosen baseline."""
        _ = self._
        on = date.fromisoformat(change.on)
        since = {
            "first": _("since the first, {day}"),
            "last": _("since the last, {day}"),
            "baseline": _("since the baseline you chose, {day}"),
        }[change.since].format(day=self.words.day(on, year=on.year != this_year))
        if change.since == "baseline" and change.why:
            since += _(" (“{why}”)").format(why=change.why)
        moved = self._moved(change, scale)
        if change.verdict == "too_early":
            return Sentence(_("Too early to judge:"), f"{change.why or moved}")
        if change.verdict == "not_compared":
            return Sentence(_("Not compared"), f"{since}: {change.why or moved}")
        if change.verdict == "no_figure":
            return Sentence(
                "", f"{moved}, {since}. " + _("No published figure says which change is reliable.")
            )
        if change.verdict == "unverified":
            usual = _("The usual figure, {n}, is not yet checked against its source; it raises no flag.")
            return Sentence("", f"{moved}, {since}. " + usual.format(n=number(scale.reliable or 0)))
        verdict = {
            "reliable_improvement": _("Reliable improvement"),
            "reliable_worsening": _("Reliable worsening"),
            "no_reliable_change": _("No reliable change"),
            "same": _("No change"),
            "not_judged": _("Not judged"),
        }[change.verdict]
        return Sentence(verdict, f"{since}: {moved}.")

    def _moved(self, change: Change, scale: Scale) -> str:
        """ "7 points lower, 21 to 14"; without a total "5 to 8 points lower than 21"."""
        _ = self._
        if scale.value is not None:
            gap = scale.value - change.score
            if gap == 0:
                return _("{n} both times").format(n=number(change.score))
            return f"{self._gap(gap)}, " + self.words.span(change.score, scale.value)
        low, high = (end - change.score for end in scale.possible or (scale.low, scale.high))
        if low * high > 0:
            near, far = sorted((abs(low), abs(high)))
            words = (
                _("{a} to {b} points lower than {c}") if low < 0 else _("{a} to {b} points higher than {c}")
            )
            return words.format(a=number(near), b=number(far), c=number(change.score))
        return _("possible {range}, then {c}").format(
            range=self.words.span(low + change.score, high + change.score), c=number(change.score)
        )

    def _gap(self, gap: float) -> str:
        _ = self._
        if abs(gap) == 1:
            return _("1 point lower") if gap < 0 else _("1 point higher")
        return (_("{n} points lower") if gap < 0 else _("{n} points higher")).format(n=number(abs(gap)))

    def _no_total(self, scale: Scale, report: ReportInput) -> Sentence:
        _ = self._
        rest = report.missing_rule
        if scale.possible:
            rest += " " + _("Possible: {range}.").format(range=self.words.span(*scale.possible))
        return Sentence(_("No total:"), rest.strip())

    def _recovery(self, scale: Scale, cutoff: Cutoff) -> Sentence:
        _ = self._
        n, low = number(cutoff.score), scale.lower_is_better
        side = _("below") if low else _("above")
        if scale.recovery == "recovered":
            return Sentence(
                _("Recovered:"),
                _("reliable improvement, and now {side} the cut-off of {n}.").format(side=side, n=n),
            )
        if scale.recovery == "not_recovered":
            still = (
                _("still at or above the cut-off of {n}.")
                if low
                else _("still at or below the cut-off of {n}.")
            )
            return Sentence(_("Not recovered:"), still.format(n=n))
        if scale.recovery == "under_cutoff":
            verdict = _("Below the cut-off of {n},") if low else _("Above the cut-off of {n},")
            return Sentence(
                verdict.format(n=n), _("but the change is not reliable, so not counted as recovery.")
            )
        first = next((c.score for c in scale.changes if c.since != "last"), None)
        score = "" if first is None else f", {number(first)},"
        rest = _("the first score{score} was already {side} the cut-off of {n}.")
        return Sentence(_("Recovery does not apply:"), rest.format(score=score, side=side, n=n))

    def _most(self, items: Sequence[ItemChange]) -> Sentence:
        _ = self._
        if not items:
            return Sentence(_("No answer changed"), _("since last."))
        said = "; ".join(
            f"{one.name}, {self.words.span(one.before, one.after)} "
            + (_("(better)") if one.better else _("(worse)"))
            for one in items
        )
        return Sentence(_("Changed most"), _("since last: {items}.").format(items=said))

    def meaning(self, scale: Scale) -> str:
        """The small print under the sentences: what reliable means, which way is better."""
        _ = self._
        parts = []
        judged = ("reliable_improvement", "reliable_worsening", "no_reliable_change")
        if scale.reliable and any(change.verdict in judged for change in scale.changes):
            source = f" ({scale.reliable_source})" if scale.reliable_source else ""
            parts += [
                _("Reliable means {n} points or more{source}.").format(
                    n=number(scale.reliable), source=source
                )
            ]
        if scale.cutoff and not scale.cutoff.verified:
            parts += [
                _("The cut-off, {n}, is not yet checked against its source.").format(
                    n=number(scale.cutoff.score)
                )
            ]
        parts += [_("Lower is better.") if scale.lower_is_better else _("Higher is better.")]
        return " ".join(parts)
