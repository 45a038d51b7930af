"""Worry, stress, distress, sleep, pain, loneliness and functioning, scored from the publications."""

from __future__ import annotations

from tests.independent.plain import (
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

PSWQ = item_ids("pswq", range(1, 17))
DASS21 = item_ids("dass21", range(1, 22))
K10 = item_ids("k10", range(1, 11))
K6 = item_ids("k6", range(1, 7))
CORE10 = item_ids("core10", range(1, 11))
PSS10 = item_ids("pss10", range(1, 11))
PEG = item_ids("peg", range(1, 4))
UCLA3 = item_ids("ucla3", range(1, 4))
ISI = item_ids("isi", range(1, 8))
WSAS = item_ids("wsas", range(1, 6))
SCI = item_ids("sci", range(1, 9))

FORMS: dict[str, Form] = {
    "pswq": form(PSWQ, "1 2 3 4 5"),
    "dass21": form(DASS21, "0 1 2 3"),
    "k10": form(K10, "1 2 3 4 5"),
    "k6": form(K6, "0 1 2 3 4"),
    "core10": form(CORE10, "0 1 2 3 4"),
    "pss10": form(PSS10, "0 1 2 3 4"),
    "peg": form(PEG, "0 1 2 3 4 5 6 7 8 9 10"),
    "ucla3": form(UCLA3, "1 2 3"),
    "isi": form(ISI, "0 1 2 3 4"),
    "wsas": form(WSAS[:1], "0 1 2 3 4 5 6 7 8 na") | form(WSAS[1:], "0 1 2 3 4 5 6 7 8"),
    "sci": form(SCI, "4 3 2 1 0"),
}


def pswq(answers: Answers, context: Context) -> Result:
    """Meyer 1990, Behav Res Ther 28:487-495: sum of 16 items, items 1, 3, 8, 10, 11 reversed."""
    value = total(answers, PSWQ, reverse=item_ids("pswq", (1, 3, 8, 10, 11)), ends=6)
    return result({"total": score(value)}, blank(answers, PSWQ))


def dass21(answers: Answers, context: Context) -> Result:
    """Lovibond and Lovibond 1995, Manual for the DASS: three sums times 2, severity table of the manual.

    One of the seven items of a scale may be missing (DASS website, FAQ 27); the others stand in for it, and
    the severity is that of the nearest whole number.
    """
    names = ("normal", "mild", "moderate", "severe", "extremely severe")

    def scale(numbers: tuple[int, ...], highest: tuple[int, ...]) -> Result:
        items = item_ids("dass21", numbers)
        value = prorated(points(answers, items), items, at_most=1)
        if value is None:
            return score(None)
        lowest = (0, *(end + 1 for end in highest[:-1]))
        bands: Bands = list(zip(lowest, highest, names, strict=True))
        return score(value * 2, band(half_up(value * 2), bands), filled=blank(answers, items) != [])

    scores = {
        "depression": scale((3, 5, 10, 13, 16, 17, 21), (9, 13, 20, 27, 42)),
        "anxiety": scale((2, 4, 7, 9, 15, 19, 20), (7, 9, 14, 19, 42)),
        "stress": scale((1, 6, 8, 11, 12, 14, 18), (14, 18, 25, 33, 42)),
    }
    return result(scores, blank(answers, DASS21))


def k10(answers: Answers, context: Context) -> Result:
    """Kessler 2002, Psychol Med 32:959-976; bands of Andrews and Slade 2001, ANZJPH 25:494-497."""
    value = total(answers, K10)
    bands = (
        (10, 19, "likely to be well"),
        (20, 24, "likely to have a mild disorder"),
        (25, 29, "likely to have a moderate disorder"),
        (30, 50, "likely to have a severe disorder"),
    )
    return result({"total": score(value, band(value, bands))}, blank(answers, K10))


def k6(answers: Answers, context: Context) -> Result:
    """Kessler 2003, Arch Gen Psychiatry 60:184-189 (13 or more); Prochaska 2012, IJMPR 21:88-97 (5 to 12)."""
    value = total(answers, K6)
    moderate = None if value is None else 5 <= value <= 12
    return result(
        {"total": score(value)},
        blank(answers, K6),
        {"serious_mental_illness": at_least(value, 13), "moderate_distress": moderate},
    )


def core10(answers: Answers, context: Context) -> Result:
    """Barkham 2013, Couns Psychother Res 13:3-13 (items 2 and 3 reversed, cut-off 11, bands).

    The CORE System Trust scores ten times the item mean and allows one missing item.
    """
    given = points(answers, CORE10, reverse=["core10_2", "core10_3"], ends=4)
    missing = blank(answers, CORE10)
    value = prorated(given, CORE10, at_most=1)
    bands = (
        (0, 5, "healthy"),
        (6, 10, "low"),
        (11, 14, "mild"),
        (15, 19, "moderate"),
        (20, 24, "moderate severe"),
        (25, 40, "severe"),
    )
    label = None if value is None else band(half_up(value), bands)
    return result(
        {"total": score(value, label, value is not None and missing != [])},
        missing,
        {"clinical": at_least(value, 11)},
        alerts=["core10_6"] if answers.get("core10_6") in ("1", "2", "3", "4") else [],
    )


def pss10(answers: Answers, context: Context) -> Result:
    """Cohen and Williamson 1988: items 4, 5, 7, 8 reversed. The bands are in common use, not Cohen's."""
    value = total(answers, PSS10, reverse=item_ids("pss10", (4, 5, 7, 8)), ends=4)
    bands = ((0, 13, "low"), (14, 26, "moderate"), (27, 40, "high"))
    return result({"total": score(value, band(value, bands))}, blank(answers, PSS10))


def peg(answers: Answers, context: Context) -> Result:
    """Krebs 2009, J Gen Intern Med 24:733-738: the mean of three items, not rounded."""
    value = total(answers, PEG)
    return result({"total": score(None if value is None else value / 3)}, blank(answers, PEG))


def ucla3(answers: Answers, context: Context) -> Result:
    """Hughes 2004, Res Aging 26:655-672: sum 3-9; lonely from 6 on (Steptoe 2013, PNAS 110:5797-5801)."""
    value = total(answers, UCLA3)
    return result({"total": score(value)}, blank(answers, UCLA3), {"lonely": at_least(value, 6)})


def isi(answers: Answers, context: Context) -> Result:
    """Morin 1993 and Bastien 2001, Sleep Med 2:297-307: sum of seven, the bands printed on the form."""
    value = total(answers, ISI)
    bands = (
        (0, 7, "no clinically significant insomnia"),
        (8, 14, "subthreshold insomnia"),
        (15, 21, "moderate clinical insomnia"),
        (22, 28, "severe clinical insomnia"),
    )
    return result(
        {"total": score(value, band(value, bands))}, blank(answers, ISI), {"insomnia": at_least(value, 15)}
    )


def wsas(answers: Answers, context: Context) -> Result:
    """Mundt 2002, Br J Psychiatry 180:461-464: sum of five; below 10, 10 to 20, above 20.

    Retired, or without a job by choice: the work item drops out and nothing takes its place.
    """
    items = WSAS[1:] if answers.get("wsas_1") == "na" else WSAS
    value = total(answers, items)
    bands = ((0, 9, "low"), (10, 20, "moderate"), (21, 40, "high"))
    return result({"total": score(value, band(value, bands))}, blank(answers, items))


def sci(answers: Answers, context: Context) -> Result:
    """Espie 2014, BMJ Open 4:e004183: sum of eight, higher is better, 16 or less is probable insomnia."""
    value = total(answers, SCI)
    return result({"total": score(value)}, blank(answers, SCI), {"probable_insomnia": at_most(value, 16)})
