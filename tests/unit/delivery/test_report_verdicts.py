from __future__ import annotations

from dataclasses import replace

import pytest

from delivery.report_input import Change, Cutoff, ItemChange, Recovery, ReportInput, Scale
from delivery.report_verdicts import Verdicts
from delivery.report_words import Words
from tests.unit.workers import samples

SAYS = Verdicts(Words("America/Los_Angeles"))
FIRST = Change("first", "2026-06-05", 21, "reliable_improvement")
TOTAL = Scale("Total", 0, 27, value=14, cutoff=Cutoff(10), reliable=6)


def said(scale: Scale, report: ReportInput | None = None) -> list[str]:
    report = report or replace(samples.phq9(), changed_most=None)
    return [f"{one.verdict} {one.rest}".strip() for one in SAYS.of_score(scale, report)]


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        (FIRST, "Reliable improvement since the first, 5 Jun: 7 points lower, 21 to 14."),
        (
            Change("first", "2026-06-05", 7, "reliable_worsening"),
            "Reliable worsening since the first, 5 Jun: 7 points higher, 7 to 14.",
        ),
        (
            Change("last", "2026-11-06", 15, "no_reliable_change"),
            "No reliable change since the last, 6 Nov: 1 point lower, 15 to 14.",
        ),
        (Change("last", "2026-11-06", 14, "same"), "No change since the last, 6 Nov: 14 both times."),
        (
            Change("last", "2026-11-14", 17, "too_early", "6 days since the last; the answers overlap."),
            "Too early to judge: 6 days since the last; the answers overlap.",
        ),
        (
            Change("first", "2025-10-09", 17, "not_compared", "another version (1999 to 2026)."),
            "Not compared since the first, 9 Oct 2025: another version (1999 to 2026).",
        ),
        (
            replace(FIRST, verdict="no_figure"),
            "7 points lower, 21 to 14, since the first, 5 Jun. "
            "No published figure says which change is reliable.",
        ),
        (
            replace(FIRST, verdict="unverified"),
            "7 points lower, 21 to 14, since the first, 5 Jun. "
            "The usual figure, 6, is not yet checked against its source; it raises no flag.",
        ),
        (
            Change("baseline", "2026-07-17", 21, "reliable_improvement", "filled in at intake by her mother"),
            "Reliable improvement since the baseline you chose, 17 Jul "
            "(“filled in at intake by her mother”): 7 points lower, 21 to 14.",
        ),
    ],
)
def test_each_comparison_begins_with_its_verdict(change: Change, printed: str) -> None:
    assert said(replace(TOTAL, changes=(change,))) == [printed]


@pytest.mark.parametrize(
    ("possible", "printed"),
    [
        ((13, 16), "Not judged since the first, 5 Jun: 5 to 8 points lower than 21."),
        ((22, 25), "Not judged since the first, 5 Jun: 1 to 4 points higher than 21."),
        ((19, 22), "Not judged since the first, 5 Jun: possible 19 to 22, then 21."),
    ],
)
def test_without_a_total_nothing_is_judged(possible: tuple[float, float], printed: str) -> None:
    scale = replace(TOTAL, value=None, possible=possible, changes=(replace(FIRST, verdict="not_judged"),))
    report = replace(samples.phq9(), missing_rule="No rule.", changed_most=None)
    low, high = possible
    assert said(scale, report) == [f"No total: No rule. Possible: {low} to {high}.", printed]


@pytest.mark.parametrize(
    ("recovery", "lower_is_better", "printed"),
    [
        ("recovered", True, "Recovered: reliable improvement, and now below the cut-off of 10."),
        ("recovered", False, "Recovered: reliable improvement, and now above the cut-off of 10."),
        ("not_recovered", True, "Not recovered: still at or above the cut-off of 10."),
        ("not_recovered", False, "Not recovered: still at or below the cut-off of 10."),
        (
            "under_cutoff",
            True,
            "Below the cut-off of 10, but the change is not reliable, so not counted as recovery.",
        ),
        (
            "under_cutoff",
            False,
            "Above the cut-off of 10, but the change is not reliable, so not counted as recovery.",
        ),
        (
            "does_not_apply",
            True,
            "Recovery does not apply: the first score, 21, was already below the cut-off of 10.",
        ),
    ],
)
def test_recovery_is_worded_for_both_directions(
    recovery: Recovery, lower_is_better: bool, printed: str
) -> None:
    scale = replace(TOTAL, changes=(FIRST,), recovery=recovery, lower_is_better=lower_is_better)
    assert said(scale)[-1] == printed


def test_a_first_form_is_called_the_baseline() -> None:
    expected = "First answer: nothing to compare yet. This is the baseline unless you choose another."
    assert said(TOTAL) == [expected]


def test_a_first_form_without_a_total_is_not_called_the_baseline() -> None:
    assert said(replace(TOTAL, value=None))[-1] == "First answer: nothing to compare yet."


def test_an_estimated_total_says_so_first() -> None:
    report = replace(samples.phq9(), missing_rule="1 of 10 left blank, mean of the rest.", changed_most=None)
    assert said(replace(TOTAL, prorated=True), report)[0] == (
        "Estimated total 14: 1 of 10 left blank, mean of the rest."
    )


def test_what_changed_most_always_says_which_way() -> None:
    report = replace(
        samples.phq9(), changed_most=(ItemChange("sleep", 3, 1, True), ItemChange("energy", 1, 2, False))
    )
    assert (
        said(TOTAL, report)[-1] == "Changed most since last: sleep, 3 to 1 (better); energy, 1 to 2 (worse)."
    )
    assert said(TOTAL, replace(report, changed_most=()))[-1] == "No answer changed since last."


def test_the_small_print_explains_reliable_only_where_it_was_used() -> None:
    scale = replace(TOTAL, changes=(FIRST,), reliable_source="a manual")
    assert SAYS.meaning(scale) == "Reliable means 6 points or more (a manual). Lower is better."
    unverified = replace(scale, changes=(replace(FIRST, verdict="unverified"),), lower_is_better=False)
    assert SAYS.meaning(unverified) == "Higher is better."
    doubtful = replace(TOTAL, cutoff=Cutoff(10, verified=False))
    assert (
        SAYS.meaning(doubtful) == "The cut-off, 10, is not yet checked against its source. Lower is better."
    )
