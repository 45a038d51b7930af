"""The page of a report: a `ReportInput` as well-formed XML, ready for the PDF worker.

Equal inputs give an equal page; nothing here reads a clock, a locale, a file other than the template, or
the network. Text from people is escaped by the template; characters that XML can't carry and signs
that turn the direction of a whole line are taken out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from gettext import NullTranslations
from typing import NamedTuple

from markupsafe import Markup

from delivery.charts import Mark, band_scale, number
from delivery.rendering import render
from delivery.report_input import Answer, Change, ReportInput, ReportInputError, Scale
from delivery.report_verdicts import Sentence, Verdicts
from delivery.report_words import Words

__all__ = ["ReportInput", "ReportInputError", "page"]

TEMPLATE = "report/report.html"
#: Not allowed in XML 1.0 (controls, lone surrogates, the two non-characters), and the overrides of
#: writing direction that would let a name reorder the words around it.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
#: Forms of so few questions stay on one page.
SHORT_FORM = 5
#: More blanks than this are named by number only; the table shows their wording.
MOST_BLANKS_IN_WORDS = 3
LONGEST_FOOTER_NAME = 60


class Critical(NamedTuple):
    """A line group of the "read first" box."""

    heading: str
    text: str
    answer: Answer
    alert: str


def page(report: ReportInput, translations: NullTranslations | None = None) -> str:
    """The report as XML text (XHTML names, no namespace), in the interface language of `translations`.

    Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone and ValueError for a malformed time.
    """
    words = Words(report.course.zone, translations)
    verdicts = Verdicts(words)
    answered = words.local(report.course.finished_at)
    blanks = [one for one in report.answers if one.state == "blank"]
    critical = _critical(report, words)
    alerted = {alert.item for alert in report.alerts}
    made = render(
        TEMPLATE,
        translations=translations,
        r=report,
        w=words,
        n=number,
        day=words.day(answered.date()),
        foot_name=_short(report.people.report_label),
        critical=critical,
        blanks=blanks,
        quiet_blanks=[one for one in blanks if one.item not in alerted],
        scored_blanks=sum(one.scored for one in blanks),
        marked=alerted | {one.item for one in blanks},
        most_blanks_in_words=MOST_BLANKS_IN_WORDS,
        earlier=any(one.last or one.first for one in report.answers),
        sentences=verdicts.of_score(report.total, report) if report.total else [],
        meaning=verdicts.meaning(report.total) if report.total else "",
        chart=_chart(report.total, words, report.measure.short) if report.total else "",
        subscales=[(one, [_cell(one, since) for since in ("first", "last")]) for one in report.subscales],
        compared=any(one.changes for one in report.subscales),
        banded=any(one.bands for one in report.subscales),
        sum_line=_sum(report.total, words) if report.total else None,
        new_page=len(report.answers) > SHORT_FORM,
        four=_four,
    )
    return _UNPRINTABLE.sub("", made)


def _critical(report: ReportInput, words: Words) -> list[Critical]:
    answers = {one.item: one for one in report.answers}
    found = []
    for alert in report.alerts:
        if alert.item not in answers:
            raise ValueError(f"an alert names {alert.item}, which is not among the answers")
        one = answers[alert.item]
        heading = (
            words.left_blank(report.people.respondent_role, one.number)
            if one.state == "blank"
            else words.question(one.number) + f", “{one.label}”"
        )
        found.append(Critical(heading, one.text, one, words.alert(alert, report.course)))
    return found


def _chart(scale: Scale, words: Words, short: str) -> Markup:
    """The band scale; empty where there is neither a score nor a range to show."""
    now = (scale.value, scale.value) if scale.value is not None else scale.possible
    if now is None:
        return Markup("")
    label = words.now(words.span(*now))
    earlier = {one.since: one for one in scale.changes if one.verdict != "not_compared"}
    marks = [
        Mark(one.score, words.earlier(since, one.score))
        for since in ("last", "first", "baseline")
        if (one := earlier.get(since))
    ]
    cutoff = Mark(scale.cutoff.score, words.cutoff(scale.cutoff)) if scale.cutoff else None
    said = [words.scale_alt(short, scale, now), *(mark.label for mark in marks)]
    if cutoff:
        said.append(cutoff.label)
    drawn = band_scale(
        (scale.low, scale.high),
        [(band.name, band.low, band.high) for band in scale.bands],
        now,
        label,
        ". ".join(said) + ".",
        earlier=marks,
        cutoff=cutoff,
        step=scale.step,
        lower_is_better=scale.lower_is_better,
    )
    return Markup(drawn)  # noqa: S704 - the drawing escapes its texts


def _cell(scale: Scale, since: str) -> Change | None:
    return next((one for one in scale.changes if one.since == since), None)


def _sum(scale: Scale, words: Words) -> Sentence | None:
    """ "Total: 2 + 1 + blank = 3 to 6." for a plain sum."""
    if not scale.addends:
        return None
    terms = " + ".join(words.blank() if one is None else number(one) for one in scale.addends)
    if scale.value is None:
        low, high = scale.possible or (scale.low, scale.high)
        return Sentence(words.no_total(), f"{terms} = {words.span(low, high)}.")
    return Sentence(words.total(), f"{terms} = {number(scale.value)}.")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_FOOTER_NAME else name[: LONGEST_FOOTER_NAME - 1].rstrip() + "…"


def _four(digest: str, count: int = 16) -> str:
    """A hash in groups of four, as many of them as asked for."""
    groups: Sequence[str] = re.findall("....", digest)
    return " ".join(groups[:count])
