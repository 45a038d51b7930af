"""Depression, somatic symptoms and well-being, scored from the publications and from nothing else."""

from __future__ import annotations

from tests.independent.plain import (
    UNSURE,
    Answers,
    Bands,
    Context,
    Form,
    Result,
    at_least,
    at_most,
    band,
    blank,
    form,
    half_up,
    item_ids,
    points,
    prorated,
    result,
    score,
    total,
)

PHQ8 = item_ids("phq8", range(1, 9))
PHQ4 = item_ids("phq4", range(1, 5))
PHQ15 = item_ids("phq15", range(1, 16))
PHQ9_TEEN = item_ids("phq9_teen", range(1, 10))
CESD = item_ids("cesd", range(1, 21))
CESDR = item_ids("cesdr", range(1, 21))
GDS15 = item_ids("gds15", range(1, 16))
WHO5 = item_ids("who5", range(1, 6))
SWLS = item_ids("swls", range(1, 6))
RSES = item_ids("rses", range(1, 11))

FORMS: dict[str, Form] = {
    "phq8": form(PHQ8, "0 1 2 3"),
    "phq4": form(PHQ4, "0 1 2 3"),
    "phq15": form(PHQ15, "0 1 2"),
    "phq9_teen": form(PHQ9_TEEN, "0 1 2 3")
    | form(["phq9_teen_10"], "yes no")
    | form(["phq9_teen_11"], "0 1 2 3")
    | form(["phq9_teen_12", "phq9_teen_13"], "yes no"),
    "cesd": form(CESD, "0 1 2 3"),
    "cesdr": form(CESDR, "0 1 2 3 4"),
    "gds15": form(GDS15, "yes no"),
    "who5": form(WHO5, "5 4 3 2 1 0"),
    "swls": form(SWLS, "1 2 3 4 5 6 7"),
    "rses": form(RSES, "3 2 1 0"),
}

PHQ_BANDS: Bands = (
    (0, 4, "none or minimal"),
    (5, 9, "mild"),
    (10, 14, "moderate"),
    (15, 19, "moderately severe"),
    (20, 27, "severe"),
)


def phq8(answers: Answers, context: Context) -> Result:
    """Kroenke 2009, J Affect Disord 114:163-173.

    The sum of eight items, 10 or more is depression. Algorithm: 5 to 8 symptoms on more than half the days,
    item 1 or 2 among them, are major depression, 2 to 4 are other depression.
    """
    value = total(answers, PHQ8)
    # A blank decides nothing if the best and the worst answer give the same label.
    labels = {_phq8_syndrome(answers, filling) for filling in ("0", "3")}
    return result(
        {"total": score(value, band(value, PHQ_BANDS))},
        blank(answers, PHQ8),
        {"depression": at_least(value, 10)},
        {"depressive_syndrome": labels.pop() if len(labels) == 1 else None},
    )


def _phq8_syndrome(answers: Answers, filling: str) -> str:
    present = [item for item in PHQ8 if int(answers.get(item) or filling) >= 2]
    if "phq8_1" not in present and "phq8_2" not in present:
        return "none"
    if len(present) >= 5:
        return "major depressive syndrome"
    return "other depressive syndrome" if len(present) >= 2 else "none"


def phq4(answers: Answers, context: Context) -> Result:
    """Kroenke 2009, Psychosomatics 50:613-621: items 1 and 2 are GAD-2, 3 and 4 are PHQ-2, each from 3 on."""
    value = total(answers, PHQ4)
    anxiety = total(answers, PHQ4[:2])
    depression = total(answers, PHQ4[2:])
    bands = ((0, 2, "normal"), (3, 5, "mild"), (6, 8, "moderate"), (9, 12, "severe"))
    return result(
        {
            "total": score(value, band(value, bands)),
            "anxiety": score(anxiety),
            "depression": score(depression),
        },
        blank(answers, PHQ4),
        {"anxiety": at_least(anxiety, 3), "depression": at_least(depression, 3)},
    )


def phq15(answers: Answers, context: Context) -> Result:
    """Kroenke 2002, Psychosom Med 64:258-266: cut points 5, 10 and 15; the menstrual item is not for men."""
    asked = [item for item in PHQ15 if item != "phq15_4" or context.get("sex") != "male"]
    value = total(answers, asked)
    bands = ((0, 4, "minimal"), (5, 9, "low"), (10, 14, "medium"), (15, 30, "high"))
    return result({"total": score(value, band(value, bands))}, blank(answers, asked))


def phq9_teen(answers: Answers, context: Context) -> Result:
    """GLAD-PC toolkit, PHQ-9 modified for teens (sum of items 1-9, severity table, suicide items).

    Cut-off 11: Richardson 2010, Pediatrics 126:1117-1123.
    """
    value = total(answers, PHQ9_TEEN)
    alerts = ["phq9_teen_9"] if answers.get("phq9_teen_9") in ("1", "2", "3") else []
    alerts += [item for item in ("phq9_teen_12", "phq9_teen_13") if answers.get(item) == "yes"]
    return result(
        {"total": score(value, band(value, PHQ_BANDS))},
        blank(answers, PHQ9_TEEN),
        {"depression": at_least(value, 11)},
        alerts=alerts,
    )


def cesd(answers: Answers, context: Context) -> Result:
    """Radloff 1977, Appl Psychol Meas 1:385-401: items 4, 8, 12, 16 reversed, depressed from 16 on.

    More than four blanks are not scored (Int J Environ Res Public Health 2018, 15:1069, table A2); up to four
    are filled with the mean of the others.
    """
    given = points(answers, CESD, reverse=["cesd_4", "cesd_8", "cesd_12", "cesd_16"], ends=3)
    missing = blank(answers, CESD)
    value = prorated(given, CESD, at_most=4)
    filled = value is not None and missing != []
    return result({"total": score(value, filled=filled)}, missing, {"depression": at_least(value, 16)})


def cesdr(answers: Answers, context: Context) -> Result:
    """Eaton 2004 and cesd-r.com, "CESD-R explanation": the two highest answers both count 3."""
    points_of = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 3}
    missing = blank(answers, CESDR)
    value = None if missing else sum(points_of[answers[item] or ""] for item in CESDR)
    # More of any symptom never lowers the label: a blank can turn it only if the two extremes differ.
    lowest, highest = (_cesdr_episode(answers, filling) for filling in ("0", "4"))
    category = None
    if value is not None:
        risk = "subthreshold depression symptoms" if value >= 16 else "no clinical significance"
        category = lowest or risk
    elif lowest is not None and lowest == highest:
        category = UNSURE
    return result(
        {"total": score(value)},
        missing,
        {"depression": at_least(value, 16)},
        {"depressive_syndrome": category},
        [item for item in ("cesdr_14", "cesdr_15") if answers.get(item) in ("1", "2", "3", "4")],
    )


def _cesdr_episode(answers: Answers, filling: str) -> str | None:
    def highest_code(*numbers: int) -> int:
        return max(int(answers.get(f"cesdr_{number}") or filling) for number in numbers)

    if highest_code(8, 10, 2, 4, 6) < 4:  # neither anhedonia nor dysphoria nearly every day for two weeks
        return None
    groups = [
        highest_code(1, 18),  # appetite
        highest_code(5, 11, 19),  # sleep
        highest_code(3, 20),  # thinking
        highest_code(9, 17),  # guilt
        highest_code(7, 16),  # tired
        highest_code(12, 13),  # movement
        highest_code(14, 15),  # suicidal ideation
    ]
    daily = sum(code == 4 for code in groups)
    often = sum(code >= 3 for code in groups)
    if daily >= 4:
        return "meets criteria for major depressive episode"
    if often >= 3:
        return "probable major depressive episode"
    return "possible major depressive episode" if often >= 2 else None


def gds15(answers: Answers, context: Context) -> Result:
    """Sheikh and Yesavage 1986: a point for no on 1, 5, 7, 11, 13, for yes on the others; more than 5.

    Up to three blanks are filled in proportion and the score rounded, a half up (NACC Uniform Data Set, form
    B6, and its checks; the proportion also in UT Health San Antonio, instructions for the GDS short form).
    """
    good_mood = item_ids("gds15", (1, 5, 7, 11, 13))
    depressive = {item: "no" if item in good_mood else "yes" for item in GDS15}
    missing = blank(answers, GDS15)
    given = {item: int(answers[item] == depressive[item]) for item in GDS15 if item not in missing}
    exact = prorated(given, GDS15, at_most=3)
    value = None if exact is None else half_up(exact)
    bands = ((0, 4, "normal"), (5, 8, "mild"), (9, 11, "moderate"), (12, 15, "severe"))
    filled = value is not None and missing != []
    return result(
        {"total": score(value, band(value, bands), filled)}, missing, {"depression": at_least(value, 6)}
    )


def who5(answers: Answers, context: Context) -> Result:
    """Topp 2015, Psychother Psychosom 84:167-176: raw 0-25, times 4; 50 and 28 or less."""
    raw = total(answers, WHO5)
    value = None if raw is None else raw * 4
    return result(
        {"raw": score(raw), "total": score(value)},
        blank(answers, WHO5),
        {"low_wellbeing": at_most(value, 50), "likely_depression": at_most(value, 28)},
    )


def swls(answers: Answers, context: Context) -> Result:
    """Diener 1985, J Pers Assess 49:71-75; bands of Pavot and Diener 1993, Psychol Assess 5:164-172."""
    value = total(answers, SWLS)
    bands = (
        (5, 9, "extremely dissatisfied"),
        (10, 14, "dissatisfied"),
        (15, 19, "slightly dissatisfied"),
        (20, 20, "neutral"),
        (21, 25, "slightly satisfied"),
        (26, 30, "satisfied"),
        (31, 35, "extremely satisfied"),
    )
    return result({"total": score(value, band(value, bands))}, blank(answers, SWLS))


def rses(answers: Answers, context: Context) -> Result:
    """Rosenberg 1965: strongly agree 3 to strongly disagree 0; items 2, 5, 6, 8, 9 reversed.

    Low below 15 is in common use, not Rosenberg's.
    """
    value = total(answers, RSES, reverse=item_ids("rses", (2, 5, 6, 8, 9)), ends=3)
    return result({"total": score(value)}, blank(answers, RSES), {"low_self_esteem": at_most(value, 14)})
