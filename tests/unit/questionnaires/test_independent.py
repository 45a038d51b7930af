"""The engine against a second implementation of every published rule, by somebody who had not seen it.

Random forms, full and partial. What is compared: values, bands, prorating, screens, categories, critical
items and what is missing. A reading whose figure was not checked with its source is not compared: the engine
gives none.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from questionnaires.registry import Registry
from questionnaires.schema import Instrument
from questionnaires.scoring import score
from tests.independent import child, distress, function, mood, substance, trauma
from tests.independent.plain import UNSURE

FAMILIES: tuple[Any, ...] = (mood, distress, substance, trauma, child, function)
FORMS = {key: form for family in FAMILIES for key, form in family.FORMS.items()}
RULES: dict[str, Callable[..., dict[str, Any]]] = {
    key: getattr(family, key) for family in FAMILIES for key in family.FORMS
}
#: How often an item is left open, and how many forms of each kind are tried.
KINDS = ((0.0, 120), (0.06, 120), (0.4, 60))
CONTEXTS: tuple[dict[str, object], ...] = ({}, {"sex": "female", "age": 5}, {"sex": "male", "age": 40})


def forms(key: str) -> list[tuple[dict[str, str], dict[str, object]]]:
    """The same random forms in every run."""
    chance = random.Random(key)
    made = []
    for open_share, many in KINDS:
        for number in range(many):
            answers = {
                item: chance.choice(codes)
                for item, codes in FORMS[key].items()
                if chance.random() >= open_share
            }
            made.append((answers, CONTEXTS[number % len(CONTEXTS)]))
    return made


@pytest.mark.parametrize("key", sorted(FORMS))
def test_the_engine_agrees_with_the_second_implementation(key: str, shipped: Registry) -> None:
    instrument = shipped.get(key)
    for answers, context in forms(key):
        found = score(instrument, answers, context).to_json()
        expected = RULES[key](answers, context)
        assert readings(instrument, found, expected) == readings(instrument, expected, expected), (
            answers,
            context,
        )


def readings(instrument: Instrument, outcome: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What both have to say: the parts that the second implementation decides and the engine may decide."""
    verified = {one.id for one in (*instrument.screens, *instrument.categories) if one.verified}
    shown: dict[str, Any] = {}
    for scale, part in wanted["scores"].items():
        of = instrument.scale(scale)
        here = outcome["scores"][scale]
        value = here["value"]
        shown[scale] = None if value is None else pytest.approx(float(value), abs=1e-5)
        if of.bands:
            shown[f"{scale} band"] = here["band"]
        if "prorated" in part and of.missing.rule == "prorate" and value is not None:
            shown[f"{scale} prorated"] = here["prorated"]
    for kind in ("screens", "categories"):
        for name, reading in wanted.get(kind, {}).items():
            if name in verified and reading != UNSURE:
                shown[f"{kind} {name}"] = outcome[kind][name]
    if "alerts" in wanted:
        shown["alerts"] = sorted(one if isinstance(one, str) else one["item"] for one in outcome["alerts"])
    return shown


def test_every_shipped_instrument_with_a_score_has_a_second_implementation(shipped: Registry) -> None:
    """Those that are missing here have reference cases worked by hand from the published rule."""
    by_hand = {"phq9", "phq2", "gad7", "gad2", "pcl5", "audit_c"} | {
        "maas", "brief_cope", "shaps", "spin", "swemwbs", "dar5", "edeqs", "whodas12",
    }  # fmt: skip
    assert {one.key for one in shipped.list()} - set(FORMS) == by_hand
