"""Trauma and obsessions: PC-PTSD-5, ITQ, IES-R and OCI-R, each written from its publication."""

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
    band,
    blank,
    result,
    score,
    total,
)

FORMS: Final[dict[str, Form]] = {
    "pcptsd5": form("pcptsd5", range(6), YES_NO),
    "itq": form("itq", range(1, 19), ZERO_TO_FOUR),
    "iesr": form("iesr", range(1, 23), ZERO_TO_FOUR),
    "ocir": form("ocir", range(1, 19), ZERO_TO_FOUR),
}


def pcptsd5(answers: Answers, context: Context) -> Result:
    """Score the PC-PTSD-5, 0-5.

    Prins 2016, J Gen Intern Med 31:1206-1211, and Bovin 2021, JAMA Netw Open 4:e2036733: without an exposure
    the screen is complete with 0; otherwise one point a yes; 4 is the cut with the best balance, 3 the
    sensitive one.
    """
    asked = [] if answers.get("pcptsd5_0") == "no" else ids("pcptsd5", range(1, 6))
    value = count_of(answers, asked)
    return result(
        {"total": score(value)},
        screens={
            "probable_ptsd": at_least(value, 4),
            "probable_ptsd_sensitive": at_least(value, 3),
        },
        missing=blank(answers, asked),
    )


def itq_diagnosis(answers: dict[str, str]) -> str:
    """Apply the diagnostic rule to a full form; an item is endorsed at 2 or more."""

    def one_of(*numbers: int) -> bool:
        return any(int(answers[f"itq_{number}"]) >= 2 for number in numbers)

    ptsd = one_of(1, 2) and one_of(3, 4) and one_of(5, 6) and one_of(7, 8, 9)
    disturbances = one_of(10, 11) and one_of(12, 13) and one_of(14, 15) and one_of(16, 17, 18)
    if ptsd and disturbances:
        return "complex PTSD"
    return "PTSD" if ptsd else "none"


def itq(answers: Answers, context: Context) -> Result:
    """Score the ITQ: PTSD 0-24 (items 1-6), disturbances in self-organisation 0-24 (items 10-15).

    Cloitre 2018, Acta Psychiatr Scand 138:536-546. PTSD: one of each pair 1-2, 3-4, 5-6 and one impairment
    of 7-9 at 2 or more. Disturbances: one of each pair 10-11, 12-13, 14-15 and one impairment of 16-18.
    Both together are complex PTSD, never both diagnoses; disturbances alone are none. More endorsed items
    never lessen the diagnosis, so a blank leaves it open only where the lowest and the highest answer
    lead to different ones.
    """
    items = ids("itq", range(1, 19))
    lowest = itq_diagnosis({item: answers.get(item) or "0" for item in items})
    highest = itq_diagnosis({item: answers.get(item) or "4" for item in items})
    return result(
        {
            "ptsd": score(total(answers, ids("itq", range(1, 7)))),
            "dso": score(total(answers, ids("itq", range(10, 16)))),
        },
        categories={"diagnosis": lowest if lowest == highest else None},
        missing=blank(answers, items),
    )


def iesr(answers: Answers, context: Context) -> Result:
    """Score the IES-R, 0-88: avoidance 0-32, intrusion 0-32, hyperarousal 0-24.

    Weiss 2007, in Wilson and Tang, Cross-Cultural Assessment of Psychological Trauma and PTSD, 219-238:
    avoidance 5, 7, 8, 11, 12, 13, 17, 22; intrusion 1, 2, 3, 6, 9, 14, 16, 20; hyperarousal 4, 10, 15, 18,
    19, 21. Cut-off 33: Creamer 2003, Behav Res Ther 41:1489-1496.
    """
    items = ids("iesr", range(1, 23))
    value = total(answers, items)
    return result(
        {
            "total": score(value),
            "avoidance": score(total(answers, ids("iesr", (5, 7, 8, 11, 12, 13, 17, 22)))),
            "intrusion": score(total(answers, ids("iesr", (1, 2, 3, 6, 9, 14, 16, 20)))),
            "hyperarousal": score(total(answers, ids("iesr", (4, 10, 15, 18, 19, 21)))),
        },
        screens={"probable_ptsd": at_least(value, 33)},
        missing=blank(answers, items),
    )


def ocir(answers: Answers, context: Context) -> Result:
    """Score the OCI-R, 0-72, with six subscales of three items, 0-12.

    Foa 2002, Psychol Assess 14:485-496 (subscales, cut-off 21); severity 0-15, 16-27, 28-72: Abramovitch
    2020, J Obsessive Compuls Relat Disord 27:100557.
    """
    items = ids("ocir", range(1, 19))
    value = total(answers, items)
    severity = band(value, [(0, 15, "mild"), (16, 27, "moderate"), (28, 72, "severe")])
    return result(
        {
            "total": score(value, severity),
            "hoarding": score(total(answers, ids("ocir", (1, 7, 13)))),
            "checking": score(total(answers, ids("ocir", (2, 8, 14)))),
            "ordering": score(total(answers, ids("ocir", (3, 9, 15)))),
            "neutralizing": score(total(answers, ids("ocir", (4, 10, 16)))),
            "washing": score(total(answers, ids("ocir", (5, 11, 17)))),
            "obsessing": score(total(answers, ids("ocir", (6, 12, 18)))),
        },
        screens={"ocd": at_least(value, 21)},
        missing=blank(answers, items),
    )
