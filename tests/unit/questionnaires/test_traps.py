"""The places where these instruments are commonly scored wrong, each with the source of the right reading."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires.change import change
from questionnaires.registry import SHIPPED, Registry, load
from questionnaires.rules import ChangeFigure
from questionnaires.schema import Instrument
from questionnaires.scoring import Raised, Result, score

#: A year, an address, a file or a registration: what a source needs to be found again.
NAMED = re.compile(r"\b(19|20)\d\d\b|https?://|\w+/\w+[./]|\w+\.(com|org|gov)\b|\bNCT\d+")
SELF_HARM = "Thoughts of being better off dead or of self-harm, on several days or more often"


@pytest.fixture(scope="module")
def library() -> Registry:
    return load()


def scored(instrument: Instrument, codes: Any, context: Any = None, **changes: str | None) -> Result:
    """Score codes in printed order, from the first item on; `changes` by the number of the item."""
    answers = {item.id: str(code) for item, code in zip(instrument.items, codes, strict=False)}
    for number, code in changes.items():
        answers[f"{instrument.key}_{number.removeprefix('i')}"] = code  # type: ignore[assignment]
    return score(instrument, answers, context or {})


def total(result: Result) -> Any:
    return result.scores["total"].value


def random_values(seed: int, items: int, highest: int) -> list[int]:
    chance = random.Random(seed)
    # A share of forms near the lower end, so that the rules are met and missed about equally often.
    return [min(chance.randint(0, highest), chance.randint(0, highest + 1)) for _ in range(items)]


# Depression


def test_phq9_item_9_counts_at_1_in_the_algorithm(library: Registry) -> None:
    """Kroenke, Spitzer, Williams 2001: five symptoms at 2 or more, the ninth if present at all."""
    phq9 = library.get("phq9")
    four = [2, 2, 2, 2, 0, 0, 0, 0]
    assert scored(phq9, [*four, 0]).categories == {"depressive_syndrome": "other depressive syndrome"}
    assert scored(phq9, [*four, 1]).categories == {"depressive_syndrome": "major depressive syndrome"}
    assert scored(phq9, [2, 2, 2, 2, 1, 0, 0, 0, 0]).categories == scored(phq9, [*four, 0]).categories


def test_phq9_agrees_with_its_rules_written_out_by_hand(library: Registry) -> None:
    """Kroenke, Spitzer, Williams 2001; PHQ and GAD-7 instruction manual: a core symptom is needed."""
    phq9, seen = library.get("phq9"), set()
    for seed in range(600):
        values = random_values(seed, 9, 3)
        symptoms = sum(value >= 2 for value in values[:8]) + (values[8] >= 1)
        core = values[0] >= 2 or values[1] >= 2
        expected = "none"
        if core and symptoms >= 5:
            expected = "major depressive syndrome"
        elif core and symptoms >= 2:
            expected = "other depressive syndrome"
        result = scored(phq9, values)
        assert result.categories == {"depressive_syndrome": expected}
        assert total(result) == sum(values)
        assert result.screens == {"depression": sum(values) >= 10}
        assert bool(result.alerts) is (values[8] > 0)
        seen.add(expected)
    assert len(seen) == 3


PHQ9 = load().get("phq9")


@given(st.lists(st.sampled_from(["0", "1", "2", "3", None]), min_size=8, max_size=8))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_phq9_item_9_is_raised_whatever_else_is_answered(others: list[str | None]) -> None:
    """A critical answer is told of on partial forms too (design, section 7)."""
    answers = {f"phq9_{number}": code for number, code in enumerate(others, 1)}
    assert score(PHQ9, answers | {"phq9_9": "0"}).alerts == []
    for code in ("1", "2", "3"):
        assert score(PHQ9, answers | {"phq9_9": code}).alerts == [Raised("phq9_9", SELF_HARM)]


def test_phq8_counts_every_symptom_at_2(library: Registry) -> None:
    """Kroenke 2009: without item 9, all thresholds are 2, and there is no item on self-harm to raise."""
    phq8 = library.get("phq8")
    assert scored(phq8, [2, 2, 2, 2, 1, 1, 1, 1]).categories == {
        "depressive_syndrome": "other depressive syndrome"
    }
    assert scored(phq8, [2, 2, 2, 2, 2, 0, 0, 0]).categories == {
        "depressive_syndrome": "major depressive syndrome"
    }
    assert phq8.critical == ()


def test_phq15_leaves_out_item_4_for_men(library: Registry) -> None:
    """Kroenke 2002: 0-30; menstrual problems are asked of women only, so men reach 28."""
    phq15 = library.get("phq15")
    without = {f"phq15_{number}": "2" for number in range(1, 16) if number != 4}
    men = score(phq15, without, {"sex": "male"})
    assert (total(men), men.complete, men.missing) == (28, True, [])
    for context in ({"sex": "female"}, {}):
        result = score(phq15, without, context)
        assert (total(result), result.missing) == (None, ["phq15_4"])
    assert total(score(phq15, without | {"phq15_4": "2"}, {"sex": "female"})) == 30


def test_cesd_reverses_4_8_12_and_16(library: Registry) -> None:
    """Radloff 1977: the four positive items count from the other end, so all at 0 give 12."""
    cesd = library.get("cesd")
    assert cesd.scale("total").reverse == ("cesd_4", "cesd_8", "cesd_12", "cesd_16")
    assert total(scored(cesd, [0] * 20)) == 12
    assert total(scored(cesd, [3] * 20)) == 48


def test_cesdr_scores_its_two_top_answers_alike_and_tells_them_apart(library: Registry) -> None:
    """cesd-r.com, Eaton 2004: the two top answers are both 3; major needs the uppermost."""
    cesdr = library.get("cesdr")
    assert [option.value for option in cesdr.items[0].options] == [0, 1, 2, 3, 3]
    assert total(scored(cesdr, [4] * 20)) == total(scored(cesdr, [3] * 20)) == 60
    symptoms = {"i2": "4", "i1": "4", "i5": "4", "i3": "4", "i9": "4"}
    found = scored(cesdr, [0] * 20, **symptoms)  # type: ignore[arg-type]
    assert found.categories == {"depressive_syndrome": "meets criteria for major depressive episode"}
    weaker = scored(cesdr, [0] * 20, **symptoms | {"i9": "3"})  # type: ignore[arg-type]
    assert total(weaker) == total(found)
    assert weaker.categories == {"depressive_syndrome": "probable major depressive episode"}
    core = scored(cesdr, [0] * 20, **symptoms | {"i2": "3"})  # type: ignore[arg-type]
    assert core.categories == {"depressive_syndrome": "no clinical significance"}


def test_gds15_gives_a_point_for_no_on_five_items(library: Registry) -> None:
    """Sheikh and Yesavage 1986: "no" on 1, 5, 7, 11 and 13 is the depressed answer."""
    gds15 = library.get("gds15")
    assert total(scored(gds15, ["no"] * 15)) == 5
    assert total(scored(gds15, ["yes"] * 15)) == 10
    assert scored(gds15, ["yes"] * 15).screens == {"depression": True}


def test_gds15_prorates_twelve_answers_with_four_points_to_5(library: Registry) -> None:
    """NACC Uniform Data Set coding guidebook, GDS: up to three are filled, the sum is rounded."""
    gds15 = library.get("gds15")
    four_points = ["no", "yes", "yes", "yes", "yes", "no", "yes", "no", "no", "no", "yes", "no"]
    found = scored(gds15, four_points).scores["total"]
    assert (found.value, found.prorated) == (5, True)
    assert scored(gds15, four_points[:11]).scores["total"].value is None


def test_teens_are_told_of_by_either_extra_question_too(library: Registry) -> None:
    """GLAD-PC PHQ-9 modified for teens: two more questions on suicide stand outside the score."""
    teen = library.get("phq9_teen")
    for item, code in (("phq9_teen_9", "1"), ("phq9_teen_12", "yes"), ("phq9_teen_13", "yes")):
        assert [one.item for one in score(teen, {item: code}).alerts] == [item]
        assert (teen.item(item).scored, teen.item(item).critical) == (item.endswith("_9"), True)


# Anxiety, stress, distress


def test_the_first_answer_of_gad7_is_not_at_all(library: Registry) -> None:
    """Zorowitz 2021: many copies print "Not at all sure", which is not the GAD-7."""
    for item in library.get("gad7").items:
        assert item.options[0].label == "Not at all"
        assert item.options[2].label == "More than half the days"


def test_gad7_item_2_does_not_have_the_wording_of_its_loinc_code(library: Registry) -> None:
    """LOINC displays 68509-9 with other words and another third answer."""
    item = library.get("gad7").item("gad7_2")
    assert (item.loinc, item.text) == ("68509-9", "Not being able to stop or control worrying")


def test_pswq_reverses_1_3_8_10_and_11(library: Registry) -> None:
    """Meyer 1990: 16 to 80; all at 5 give 11 x 5 + 5 x 1."""
    pswq = library.get("pswq")
    assert pswq.scale("total").reverse == ("pswq_1", "pswq_3", "pswq_8", "pswq_10", "pswq_11")
    assert total(scored(pswq, [5] * 16)) == 60
    assert total(scored(pswq, [1] * 16)) == 36


DEPRESSION = (3, 5, 10, 13, 16, 17, 21)


def dass21(library: Registry, *values: int | None) -> Any:
    answers = {
        f"dass21_{number}": str(value)
        for number, value in zip(DEPRESSION, values, strict=True)
        if value is not None
    }
    return score(library.get("dass21"), answers).scores["depression"]


def test_dass21_scores_are_doubled(library: Registry) -> None:
    """Lovibond and Lovibond 1995: each sum of seven is doubled before it is compared; there is no total."""
    assert dass21(library, 1, 1, 1, 1, 1, 0, 0)[:2] == (10, "mild")
    assert dass21(library, 1, 1, 1, 1, 0, 0, 0)[:2] == (8, "normal")
    assert dass21(library, 3, 3, 3, 3, 3, 3, 3)[:2] == (42, "extremely severe")
    assert [one.id for one in library.get("dass21").scales] == ["depression", "anxiety", "stress"]


def test_dass21_names_a_prorated_score_by_its_rounded_value(library: Registry) -> None:
    """DASS FAQ 27 fills one of seven; the bands are whole numbers, so 25.67 is 26, and severe."""
    value, band, prorated, _range = dass21(library, 1, 1, 1, 1, 0, 0, None)
    assert (value, band, prorated) == (pytest.approx(28 / 3, abs=1e-6), "normal", True)
    assert dass21(library, 1, 1, 1, 1, 1, 1, None)[:3] == (14, "moderate", True)
    assert dass21(library, 1, 1, 1, 1, 1, None, None).value is None
    stress = (1, 6, 8, 11, 12, 14)
    answers = {f"dass21_{number}": code for number, code in zip(stress, "222221", strict=True)}
    value, band, prorated, _range = score(library.get("dass21"), answers).scores["stress"]
    assert (value, band, prorated) == (pytest.approx(77 / 3, abs=1e-6), "severe", True)


def test_k6_counts_from_0_and_k10_from_1(library: Registry) -> None:
    """Kessler 2003 (K6 0-24, 13 and more); Andrews and Slade 2001 (K10 10-50): other codes."""
    k6, k10 = library.get("k6"), library.get("k10")
    assert (k6.scale("total").range, k10.scale("total").range) == ((0, 24), (10, 50))
    assert {option.label: option.value for option in k6.items[0].options}["All of the time"] == 4
    assert {option.label: option.value for option in k10.items[0].options}["All of the time"] == 5
    assert scored(k6, [2, 2, 2, 2, 2, 3]).screens["serious_mental_illness"] is True
    assert scored(k6, [2, 2, 2, 2, 2, 2]).screens["serious_mental_illness"] is False
    assert all(item.same_as is None for item in k6.items)


def test_core10_reverses_2_and_3(library: Registry) -> None:
    """Barkham 2013: items 2 and 3 are worded positively (not "3 and 4", as some pages print)."""
    core10 = library.get("core10")
    assert core10.scale("total").reverse == ("core10_2", "core10_3")
    assert total(scored(core10, [0] * 10)) == 8
    assert total(scored(core10, [4] * 10)) == 32


def test_core10_fills_one_missing_item_and_no_more(library: Registry) -> None:
    """coresystemtrust.org.uk: prorate only where at most a tenth is missing, which is one item."""
    core10 = library.get("core10")
    found = scored(core10, [1, 3, 3, 1, 1, 0, 1, 1, 1]).scores["total"]
    assert (found.value, found.prorated, found.band) == (pytest.approx(80 / 9, abs=1e-6), True, "low")
    assert scored(core10, [1, 3, 3, 1, 1, 0, 1, 1]).scores["total"] == (None, None, False, (7, 15))


def test_core10_tells_of_plans_to_end_life_at_once(library: Registry) -> None:
    """Item 6, at 1 or more, also on a form that has nothing else."""
    core10 = library.get("core10")
    assert [one.item for one in score(core10, {"core10_6": "1"}).alerts] == ["core10_6"]
    assert score(core10, {"core10_6": "0"}).alerts == []


# Trauma


def test_pcptsd5_ends_at_its_first_question(library: Registry) -> None:
    """VA National Center for PTSD: no event means 0, complete, negative; otherwise five questions count."""
    pcptsd5 = library.get("pcptsd5")
    never = score(pcptsd5, {"pcptsd5_0": "no"})
    assert (total(never), never.complete, never.valid, never.missing) == (0, True, True, [])
    assert never.screens["probable_ptsd"] is False
    ever = score(pcptsd5, {"pcptsd5_0": "yes"})
    assert (total(ever), len(ever.missing)) == (None, 5)
    assert score(pcptsd5, {}).screens["probable_ptsd"] is None
    four = scored(pcptsd5, ["yes"] * 5 + ["no"])
    assert (total(four), four.screens["probable_ptsd"]) == (4, True)
    assert total(scored(pcptsd5, ["no"] + ["yes"] * 5)) == 0


def test_pcl5_needs_symptoms_of_every_cluster(library: Registry) -> None:
    """VA National Center for PTSD: one of B, one of C, two of D and E at 2 or more, whatever the total."""
    pcl5 = library.get("pcl5")
    just = {1: 2, 6: 2, 8: 2, 9: 2, 15: 2, 16: 2}
    answers = {f"pcl5_{n}": str(just.get(n, 0)) for n in range(1, 21)}
    found = score(pcl5, answers)
    assert (total(found), found.screens["provisional_ptsd"]) == (12, True)
    for without in just:
        assert score(pcl5, answers | {f"pcl5_{without}": "1"}).screens["provisional_ptsd"] is False
    high = {f"pcl5_{n}": "4" if n not in (6, 7) else "1" for n in range(1, 21)}
    assert score(pcl5, high).screens == {
        "probable_ptsd": True,
        "probable_ptsd_33": True,
        "provisional_ptsd": False,
    }


def test_pcl5_agrees_with_its_rules_written_out_by_hand(library: Registry) -> None:
    """VA National Center for PTSD: clusters B 1-5, C 6-7, D 8-14, E 15-20."""
    pcl5, seen = library.get("pcl5"), set()
    for seed in range(600):
        values = [value * (seed % 3) // 2 for value in random_values(seed, 20, 4)]
        met = [value >= 2 for value in values]
        provisional = any(met[:5]) and any(met[5:7]) and sum(met[7:14]) >= 2 and sum(met[14:]) >= 2
        result = scored(pcl5, values)
        assert result.screens["provisional_ptsd"] is provisional
        clusters = (values, values[:5], values[5:7], values[7:14], values[14:])
        assert [scale.value for scale in result.scores.values()] == [sum(part) for part in clusters]
        seen.add(provisional)
    assert seen == {True, False}


def test_pcl5_has_two_reliable_change_numbers_and_decides_by_the_first(library: Registry) -> None:
    """Marx 2022 publishes 15 and 18; the older 5 and 10 points belong to the PCL for DSM-IV."""
    pcl5 = library.get("pcl5")
    assert [(one.points, one.default) for one in pcl5.change if one.kind == "reliable"] == [
        (15, True),
        (18, False),
    ]
    assert [change(pcl5, "total", 40, later).reliable for later in (26, 25, 24)] == [False, True, True]
    assert "Marx" in (change(pcl5, "total", 40, 24).source or "")


BLOCKS = ((1, 2), (3, 4), (5, 6), (7, 8, 9), (10, 11), (12, 13), (14, 15), (16, 17, 18))


def itq(library: Registry, blocks: Any) -> str | None:
    """The diagnosis with one item at 2 in each of these blocks."""
    met = {block[0] for block in blocks}
    answers = {f"itq_{n}": "2" if n in met else "1" for n in range(1, 19)}
    return score(library.get("itq"), answers).categories["diagnosis"]


def test_itq_gives_ptsd_or_complex_ptsd_and_never_both(library: Registry) -> None:
    """Cloitre 2018: complex PTSD takes the place of PTSD; self-organization alone is no diagnosis."""
    assert itq(library, BLOCKS) == "complex PTSD"
    assert itq(library, BLOCKS[:4]) == "PTSD"
    assert itq(library, BLOCKS[4:]) == "none"
    for place in range(8):
        rest = [block for number, block in enumerate(BLOCKS) if number != place]
        assert itq(library, rest) == ("none" if place < 4 else "PTSD")


# Alcohol and drugs


def test_audit_items_9_and_10_count_0_2_4(library: Registry) -> None:
    """Babor 2001, WHO/MSD/MSB/01.6a: two questions have three answers."""
    audit = library.get("audit")
    for number in (9, 10):
        assert [option.value for option in audit.item(f"audit_{number}").options] == [0, 2, 4]
    assert total(scored(audit, [4] * 10)) == 40
    assert total(scored(audit, [1, 0, 0, 0, 0, 0, 0, 0, 2, 4])) == 7


def test_audit_goes_to_item_9_after_never(library: Registry) -> None:
    """Babor 2001: "never" in item 1 leads to items 9 and 10; what is skipped counts 0 and is not missing."""
    audit = library.get("audit")
    found = score(audit, {"audit_1": "0", "audit_9": "4", "audit_10": "2"})
    assert (total(found), found.complete, found.screens) == (6, True, {"hazardous_drinking": False})
    assert score(audit, {"audit_1": "0"}).missing == ["audit_9", "audit_10"]


def test_audit_goes_to_item_9_where_2_and_3_add_up_to_0(library: Registry) -> None:
    """Babor 2001: the second skip looks at the sum of items 2 and 3."""
    audit = library.get("audit")
    start = {"audit_1": "2", "audit_2": "0", "audit_3": "0"}
    found = score(audit, start | {"audit_9": "0", "audit_10": "4"})
    assert (total(found), found.complete) == (6, True)
    for change_ in ({"audit_2": "1"}, {"audit_3": "1"}):
        assert len(score(audit, start | change_).missing) == 7
    assert len(score(audit, {"audit_1": "2", "audit_2": "0"}).missing) == 8


def test_audit_c_depends_on_sex_and_an_unknown_sex_gives_no_answer(library: Registry) -> None:
    """Bush 1998, Bradley 2003: 4 or more for men, 3 or more for women."""
    audit_c = library.get("audit_c")
    assert scored(audit_c, [3, 0, 0], {"sex": "female"}).screens == {"unhealthy_alcohol_use": True}
    assert scored(audit_c, [3, 0, 0], {"sex": "male"}).screens == {"unhealthy_alcohol_use": False}
    assert scored(audit_c, [4, 0, 0], {"sex": "male"}).screens == {"unhealthy_alcohol_use": True}
    assert scored(audit_c, [2, 0, 0], {"sex": "female"}).screens == {"unhealthy_alcohol_use": False}
    for context in ({}, {"sex": None}, {"sex": "other"}, {"sex": 1}):
        assert scored(audit_c, [4, 4, 4], context).screens == {"unhealthy_alcohol_use": None}


# Well-being, functioning


def test_who5_is_printed_high_to_low_multiplied_by_4_and_higher_is_better(library: Registry) -> None:
    """WHO-5 scoring sheet: raw 0-25 x 4; (raw - 5) x 4, as some print, is wrong."""
    who5 = library.get("who5")
    for item in who5.items:
        assert [option.value for option in item.options] == [5, 4, 3, 2, 1, 0]
    assert who5.higher_is_better
    assert [total(scored(who5, [value] * 5)) for value in (0, 3, 5)] == [0, 60, 100]
    assert scored(who5, [3, 3, 3, 2, 2]).screens["low_wellbeing"] is False
    assert scored(who5, [3, 3, 2, 2, 2]).screens["low_wellbeing"] is True
    assert change(who5, "total", 40, 60).direction == "better"


def test_rand36_scales_are_means_of_the_answered_items(library: Registry) -> None:
    """RAND 36-Item Health Survey 1.0 scoring: recode to 0-100, average what was answered."""
    rand36 = library.get("rand36")
    pain = score(rand36, {"rand36_21": "3"}).scores["pain"]
    assert (pain.value, pain.prorated) == (60, True)
    both = score(rand36, {"rand36_21": "3", "rand36_22": "2"}).scores["pain"]
    assert (both.value, both.prorated) == (67.5, False)
    assert score(rand36, {}).scores["pain"].value is None
    assert all(scale.higher_is_better for scale in rand36.scales)
    assert "total" not in [scale.id for scale in rand36.scales]


def test_rand36_item_2_counts_in_no_scale(library: Registry) -> None:
    """RAND: the change of health over a year stands alone; every other item counts exactly once."""
    rand36 = library.get("rand36")
    counted = sorted(name for scale in rand36.scales for name in scale.items)
    assert counted == sorted(item.id for item in rand36.items if item.id != "rand36_2")
    assert score(rand36, {"rand36_2": "5"}).scores == score(rand36, {}).scores


# Eating, bipolar


def test_edeq_item_8_counts_in_two_scales(library: Registry) -> None:
    """Fairburn and Beglin 2008: preoccupation with shape or weight is in both concerns."""
    edeq = library.get("edeq")
    holding = [scale.id for scale in edeq.scales if "edeq_8" in scale.items]
    assert holding == ["shape_concern", "weight_concern"]
    asked = {name: "0" for scale in edeq.scales for name in scale.items} | {"edeq_8": "6"}
    scores = score(edeq, asked).scores
    assert (scores["shape_concern"].value, scores["weight_concern"].value) == (0.75, 1.2)


def test_edeq_global_is_the_mean_of_the_four_means(library: Registry) -> None:
    """Fairburn and Beglin 2008: not the mean of the 22 items."""
    edeq = library.get("edeq")
    answers = {name: "0" for scale in edeq.scales for name in scale.items}
    answers |= dict.fromkeys(edeq.scale("restraint").items, "6")
    assert score(edeq, answers).scores["global"].value == 1.5
    assert score(edeq, answers | dict.fromkeys(edeq.scale("restraint").items)).scores["global"].value is None


def mdq(library: Registry, yes: int, together: str, problem: str) -> bool | None:
    answers = {
        f"mdq_1{letter}": "yes" if place < yes else "no" for place, letter in enumerate("abcdefghijklm")
    }
    return score(library.get("mdq"), answers | {"mdq_2": together, "mdq_3": problem}).screens["bipolar"]


def test_mdq_has_three_conditions(library: Registry) -> None:
    """Hirschfeld 2000: seven yes of thirteen, in the same period, and a moderate or serious problem."""
    assert mdq(library, 7, "yes", "2") is True
    assert mdq(library, 6, "yes", "3") is False
    assert mdq(library, 13, "no", "3") is False
    assert mdq(library, 13, "yes", "1") is False


# Child, suicide


def test_psc17_counts_up_to_three_blanks_as_0_and_is_invalid_with_four(library: Registry) -> None:
    """PSC-17 scoring instructions: the blanks of the whole form count, for every scale."""
    psc17 = library.get("psc17")
    ones = {f"psc17_{number}": "1" for number in range(1, 18)}
    three = {f"psc17_{number}": None for number in (2, 6, 9)}
    found = score(psc17, ones | three).scores
    assert [found[name].value for name in ("total", "internalizing", "attention")] == [14, 2, 5]
    assert not any(one.prorated for one in found.values())
    four = score(psc17, ones | three | {"psc17_11": None})
    assert [one.value for one in four.scores.values()] == [None] * 4
    assert four.scores["attention"].range == (5, 5)
    assert not four.valid


def test_asq_counts_a_refusal_as_positive(library: Registry) -> None:
    """NIMH ASQ toolkit: "yes" or a refusal to any of 1-4 is positive; then question 5 says how acute."""
    asq = library.get("asq")
    no = dict.fromkeys(("asq_1", "asq_2", "asq_3", "asq_4"), "no")
    assert score(asq, no).screens == {"positive": False}
    assert score(asq, no).missing == []
    for item in no:
        for answer in ("yes", None):
            found = score(asq, no | {item: answer})
            assert found.screens == {"positive": True}
            assert [one.item for one in found.alerts] == [item]
            assert "asq_5" in found.missing
            acute = score(asq, no | {item: answer, "asq_5": "yes"})
            assert acute.categories == {"result": "acute positive"}
            later = score(asq, no | {item: answer, "asq_5": "no"})
            assert later.categories == {"result": "non-acute positive"}
    not_yet = {name: code for name, code in no.items() if name != "asq_3"}
    assert score(asq, not_yet).screens == {"positive": None}


def test_suicide_screens_are_asked_in_person_only(library: Registry) -> None:
    """NIMH ASQ toolkit and Columbia protocol: a clinician is there when these are asked."""
    for key in ("asq", "cssrs"):
        assert library.get(key).settings == ("in_person",)


# The library as a whole


def test_an_unverified_reading_decides_nothing(library: Registry) -> None:
    """Design, section 7: what was not compared with its source is shown as such and drives no flag."""
    seen = 0
    for one in library.all_versions():
        unverified = [screen.id for screen in one.screens if not screen.verified]
        open_ = [category.id for category in one.categories if not category.verified]
        seen += len(unverified) + len(open_)
        for place in (0, -1):
            result = score(one, {item.id: item.options[place].code for item in one.items if item.options})
            assert {result.screens[name] for name in unverified} <= {None}
            assert {result.categories[name] for name in open_} <= {None}
    assert seen > 0


def test_an_unverified_change_figure_is_named_and_decides_nothing(library: Registry) -> None:
    """Design, section 7, as above."""
    seen = 0
    for one in library.all_versions():
        for scale in {figure.scale for figure in one.change}:
            found = change(one, scale, *one.scale(scale).range)
            deciding = deciding_figure(one, scale, "reliable")
            if deciding and not deciding.verified:
                assert (found.reliable, found.verified, found.source) == (None, False, deciding.source)
                seen += 1
    assert seen > 0


def deciding_figure(instrument: Instrument, scale: str, kind: str) -> ChangeFigure | None:
    found = [one for one in instrument.change if (one.scale, one.kind) == (scale, kind)]
    return next((one for one in found if one.default), found[0] if len(found) == 1 else None)


def test_a_definition_only_file_has_no_texts_and_can_not_be_sent(library: Registry) -> None:
    """Issue 2, point 1: scoring may ship, the wording has to come from a licence holder."""
    only = [one for one in library.all_versions() if one.licence.status == "definition_only"]
    assert len(only) >= 10
    for one in library.all_versions():
        assert bool(one.wordings) is (one.licence.status != "definition_only")
        if one in only:
            assert not one.sendable
            assert not any(item.text for item in one.items)
            assert not any(option.label for item in one.items for option in item.options)
            # Neither notes nor comments bring the wording in by another way.
            assert "texts:" not in (SHIPPED / f"{one.key}-{one.version}.yaml").read_text(encoding="utf-8")


def test_non_commercial_terms_have_to_be_accepted_first(library: Registry) -> None:
    """WHO (AUDIT, WHO-5), Skinner (DAST-10), UNSW (DASS-21): a practice bills, so it has to decide itself."""
    for key in ("audit", "who5", "dast10", "dass21"):
        assert library.get(key).licence.status == "non_commercial"
        assert not library.get(key).sendable


def test_no_shipped_file_names_a_number_without_a_source(library: Registry) -> None:
    """Issue 2, point 2. A verified figure can be found again: a year, an address, a file."""
    for one in library.all_versions():
        figures = [
            *((scale.id, scale.source, True) for scale in one.scales),
            *((scale.id, scale.missing.source, False) for scale in one.scales),
            *((scale.id, scale.bands.source, scale.bands.verified) for scale in one.scales if scale.bands),
            *((screen.id, screen.source, screen.verified) for screen in one.screens),
            *((category.id, category.source, category.verified) for category in one.categories),
            *((figure.kind, figure.source, figure.verified) for figure in one.change),
        ]
        for name, source, verified in figures:
            assert len(source.split()) >= 3, (one.key, name)
            assert not verified or NAMED.search(source), (one.key, name)
        assert one.licence.source
        assert one.licence.notice
