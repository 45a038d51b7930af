from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from questionnaires import registry
from questionnaires.building import read_form
from questionnaires.checks import problems
from questionnaires.source import Source

Edit = Callable[[dict[str, Any]], object]
BAND = {"source": "Here", "verified": True}
D1 = {"item": "d1", "at_least": 1}


def bands(*ranges: tuple[int, int]) -> dict[str, Any]:
    return {**BAND, "ranges": [{"low": low, "high": high, "label": f"{low}"} for low, high in ranges]}


def first(part: str, **changes: object) -> Edit:
    return lambda content: content[part][0].update(changes)


def scale(**changes: object) -> Edit:
    return first("scales", **changes)


def screen(condition: Any = None, **changes: object) -> Edit:
    base = {"id": "s", "label": "S", "rule": "R", "source": "H", "verified": True}
    rule = {} if condition is None else {"positive_if": condition}
    return lambda content: content.update(screens=[{**base, **rule, **changes}])


def critical(*rules: dict[str, Any]) -> Edit:
    return lambda content: content.update(critical=list(rules))


def figures(*given: dict[str, Any]) -> Edit:
    base = {"scale": "total", "kind": "reliable", "source": "H", "verified": True}
    return lambda content: content.update(change=[{**base, **one} for one in given])


def text(**changes: object) -> Edit:
    return lambda content: content["texts"]["en"].update(changes)


def missing(**rule: object) -> Edit:
    return scale(missing={"source": "H", **rule})


def gate(place: int, **condition: object) -> Edit:
    return lambda content: content["items"][place].update(asked_if=condition)


def number(*limits: int) -> Edit:
    return lambda content: content["items"].append({"id": "d5", "whole_number": list(limits)})


def typed(longest: int) -> Edit:
    return lambda content: content["items"].append({"id": "d5", "free_text": longest, "scored": False})


def both(*edits: Edit) -> Edit:
    return lambda content: [edit(content) for edit in edits]


BAD: dict[str, tuple[Edit, str, str | None]] = {
    # name: (edit, words of the reason, text that stands on the line named; None to leave it)
    "an unknown key": (first("items", colour="red"), "unknown key 'colour'", '"colour"'),
    "an unknown key at the top": (lambda c: c.update(colour="red"), "unknown key 'colour'", '"colour"'),
    "a missing key": (lambda c: c.pop("minutes"), "'minutes' is missing", None),
    "a value of the wrong kind": (lambda c: c.update(minutes="3"), "'minutes': ", '"minutes"'),
    "neither options nor anything else": (
        lambda c: c["items"][0].pop("options"),
        "give 'd1' exactly one of 'options', 'whole_number' and 'free_text'",
        None,
    ),
    "two ways to answer": (first("items", whole_number=[0, 9]), "give 'd1' exactly one of", None),
    "a whole number from high to low": (number(9, 0), "from a lower to a higher one", None),
    "a whole number of one value": (number(3, 3), "from a lower to a higher one", None),
    "a whole number below 0": (number(-1, 9), "within 0 and 100,000", None),
    "a whole number that is too high": (number(0, 100_001), "within 0 and 100,000", None),
    "a whole number with three limits": (number(0, 1, 2), "'whole_number'", '"whole_number"'),
    "scored free text": (
        lambda c: c["items"].append({"id": "d5", "free_text": 10}),
        "'d5' is free text, which is never scored",
        None,
    ),
    "free text without room": (typed(0), "room for 1 to 2,000 characters", None),
    "free text without end": (typed(2_001), "room for 1 to 2,000 characters", None),
    "a scale of free text": (both(typed(9), scale(items=["d1", "d5"])), "no scored item 'd5'", None),
    "the value of free text": (
        both(typed(9), screen({"item": "d5", "at_least": 1})),
        "'d5' have no values to compare",
        None,
    ),
    "a code of a whole number": (
        both(number(0, 9), screen({"item": "d5", "codes": ["1"]})),
        "'d5' has no option '1'",
        None,
    ),
    "a bound beyond a whole number": (
        both(number(0, 9), screen({"item": "d5", "at_least": 10})),
        "10 is outside the possible range 0 to 9",
        None,
    ),
    "how many without a bound": (screen({"how_many": [D1]}), "'at_least' and 'at_most' go with", None),
    "a group with a bound": (screen({"all_of": [D1], "at_least": 1}), "other groups have no bounds", None),
    "more than there are": (screen({"how_many": [D1], "at_least": 2}), "2 is outside", None),
    "how many of an unknown item": (
        screen({"how_many": [{"item": "d9", "at_least": 1}], "at_least": 1}),
        "no item 'd9'",
        '"positive_if"',
    ),
    "a blank beside a group": (
        screen({"any_of": [D1], "left_blank": True}),
        "stand in the conditions of a group",
        None,
    ),
    "codes beside a group": (screen({"any_of": [D1], "codes": ["1"]}), "conditions of a group", None),
    "equals beside a group": (screen({"any_of": [D1], "equals": "1"}), "conditions of a group", None),
    "a blank scale": (screen({"scale": "total", "left_blank": True}), "'left_blank' go with an item", None),
    "a blank of an unknown item": (screen({"item": "d9", "left_blank": True}), "no item 'd9'", None),
    "a blank and a value": (screen({"item": "d1", "at_least": 1, "left_blank": True}), "needs either", None),
    "a critical blank of an unknown item": (
        critical({"item": "d9", "left_blank": True, "message": "M"}),
        "no item 'd9'",
        None,
    ),
    "blanks of the form for a scale of scales": (
        lambda c: c["scales"].append(
            c["scales"][0]
            | {"id": "top", "scales": ["total"], "items": []}
            | {"missing": {"rule": "zero", "at_most": 1, "among": "form", "source": "H"}}
        ),
        "'among: form' goes with a scale of items",
        None,
    ),
    "blanks among the moon": (missing(rule="zero", at_most=1, among="moon"), "'among'", '"among"'),
    "a truth value for a number": (lambda c: c["options"]["often"][1].update(value=True), "valid", "true"),
    "an unknown setting": (lambda c: c.update(settings=["moon"]), "'remote'", '"moon"'),
    "no setting": (lambda c: c.update(settings=[]), "at least one setting", '"settings"'),
    "no items": (lambda c: c.update(items=[]), "there are no items", '"items"'),
    "a key with a capital": (lambda c: c.update(key="Demo"), "a key is made of", '"key"'),
    "version 0": (lambda c: c.update(version=0), "a whole number from 1 to 100,000", '"version"'),
    "a version that no column holds": (
        lambda c: c.update(version=99_999_999_999),
        "a whole number from 1 to 100,000",
        '"version"',
    ),
    "no minutes": (lambda c: c.update(minutes=0), "a whole number from 1 to 100,000", '"minutes"'),
    "an interval without end": (
        lambda c: c.update(shortest_interval_days=10**15),
        "a whole number from 1 to 100,000",
        '"shortest_interval_days"',
    ),
    "an empty name": (lambda c: c.update(name=" "), "a name of one line with at most 300", '"name"'),
    "a name of two lines": (lambda c: c.update(name="One\nTwo"), "a name of one line", '"name"'),
    "a name that turns what follows": (
        lambda c: c.update(short_name="a\u202eb"),
        "a name of one line with at most 120",
        '"short_name"',
    ),
    "a long short name": (lambda c: c.update(short_name="x" * 121), "at most 120 characters", '"short_name"'),
    "a value beyond all measure": (
        lambda c: c["options"]["often"][3].update(value=100_001),
        "the value of '3' is outside of -100,000 to 100,000",
        None,
    ),
    "an id twice": (lambda c: c["items"][2].update(id="d1"), "the id 'd1' is used twice", '"id": "d1"'),
    "an id with a space": (scale(id="to tal"), "'to tal' is not made of", '"to tal"'),
    "an unused option list": (
        lambda c: c["options"].update(more=c["options"]["often"]),
        "no item uses",
        None,
    ),
    "a single option": (lambda c: c["options"].update(often=[{"code": "0", "value": 0}]), "two opt", None),
    "a code twice": (lambda c: c["options"]["often"][1].update(code="0"), "code '0' is used twice", None),
    "a code with a colon": (lambda c: c["options"]["often"][1].update(code="a:b"), "code 'a:b'", '"a:b"'),
    "an option without a value": (lambda c: c["options"]["often"][1].pop("value"), "has no value", None),
    "a value for not applicable": (
        lambda c: c["options"]["often"][1].update(not_applicable=True),
        "'not applicable' option has no value",
        None,
    ),
    "an unknown option list": (first("items", options="rare"), "no option list 'rare'", None),
    "a skip that depends on itself": (gate(0, item="d1", at_least=1), "not asked before it", None),
    "skips in a circle": (
        both(gate(0, item="d2", at_least=1), gate(1, item="d1", at_least=1)),
        "'d1' depends on 'd2'",
        None,
    ),
    "a skip by a count of later items": (
        gate(0, count={"items": ["d3"], "reach": 1}, at_least=1),
        "'d1' depends on 'd3'",
        None,
    ),
    "a skip by a later item in a group": (gate(0, any_of=[{"item": "d4", "at_least": 1}]), "on 'd4'", None),
    "a skip by a scale": (gate(1, none_of=[{"scale": "total", "at_least": 1}]), "depend on a scale", None),
    "a skip by nothing": (gate(1, at_least=1), "names exactly one of", None),
    "a scale of nothing": (scale(items=[]), "either items or other scales", None),
    "a scale that names an item twice": (scale(items=["d1", "d1"]), "names an item twice", None),
    "a scale of an unknown item": (scale(items=["d9"]), "no scored item 'd9'", None),
    "a scale of an unscored item": (first("items", scored=False), "no scored item 'd1'", None),
    "a scale of an unknown scale": (scale(items=[], scales=["x"]), "not a scale that stands before", None),
    "a reversed item from elsewhere": (scale(reverse=["d9"]), "'d9' is not an item of", None),
    "a count without reach": (scale(method="count"), "'reach' goes with", None),
    "a reversed count": (scale(method="count", reach=1, range=[0, 4], reverse=["d1"]), "none of them", None),
    "a count that is prorated": (
        both(scale(method="count", reach=1, range=[0, 4]), missing(rule="prorate", at_most=1)),
        "a count has the missing-item rule 'none'",
        None,
    ),
    "a multiplier of 0": (scale(multiply=0), "'multiply' is greater than 0", '"multiply"'),
    "a limit without a rule": (missing(rule="none", at_most=1), "needs the rule", None),
    "a rule without a limit": (missing(rule="prorate"), "at least 1 and less than", None),
    "a limit of all items": (missing(rule="zero", at_most=4), "at least 1 and less than", None),
    "a range that can't be": (scale(range=[0, 30]), "can reach 0 to 12, not 0 to 30", '"range"'),
    "no bands": (scale(bands=bands()), "there are no bands", None),
    "bands that end early": (scale(bands=bands((0, 5), (6, 10))), "bands run from 0 to 10", None),
    "bands that overlap": (scale(bands=bands((0, 5), (5, 12))), "'5' overlaps '0'", '"low": 5'),
    "bands with a gap": (scale(bands=bands((0, 5), (7, 12))), "gap between the bands '0' and '7'", None),
    "a band that ends before it begins": (scale(bands=bands((0, 12), (13, 12))), "before it begins", None),
    "a screen without a rule": (screen(), "give either 'positive_if'", None),
    "a screen by without cases": (screen({"item": "d1", "at_least": 1}, by="sex"), "go together", None),
    "a screen by the moon": (
        screen(by="moon", cases={"full": {"item": "d1", "at_least": 1}}),
        "the context is one of sex, age",
        '"moon"',
    ),
    "a bad case": (screen(by="sex", cases={"male": {"item": "d9", "at_least": 1}}), "no item 'd9'", None),
    "two subjects": (screen({"item": "d1", "scale": "total", "at_least": 1}), "names exactly one of", None),
    "no test": (screen({"item": "d1"}), "needs either at_least", None),
    "two tests": (screen({"item": "d1", "at_least": 1, "codes": ["1"]}), "needs either at_least", None),
    "an unknown scale": (screen({"scale": "x", "at_least": 1}), "no scale 'x'", None),
    "a cut-off out of range": (screen({"scale": "total", "at_least": 13}), "13 is outside", None),
    "an item value out of range": (screen({"item": "d1", "at_most": 4}), "4 is outside", None),
    "an unknown context": (screen({"context": "moon", "equals": "full"}), "the context is one of", None),
    "codes of a scale": (screen({"scale": "total", "codes": ["1"]}), "'left_blank' go with an item", None),
    "an item that equals": (screen({"item": "d1", "equals": "1"}), "'equals' goes with a context", None),
    "a value where there are none": (
        both(
            lambda c: c["options"].update(bare=[{"code": "0"}, {"code": "1"}]),
            lambda c: c["items"].append({"id": "d5", "options": "bare", "scored": False}),
            screen({"item": "d5", "at_least": 1}),
        ),
        "the options of 'd5' have no values",
        None,
    ),
    "an unknown code": (screen({"item": "d1", "codes": ["7"]}), "'d1' has no option '7'", None),
    "a count of an unknown item": (
        screen({"count": {"items": ["d9"], "reach": 1}, "at_least": 1}),
        "no item 'd9'",
        None,
    ),
    "a count that can't be reached": (
        screen({"count": {"items": ["d1"], "reach": 1}, "at_least": 2}),
        "2 is outside",
        None,
    ),
    "a bad category": (
        lambda c: c.update(
            categories=[
                {
                    "id": "c",
                    "label": "C",
                    "otherwise": "no",
                    "source": "H",
                    "verified": True,
                    "cases": [{"label": "x", "when": {"item": "d9", "at_least": 1}}],
                }
            ]
        ),
        "no item 'd9'",
        None,
    ),
    "two critical rules for an item": (
        critical(*[{"item": "d1", "at_least": 1, "message": "M"}] * 2),
        "two critical rules",
        None,
    ),
    "a critical rule without a test": (critical({"item": "d1", "message": "M"}), "needs either", None),
    "a change figure of an unknown scale": (figures({"scale": "x", "points": 1}), "no scale 'x'", '"x"'),
    "a change figure without a figure": (figures({}), "either 'points' or 'percent'", None),
    "a cut-off in percent": (figures({"kind": "cutoff", "percent": 5}), "a cut-off is given in points", None),
    "two default figures": (figures(*[{"points": 1, "default": True}] * 2), "two default figures", None),
    "a language that is none": (
        lambda c: c["texts"].update(english=c["texts"]["en"]),
        "'english' is not a language tag",
        '"english"',
    ),
    "a wording without sources": (text(wording_sources=[]), "name the sources", '"wording_sources"'),
    "a text that lacks an item": (text(items={"d1": "One"}), "the item 'd2' is missing", '"items"'),
    "a text for an unknown item": (
        lambda c: c["texts"]["en"]["items"].update(d9="Nine"),
        "there is no item 'd9'",
        '"d9"',
    ),
    "an empty text": (lambda c: c["texts"]["en"]["items"].update(d1=" "), "'d1' is empty", '"d1": " "'),
    "an empty label": (lambda c: c["texts"]["en"]["options"]["often"].update({"1": ""}), "is empty", None),
    "labels for an unknown list": (
        lambda c: c["texts"]["en"]["options"].update(rare={"0": "No"}),
        "no option list 'rare'",
        None,
    ),
    "a list without labels": (text(options={}), "the option list 'often' is missing", None),
    "an unknown stem": (text(stems={"main": "M", "other": "O"}), "there is no stem 'other'", '"other"'),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_reason_and_line(write: Any, content: Any, name: str) -> None:
    edit, words, on_line = BAD[name]
    edit(content)
    path = write(content, "demo-1.yaml")
    with pytest.raises(registry.InstrumentError) as caught:
        registry.read(path)
    error = caught.value
    assert words in error.reason
    assert error.file == "demo-1.yaml"
    assert f"demo-1.yaml, line {error.line}: " in str(error)
    if on_line:
        assert on_line in path.read_text().splitlines()[error.line - 1]


def test_several_problems_are_all_found(content: Any) -> None:
    edits = (
        scale(items=["d9"], bands=bands()),
        screen({"any_of": [{"item": "d9", "at_least": 1}, {"item": "d1"}, {"at_least": 1}]}),
        lambda c: c["items"].append(
            {"id": "d5", "options": "often", "asked_if": {"item": "d8", "codes": ["0"]}}
        ),
    )
    for edit in edits:
        edit(content)
    form = read_form(Source("demo-1.yaml", content, {}))
    assert [reason for _where, reason in problems(form)] == [
        "there is no item 'd8'",
        "there is no scored item 'd9'",
        "there are no bands",
        "there is no item 'd9'",
        "a condition needs either at_least and at_most, or codes, or equals, or left_blank",
        "a condition names exactly one of item, scale, context, count, all_of, any_of, none_of, how_many",
        "the text of the item 'd5' is missing",
    ]


def test_the_file_that_the_bad_ones_start_from_is_good(make: Any, content: Any) -> None:
    assert make(content).key == "demo"


def test_a_file_may_carry_everything_the_format_knows(make: Any, content: Any) -> None:
    for edit in (
        scale(bands=bands((0, 5), (6, 12)), round_to=0, loinc="1-1"),
        gate(3, all_of=[{"item": "d1", "at_least": 1}, {"none_of": [{"context": "sex", "equals": "male"}]}]),
        screen(by="sex", cases={"male": {"scale": "total", "at_least": 4}}),
        lambda c: c["options"].update(bare=[{"code": "no"}, {"code": "yes"}]),
        lambda c: c["items"].append({"id": "d5", "options": "bare", "scored": False}),
        lambda c: c["texts"]["en"]["items"].update(d5="Question 5"),
        lambda c: c["texts"]["en"]["options"].update(bare={"no": "No", "yes": "Yes"}),
        critical(
            {"item": "d4", "codes": ["3"], "message": "M"}, {"item": "d5", "codes": ["yes"], "message": "M"}
        ),
        figures({"percent": 30, "default": True}, {"kind": "cutoff", "points": 3}),
        text(stems={"main": "Today"}, name="Demonstration", instructions="Please answer"),
    ):
        edit(content)
    instrument = make(content)
    assert instrument.name == "Demonstration"
    assert instrument.instructions == "Please answer"
    assert instrument.items[0].stem == instrument.stem == "Today"
    assert instrument.item("d4").critical
    assert not instrument.item("d1").critical
