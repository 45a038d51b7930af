"""Children, suicide risk and the time after a birth, each measure written from its publication."""

from __future__ import annotations

from typing import Final

from tests.independent.forms import (
    YES_NO,
    ZERO_TO_THREE,
    ZERO_TO_TWO,
    code,
    form,
    ids,
)
from tests.independent.plain import (
    UNSURE,
    Answers,
    Context,
    Form,
    Result,
    at_least,
    blank,
    result,
    score,
    total,
)

ZERO_TO_FIVE: Final = ("0", "1", "2", "3", "4", "5")
PSC35_SCHOOL: Final = ids("psc35", (5, 6, 17, 18))
PBQ_ALWAYS_IS_0: Final = ids("pbq", (1, 4, 8, 9, 11, 16, 22, 25))
EPDS_BEST_FIRST: Final = (1, 2, 4)

FORMS: Final[dict[str, Form]] = {
    "psc17": form("psc17", range(1, 18), ZERO_TO_TWO),
    "psc35": form("psc35", range(1, 36), ZERO_TO_TWO),
    "scared": form("scared", range(1, 42), ZERO_TO_TWO),
    "asq": form("asq", range(1, 6), YES_NO),
    "cssrs": form("cssrs", (1, 2, 3, 4, 5, 6, "6a"), YES_NO),
    "epds": {
        f"epds_{number}": ZERO_TO_THREE if number in EPDS_BEST_FIRST else ("3", "2", "1", "0")
        for number in range(1, 11)
    },
    "pbq": form("pbq", range(1, 26), ZERO_TO_FIVE),
}


def sum_with_blanks_as_0(answers: Answers, items: list[str]) -> int:
    """Add up the codes that are there."""
    return sum(code(answers, item) for item in items if answers.get(item) is not None)


def psc17(answers: Answers, context: Context) -> Result:
    """Score the PSC-17, 0-34, with internalizing 0-10, attention 0-10, externalizing 0-14.

    Gardner 1999, Ambul Child Health 5:225-236, and the PSC-17 scoring instructions of 2008: cut-offs 15, 5,
    7 and 7; items left blank count 0; with four or more blank the questionnaire is invalid.
    """
    items = ids("psc17", range(1, 18))
    missing = blank(answers, items)
    scales = {
        "total": items,
        "internalizing": ids("psc17", (2, 6, 9, 11, 15)),
        "attention": ids("psc17", (1, 3, 7, 13, 17)),
        "externalizing": ids("psc17", (4, 5, 8, 10, 12, 14, 16)),
    }
    values = {
        scale: sum_with_blanks_as_0(answers, part) if len(missing) <= 3 else None
        for scale, part in scales.items()
    }
    return result(
        {scale: score(value) for scale, value in values.items()},
        screens={
            "psychosocial": at_least(values["total"], 15),
            "internalizing": at_least(values["internalizing"], 5),
            "attention": at_least(values["attention"], 7),
            "externalizing": at_least(values["externalizing"], 7),
        },
        missing=missing,
    )


def psc35(answers: Answers, context: Context) -> Result:
    """Score the PSC-35 of the parents, 0-70.

    Massachusetts General Hospital, Scoring the PSC: items left blank count 0, four or more blank make it
    invalid; from 6 years on 28 or more is positive; up to 5 years the school items 5, 6, 17 and 18 are left
    out and 24 or more of the remaining 31 is positive. Without an age the cut-off is not known.
    """
    age = context.get("age")
    young = isinstance(age, int) and age <= 5
    items = [item for item in ids("psc35", range(1, 36)) if not (young and item in PSC35_SCHOOL)]
    missing = blank(answers, items)
    value = sum_with_blanks_as_0(answers, items) if len(missing) <= 3 else None
    positive: object = at_least(value, 24 if young else 28)
    if not isinstance(age, int):
        positive = UNSURE if value is not None and value < 24 else None
    return result({"total": score(value)}, screens={"psychosocial": positive}, missing=missing)


def scared(answers: Answers, context: Context) -> Result:
    """Score the SCARED, 0-82.

    Birmaher 1999, J Am Acad Child Adolesc Psychiatry 38:1230-1236: 25 or more may be an anxiety disorder.
    """
    items = ids("scared", range(1, 42))
    value = total(answers, items)
    return result(
        {"total": score(value)}, screens={"anxiety": at_least(value, 25)}, missing=blank(answers, items)
    )


def asq(answers: Answers, context: Context) -> Result:
    """Read the ASQ; it has no score.

    NIMH, ASQ Suicide Risk Screening Tool (Horowitz 2012, Arch Pediatr Adolesc Med 166:1170-1176): a yes to
    any of items 1-4, or a refusal, is a positive screen; then item 5 tells an acute (yes) from a non-acute
    (no) one; four times no is negative and ends it. An item that is there without an answer was refused,
    one that is not there was not answered yet. The tool does not say what a refused item 5 means.
    """
    first = ids("asq", range(1, 5))
    refused = [item for item in ids("asq", range(1, 6)) if item in answers and answers[item] is None]
    positive = any(answers.get(item) == "yes" or item in refused for item in first)
    negative = all(answers.get(item) == "no" for item in first)
    kind: str | None = None
    if negative:
        kind = "negative"
    elif positive and "asq_5" in refused:
        kind = UNSURE
    elif positive and answers.get("asq_5") == "yes":
        kind = "acute positive"
    elif positive and answers.get("asq_5") == "no":
        kind = "non-acute positive"
    asked = first if negative else [*first, "asq_5"]
    return result(
        {},
        screens={"positive": True if positive else False if negative else None},
        categories={"result": kind},
        alerts=[item for item in ids("asq", range(1, 6)) if answers.get(item) == "yes" or item in refused],
        missing=blank(answers, asked),
    )


def cssrs(answers: Answers, context: Context) -> Result:
    """Read the C-SSRS screener; it has no score.

    Columbia Lighthouse Project, C-SSRS Screener with triage colours (Posner 2011, Am J Psychiatry
    168:1266-1277): items 3-5 follow a yes to item 2, the past three months (6a) a yes to item 6. High: 4, 5
    or 6a; moderate: 3 or 6; low: 1 or 2. For a yes to an item that
    should not have been asked there is no rule.
    """
    items = ids("cssrs", (1, 2, 3, 4, 5, 6, "6a"))
    not_asked = []
    if answers.get("cssrs_2") == "no":
        not_asked += ids("cssrs", (3, 4, 5))
    if answers.get("cssrs_6") == "no":
        not_asked += ["cssrs_6a"]
    asked = [item for item in items if item not in not_asked]
    steps = {
        "high": ("cssrs_4", "cssrs_5", "cssrs_6a"),
        "moderate": ("cssrs_3", "cssrs_6"),
        "low": ("cssrs_1", "cssrs_2"),
    }
    risk: str | None = "no question answered yes"
    for step, deciding in steps.items():
        if any(answers.get(item) == "yes" for item in deciding if item in asked):
            risk = step
            break
        if any(answers.get(item) is None for item in deciding if item in asked):
            risk = None
            break
    if any(answers.get(item) == "yes" for item in not_asked):
        risk = UNSURE
    return result(
        {},
        categories={"risk": risk},
        alerts=[item for item in items if answers.get(item) == "yes"],
        missing=blank(answers, asked),
    )


def epds(answers: Answers, context: Context) -> Result:
    """Score the EPDS, 0-30; its codes are its points.

    Cox, Holden and Sagovsky 1987, Br J Psychiatry 150:782-786: 10 or more is possible, 13 or more probable
    depression; look at item 10 (self-harm) always.
    """
    items = ids("epds", range(1, 11))
    value = total(answers, items)
    return result(
        {"total": score(value)},
        screens={"possible_depression": at_least(value, 10), "probable_depression": at_least(value, 13)},
        alerts=["epds_10"] if answers.get("epds_10") in ("1", "2", "3") else [],
        missing=blank(answers, items),
    )


def pbq(answers: Answers, context: Context) -> Result:
    """Score the PBQ, 0-125, with its four factors.

    Brockington 2001, Arch Womens Ment Health 3:133-140 (cut-offs 12, 17, 10, 3), in the order of items of
    Brockington 2006, Arch Womens Ment Health 9:233-242. Codes run from 0 always to 5 never; the eight warm
    statements give 0 for always, all others 5.
    """
    items = ids("pbq", range(1, 26))
    points = {
        item: code(answers, item) if item in PBQ_ALWAYS_IS_0 else 5 - code(answers, item)
        for item in items
        if answers.get(item) is not None
    }

    def add(numbers: tuple[int, ...]) -> int | None:
        part = ids("pbq", numbers)
        return None if blank(answers, part) else sum(points[item] for item in part)

    general = add((1, 2, 6, 7, 8, 9, 10, 12, 13, 15, 16, 17))
    rejection = add((3, 4, 5, 11, 14, 21, 23))
    anxiety = add((19, 20, 22, 25))
    abuse = add((18, 24))
    return result(
        {
            "general": score(general),
            "rejection": score(rejection),
            "anger_anxiety": score(anxiety),
            "risk_of_abuse": score(abuse),
            "total": score(add(tuple(range(1, 26)))),
        },
        screens={
            "general": at_least(general, 12),
            "rejection": at_least(rejection, 17),
            "anger_anxiety": at_least(anxiety, 10),
            "risk_of_abuse": at_least(abuse, 3),
        },
        alerts=[item for item in ("pbq_18", "pbq_24") if points.get(item, 0) >= 1],
        missing=blank(answers, items),
    )
