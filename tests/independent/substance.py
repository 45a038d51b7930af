"""Alcohol and drugs: AUDIT, CAGE, DAST-10, BAM and CRAFFT, each written from its publication."""

from __future__ import annotations

from typing import Final

from tests.independent.forms import (
    YES_NO,
    ZERO_TO_FOUR,
    count_of,
    form,
    ids,
)
from tests.independent.plain import (
    Answers,
    Context,
    Form,
    Result,
    at_least,
    at_most,
    band,
    blank,
    result,
    score,
    total,
)

DAYS: Final = ("0", "1", "2", "30", "365")
"""A few of the whole numbers from 0 to 365 that CRAFFT part A takes."""

FORMS: Final[dict[str, Form]] = {
    "audit": form("audit", range(1, 9), ZERO_TO_FOUR) | form("audit", (9, 10), ("0", "2", "4")),
    "cage": form("cage", range(1, 5), YES_NO),
    "dast10": form("dast10", range(1, 11), YES_NO),
    "bam": form("bam", range(1, 7), ZERO_TO_FOUR)
    | form("bam", [f"7{letter}" for letter in "abcdefg"], ZERO_TO_FOUR)
    | form("bam", range(8, 14), ZERO_TO_FOUR)
    | form("bam", [14], ("0", "4"))
    | form("bam", range(15, 18), ZERO_TO_FOUR),
    "crafft": form("crafft", ("a1", "a2", "a3"), DAYS) | form("crafft", range(1, 7), YES_NO),
}


def audit(answers: Answers, context: Context) -> Result:
    """Score the AUDIT, 0-40.

    Babor, Higgins-Biddle, Saunders and Monteiro 2001, AUDIT, Guidelines for Use in Primary Care, 2nd
    edition, WHO/MSD/MSB/01.6a: items 1-8 give 0-4, items 9 and 10 give 0, 2 or 4; "never" in item 1 leads
    to item 9, and so do items 2 and 3 that add up to 0; four zones 0-7, 8-15, 16-19, 20-40.
    """
    asked = ids("audit", range(1, 11))
    if answers.get("audit_1") == "0":
        asked = ids("audit", (1, 9, 10))
    elif answers.get("audit_2") == "0" and answers.get("audit_3") == "0":
        asked = ids("audit", (1, 2, 3, 9, 10))
    value = total(answers, asked)
    zone = band(value, [(0, 7, "zone I"), (8, 15, "zone II"), (16, 19, "zone III"), (20, 40, "zone IV")])
    return result(
        {"total": score(value, zone)},
        screens={"hazardous_drinking": at_least(value, 8)},
        missing=blank(answers, asked),
    )


def cage(answers: Answers, context: Context) -> Result:
    """Score the CAGE, 0-4: Ewing 1984, JAMA 252:1905-1907; one point a yes, 2 or more is significant."""
    items = ids("cage", range(1, 5))
    value = count_of(answers, items)
    return result(
        {"total": score(value)},
        screens={"alcohol_problem": at_least(value, 2)},
        missing=blank(answers, items),
    )


def dast10(answers: Answers, context: Context) -> Result:
    """Score the DAST-10, 0-10.

    Skinner 1982, Addict Behav 7:363-371 and the guide printed on the DAST-10: one point a yes, except item 3
    (always able to stop), where it is the no; 0, 1-2, 3-5, 6-8, 9-10. Three or more is moderate and calls
    for further investigation.
    """
    items = ids("dast10", range(1, 11))
    value = None
    if not blank(answers, items):
        value = sum(answers[item] == ("no" if item == "dast10_3" else "yes") for item in items)
    level = band(
        value,
        [(0, 0, "none"), (1, 2, "low"), (3, 5, "moderate"), (6, 8, "substantial"), (9, 10, "severe")],
    )
    return result(
        {"total": score(value, level)},
        screens={"drug_problem": at_least(value, 3)},
        missing=blank(answers, items),
    )


def bam(answers: Answers, context: Context) -> Result:
    """Score the BAM in its printing with five answers: use 0-12, risk 0-24, protective 0-24, no total.

    Cacciola 2013, J Subst Abuse Treat 44:256-263, and the VISN 4 MIRECC scoring sheet: use is items 4, 5
    and 6; risk 1, 2, 3, 8, 11 and 15; protective 9, 10, 12, 13, 14 and 16; 7A to 7G and 17 are in none.
    Item 14 is no 0 or yes 4. Marks of clinical importance: use 1 or more, risk 12 or more, protective 12
    or less.
    """
    use = total(answers, ids("bam", (4, 5, 6)))
    risk = total(answers, ids("bam", (1, 2, 3, 8, 11, 15)))
    protective = total(answers, ids("bam", (9, 10, 12, 13, 14, 16)))
    return result(
        {"use": score(use), "risk": score(risk), "protective": score(protective)},
        screens={
            "clinical_use": at_least(use, 1),
            "clinical_risk": at_least(risk, 12),
            "clinical_protective": at_most(protective, 12),
        },
        missing=blank(answers, ids("bam", (1, 2, 3, 4, 5, 6, *range(8, 17)))),
    )


def crafft(answers: Answers, context: Context) -> Result:
    """Score part B of the CRAFFT 2.1, 0-6.

    Knight 2002, Arch Pediatr Adolesc Med 156:607-614, and the CRAFFT 2.1 form: where all three answers of
    part A are 0 days, only the CAR question follows; one point a yes, 2 or more is a positive screen.
    """
    days = [answers.get(item) for item in ids("crafft", ("a1", "a2", "a3"))]
    no_use = all(day is not None and int(day) == 0 for day in days)
    asked = ids("crafft", [1] if no_use else range(1, 7))
    value = count_of(answers, asked)
    return result(
        {"total": score(value)},
        screens={"substance_use": at_least(value, 2)},
        missing=blank(answers, asked),
    )
