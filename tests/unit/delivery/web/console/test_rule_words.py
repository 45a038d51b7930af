from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from delivery import library
from delivery.web.console import rule_words
from questionnaires.conditions import Condition, Count
from questionnaires.rules import ChangeFigure, Missing
from questionnaires.schema import Ages, Instrument


@pytest.fixture(autouse=True)
def request_of(app: Flask) -> Iterator[None]:
    with app.test_request_context("/console/"):
        yield


def _get(key: str) -> Instrument:
    return library.shipped().get(key)


PHQ9 = Count(items=tuple(f"phq9_{n}" for n in range(1, 10)), reach=2, reach_for={"phq9_9": 1})


@pytest.mark.parametrize(
    ("key", "condition", "words"),
    [
        ("phq9", Condition(scale="total", at_least=10), "Total 10 or more"),
        ("phq9", Condition(scale="total", at_most=4), "Total 4 or less"),
        ("phq9", Condition(scale="total", at_least=5, at_most=9), "Total 5 to 9"),
        ("phq9", Condition(item="phq9_9", at_least=1), "question 9 scores 1 or more"),
        ("phq9", Condition(item="phq9_9", at_least=2, at_most=2), "question 9 scores 2"),
        ("asq", Condition(item="asq_5", codes=("yes",)), "“Yes” to question 5"),
        ("asq", Condition(item="asq_1", codes=("yes", "no")), "“Yes” or “No” to question 1"),
        ("asq", Condition(item="asq_1", left_blank=True), "question 1 left blank"),
        ("phq9", Condition(context="sex", equals="female"), "sex female"),
        ("phq9", Condition(context="age", at_least=18), "age 18 or more"),
        (
            "phq9",
            Condition(count=PHQ9, at_least=5),
            "5 or more of questions 1 to 9 at 2 or more (question 9 at 1 or more)",
        ),
        (
            "phq9",
            Condition(
                all_of=(
                    Condition(scale="total", at_least=10),
                    Condition(
                        any_of=(Condition(item="phq9_1", at_least=2), Condition(item="phq9_2", at_least=2))
                    ),
                )
            ),
            "Total 10 or more and (question 1 scores 2 or more or question 2 scores 2 or more)",
        ),
        (
            "phq9",
            Condition(none_of=(Condition(item="phq9_1", at_least=2), Condition(item="phq9_2", at_least=1))),
            "none of: question 1 scores 2 or more; question 2 scores 1 or more",
        ),
        (
            "phq9",
            Condition(how_many=(Condition(item="phq9_1", at_least=2),), at_least=1),
            "of these, 1 or more: question 1 scores 2 or more",
        ),
    ],
)
def test_a_condition_reads_as_part_of_a_sentence(key: str, condition: Condition, words: str) -> None:
    assert rule_words.condition(_get(key), condition) == words


def test_every_rule_of_every_shipped_measure_has_words() -> None:
    for one in library.shipped().all_versions():
        conditions = [item.asked_if for item in one.items if item.asked_if]
        conditions += [case.when for category in one.categories for case in category.cases]
        conditions += [rule.condition for rule in one.critical]
        for condition in conditions:
            words = rule_words.condition(one, condition)
            assert words and "None" not in words and "_" not in words, (one.key, words)
        for scale in one.scales:
            assert "_" not in rule_words.made_of(one, scale)
            assert rule_words.missing(scale.missing)


def test_scales_say_how_they_are_made() -> None:
    def made(key: str, scale: str = "total") -> str:
        return rule_words.made_of(_get(key), _get(key).scale(scale))

    assert made("phq9") == "sum of all 9 scored questions"
    assert made("dass21", "stress") == "sum of questions 1, 6, 8, 11, 12, 14 and 18; times 2"
    assert made("pswq").endswith("; turned round: 1, 3, 8, 10 and 11")
    assert made("who5").startswith("sum of")


def test_missing_item_rules_say_what_happens() -> None:
    none = Missing(rule="none", source="s")
    assert "no score" in rule_words.missing(none)
    assert "Up to 1 of its questions" in rule_words.missing(Missing(rule="prorate", at_most=1, source="s"))
    zero = Missing(rule="zero", at_most=3, among="form", source="s")
    assert "Up to 3 on the whole form" in rule_words.missing(zero)


def test_figures_on_change_have_their_unit() -> None:
    points = ChangeFigure(scale="total", kind="reliable", source="s", verified=True, points=6)
    percent = ChangeFigure(scale="total", kind="important", source="s", verified=True, percent=20)
    assert rule_words.change(points) == "reliable change: 6 points"
    assert rule_words.change(replace(points, kind="cutoff", points=1)) == "clinical cut-off: 1 point"
    assert rule_words.change(percent) == "smallest change that matters: 20 %"


def test_codes_have_words_and_unknown_ones_stay() -> None:
    for words in (rule_words.setting, rule_words.purpose, rule_words.respondent, rule_words.licence):
        assert words("nothing_like_it") == "nothing_like_it"
    assert [rule_words.setting(one) for one in ("remote", "kiosk", "in_person", "public")] == [
        "by link",
        "on the tablet",
        "together",
        "on the public page",
    ]
    assert rule_words.ages(Ages(low=4, high=17)) == "4 to 17"
    assert rule_words.ages(Ages(low=18)) == "18 and older"
    assert rule_words.ages(Ages(low=0)) == "any age"


def test_a_screen_that_depends_on_the_person_says_on_what() -> None:
    audit_c = _get("audit_c")
    words = rule_words.screen(audit_c, audit_c.screens[0])
    assert "female: Total 3 or more" in words
    assert "male: Total 4 or more" in words
