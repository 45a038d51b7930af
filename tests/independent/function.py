"""Functioning, eating, attention, mood swings and experience of care, each written from its publication."""

from __future__ import annotations

from typing import Final

from tests.independent.forms import (
    YES_NO,
    ZERO_TO_FOUR,
    ZERO_TO_THREE,
    code,
    count_of,
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

ONE_TO_FIVE: Final = ("1", "2", "3", "4", "5")
ONE_TO_SIX: Final = ("1", "2", "3", "4", "5", "6")
ZERO_TO_SIX: Final = ("0", "1", "2", "3", "4", "5", "6")
SYMPTOMS: Final = [f"1{letter}" for letter in "abcdefghijklm"]

FORMS: Final[dict[str, Form]] = {
    "rand36": form("rand36", (1, 2), ONE_TO_FIVE)
    | form("rand36", range(3, 13), ("1", "2", "3"))
    | form("rand36", range(13, 20), ("1", "2"))
    | form("rand36", [20], ONE_TO_FIVE)
    | form("rand36", [21], ONE_TO_SIX)
    | form("rand36", [22], ONE_TO_FIVE)
    | form("rand36", range(23, 32), ONE_TO_SIX)
    | form("rand36", range(32, 37), ONE_TO_FIVE),
    "edeq": form("edeq", range(1, 13), ZERO_TO_SIX)
    | form("edeq", range(13, 19), ("0", "1", "7", "28"))
    | form("edeq", range(19, 29), ZERO_TO_SIX),
    "asrs": form("asrs", range(1, 19), ZERO_TO_FOUR),
    "mdq": form("mdq", [*SYMPTOMS, 2], YES_NO)
    | form("mdq", [3], ZERO_TO_THREE)
    | form("mdq", (4, 5), YES_NO),
    "scoff": form("scoff", range(1, 6), YES_NO),
    "apeqpt": form("apeqpt", (1, 2), YES_NO)
    | form("apeqpt", [3], ("yes", "no", "na"))
    | form("apeqpt", [4], ("4", "3", "2", "1", "0")),
}
"""EDE-Q 13-18 take whole numbers, of which a few are listed; APEQPT 5 is free text and left out."""

RAND36_KEY: Final[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]] = (
    ((1, 2, 20, 22, 34, 36), (100, 75, 50, 25, 0)),
    ((3, 4, 5, 6, 7, 8, 9, 10, 11, 12), (0, 50, 100)),
    ((13, 14, 15, 16, 17, 18, 19), (0, 100)),
    ((21, 23, 26, 27, 30), (100, 80, 60, 40, 20, 0)),
    ((24, 25, 28, 29, 31), (0, 20, 40, 60, 80, 100)),
    ((32, 33, 35), (0, 25, 50, 75, 100)),
)
"""Table 1 of the RAND scoring instructions: items, then the value of the printed answers 1, 2, 3 ..."""

RAND36_SCALES: Final[dict[str, tuple[int, ...]]] = {
    "physical_functioning": (3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    "role_physical": (13, 14, 15, 16),
    "role_emotional": (17, 18, 19),
    "energy": (23, 27, 29, 31),
    "emotional_wellbeing": (24, 25, 26, 28, 30),
    "social_functioning": (20, 32),
    "pain": (21, 22),
    "general_health": (1, 33, 34, 35, 36),
}
"""Table 2 of the same."""


def rand36(answers: Answers, context: Context) -> Result:
    """Score the RAND 36-Item Health Survey 1.0: eight scales, 0-100, higher is better, no total.

    RAND, 36-Item Short Form Survey scoring instructions (Hays, Sherbourne and Mazel 1993, Health Econ
    2:217-227): recode each answer to 0-100, then average the items of a scale that were answered; items left
    blank are not taken into account. Item 2 is in no scale.
    """
    scores = {}
    for scale, numbers in RAND36_SCALES.items():
        values = [
            values[code(answers, f"rand36_{number}") - 1]
            for number in numbers
            for items, values in RAND36_KEY
            if number in items and answers.get(f"rand36_{number}") is not None
        ]
        scores[scale] = score(
            sum(values) / len(values) if values else None, filled=0 < len(values) < len(numbers)
        )
    scored = [number for number in range(1, 37) if number != 2]
    return result(scores, missing=blank(answers, ids("rand36", scored)))


def edeq(answers: Answers, context: Context) -> Result:
    """Score the EDE-Q 6.0: four subscales and a global score, 0-6.

    Fairburn and Beglin 2008, in Fairburn, Cognitive Behavior Therapy and Eating Disorders, 309-313: a
    subscale is the mean of its items, of the rated ones where more than half are rated; the global score is
    the sum of the four subscales divided by four. Items 13-18 are in none.
    """
    subscales = {
        "restraint": (1, 2, 3, 4, 5),
        "eating_concern": (7, 9, 19, 20, 21),
        "shape_concern": (6, 8, 10, 11, 23, 26, 27, 28),
        "weight_concern": (8, 12, 22, 24, 25),
    }
    scores = {}
    for name, numbers in subscales.items():
        rated = [code(answers, item) for item in ids("edeq", numbers) if answers.get(item) is not None]
        enough = len(rated) > len(numbers) / 2
        scores[name] = score(
            sum(rated) / len(rated) if enough else None, filled=enough and len(rated) < len(numbers)
        )
    means = [part["value"] for part in scores.values()]
    overall = None if None in means else sum(means) / 4
    filled = overall is not None and any(part["prorated"] for part in scores.values())
    return result(
        {**scores, "global": score(overall, filled=filled)},
        missing=blank(answers, ids("edeq", (*range(1, 13), *range(19, 29)))),
    )


def asrs(answers: Answers, context: Context) -> Result:
    """Score part A of the ASRS v1.1.

    Kessler 2005, Psychol Med 35:245-256, and the form: four or more marks in the dark boxes, which begin at
    sometimes (2) for items 1-3 and at often (3) for items 4-6. The sum 0-24: Kessler 2007, Int J Methods
    Psychiatr Res 16:52-65. Part B, items 7-18, has no score.
    """
    part_a = ids("asrs", range(1, 7))
    dark = {item: 2 if item in part_a[:3] else 3 for item in part_a}
    marks = sum(code(answers, item) >= dark[item] for item in part_a if answers.get(item) is not None)
    open_marks = len(blank(answers, part_a))
    positive = None
    if marks >= 4:
        positive = True
    elif marks + open_marks < 4:
        positive = False
    return result(
        {"part_a_score": score(total(answers, part_a))},
        screens={"adhd": positive},
        missing=blank(answers, part_a),
    )


def mdq(answers: Answers, context: Context) -> Result:
    """Score the MDQ: symptoms 0-13.

    Hirschfeld 2000, Am J Psychiatry 157:1873-1875: positive with seven or more symptoms, several of them in
    the same period, and a moderate or serious problem; all three are needed. The two items on family and
    history are not scored. A form that lacks a symptom but is decided by the others is left open here.
    """
    symptoms = count_of(answers, ids("mdq", SYMPTOMS))
    same_period = answers.get("mdq_2")
    problem = answers.get("mdq_3")
    positive: object = None
    if same_period == "no" or problem in ("0", "1") or (symptoms is not None and symptoms < 7):
        positive = False
    elif symptoms is None:
        positive = UNSURE
    elif same_period == "yes" and problem in ("2", "3"):
        positive = True
    return result(
        {"symptoms": score(symptoms)},
        screens={"bipolar": positive},
        missing=blank(answers, ids("mdq", [*SYMPTOMS, 2, 3])),
    )


def scoff(answers: Answers, context: Context) -> Result:
    """Score the SCOFF, 0-5: Morgan, Reid and Lacey 1999, BMJ 319:1467-1468; a point a yes, 2 or more."""
    items = ids("scoff", range(1, 6))
    value = count_of(answers, items)
    return result(
        {"total": score(value)},
        screens={"eating_disorder": at_least(value, 2)},
        missing=blank(answers, items),
    )


def apeqpt(answers: Answers, context: Context) -> Result:
    """Read the APEQPT; it has no score.

    Evidence Based Practice Unit and Child Outcomes Research Consortium, Assessment Patient Experience
    Questionnaire for Psychological Therapies: three questions on choice, one on satisfaction, one free text.
    """
    return result({}, missing=blank(answers, ids("apeqpt", range(1, 5))))
