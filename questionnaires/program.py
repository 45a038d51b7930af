"""An instrument's rules compiled once to tables and functions, and run over one set of answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from questionnaires.conditions import (
    SKIPPED,
    State,
    Test,
    Value,
    Verdict,
    compile_condition,
    picker,
)
from questionnaires.rules import Category, Screen
from questionnaires.scales import ScaleScore, compile_scale
from questionnaires.schema import Instrument, Item


class Raised(NamedTuple):
    """A critical answer: the item, and the message for the clinician."""

    item: str
    reason: str


class Result(NamedTuple):
    """What one set of answers means. `to_json` gives the fixed shape of `lightq score`."""

    complete: bool
    valid: bool
    scores: dict[str, ScaleScore]
    screens: dict[str, bool | None]
    categories: dict[str, str | None]
    alerts: list[Raised]
    missing: list[str]

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "complete": self.complete,
            "valid": self.valid,
            "scores": scores_to_json(*self.scores.items()),
            **self.readings_to_json(),
            "missing": self.missing,
        }

    def readings_to_json(self) -> dict[str, Any]:
        """What the scores and answers are read as: screens, categories and alerts."""
        return {
            "screens": self.screens,
            "categories": self.categories,
            "alerts": [{"item": item, "reason": reason} for item, reason in self.alerts],
        }


def scores_to_json(*scores: tuple[str, ScaleScore]) -> dict[str, Any]:
    """Scores by scale as plain values."""
    return {
        scale: {"value": value, "band": band, "prorated": prorated, "range": limits and list(limits)}
        for scale, (value, band, prorated, limits) in scores
    }


class Program:
    """The compiled rules of one instrument version."""

    def __init__(self, instrument: Instrument) -> None:
        items = {item.id: item for item in instrument.items}
        position = {name: index for index, name in enumerate(items)}
        self.ids = frozenset(items)
        self._rows = [(item.id, _table(item)) for item in instrument.items]
        self._gates = [
            (position[item.id], compile_condition(item.asked_if, position), item.when_skipped)
            for item in instrument.items
            if item.asked_if
        ]
        self._scored = [item.id for item in instrument.items if item.scored]
        self._pick_scored = picker([position[name] for name in self._scored]) if self._scored else None
        self._critical = [
            (compile_condition(rule.condition, position), Raised(rule.item, rule.message))
            for rule in instrument.critical
        ]
        self._scales = [(scale.id, compile_scale(scale, items, position)) for scale in instrument.scales]
        self._screens = [(screen.id, _screen_test(screen, position)) for screen in instrument.screens]
        self._categories = [(one.id, _category_name(one, position)) for one in instrument.categories]
        self._deciding = _deciding(instrument)

    def values(self, answers: Mapping[str, Any]) -> list[Value]:
        """The value of each item in printed order. KeyError or TypeError where an answer doesn't fit."""
        if not self.ids.issuperset(answers):
            raise KeyError
        get = answers.get
        return [table[get(name)] for name, table in self._rows]

    def settle(self, state: State) -> list[Verdict]:
        """Take out the items that are rightly not asked; say of each gate whether its item is asked."""
        verdicts: list[Verdict] = []
        for place, test, when_skipped in self._gates:
            asked = test(state)
            if asked is False:
                state.values[place] = SKIPPED if when_skipped is None else when_skipped
            verdicts.append(asked)
        return verdicts

    def not_asked(self, answers: Mapping[str, Any], context: Mapping[str, object]) -> set[int]:
        """Places of the items that are certainly not asked. Errors as `values`."""
        verdicts = self.settle(State(self.values(answers), answers, context))
        return {gate[0] for gate, asked in zip(self._gates, verdicts, strict=True) if asked is False}

    def run(self, values: list[Value], answers: Mapping[str, Any], context: Mapping[str, object]) -> Result:
        """Score the values that `values` gave for these answers. Changes the list `values`."""
        state = State(values, answers, context)
        # Before the gates: a critical answer counts even where the item need not have been asked.
        alerts = [raised for test, raised in self._critical if test(state)]
        if self._gates:
            self.settle(state)
        picked = self._pick_scored(values) if self._pick_scored else ()
        missing = (
            [name for name, value in zip(self._scored, picked, strict=True) if value is None]
            if None in picked
            else []
        )
        scores = state.scores
        for scale, score in self._scales:
            scores[scale] = score(state)
        return Result(
            not missing,
            all(scores[scale].value is not None for scale in self._deciding)
            if self._deciding
            else not missing,
            scores,
            {screen: test(state) for screen, test in self._screens},
            {category: name(state) for category, name in self._categories},
            alerts,
            missing,
        )


class _Entries(dict[Any, Value]):
    """The values of an item whose answer is typed in; whatever does not fit is a KeyError."""

    def __init__(self, item: Item) -> None:
        self[None] = None
        self._item = item

    def __missing__(self, code: Any) -> Value:
        if not self._item.takes(code):
            raise KeyError
        return int(code) if self._item.whole_number else SKIPPED


def _table(item: Item) -> dict[str | None, Value]:
    if not item.options:
        return _Entries(item)
    table: dict[str | None, Value] = {
        option.code: SKIPPED if option.not_applicable else option.value for option in item.options
    }
    if not item.scored:
        # An unscored item may have options without a value; its place must still not read as missing.
        table = {code: SKIPPED if value is None else value for code, value in table.items()}
    table[None] = None
    return table


def _deciding(instrument: Instrument) -> list[str]:
    """The scales that decide on `valid`: the total where there is one, otherwise all of them."""
    names = [scale.id for scale in instrument.scales]
    return ["total"] if "total" in names else names


def _screen_test(screen: Screen, position: Mapping[str, int]) -> Test:
    if not screen.verified:  # an unverified figure is shown, but decides nothing
        return lambda _state: None
    if screen.positive_if is not None:
        return compile_condition(screen.positive_if, position)
    cases = {name: compile_condition(rule, position) for name, rule in screen.cases.items()}
    by = screen.by or ""

    def test(state: State) -> Verdict:
        known = state.context.get(by)
        case = cases.get(known) if isinstance(known, str) else None
        return case(state) if case else None

    return test


def _category_name(category: Category, position: Mapping[str, int]) -> Callable[[State], str | None]:
    if not category.verified:
        return lambda _state: None
    cases = [(compile_condition(case.when, position), case.label) for case in category.cases]

    def name(state: State) -> str | None:
        for test, label in cases:
            verdict = test(state)
            if verdict is None:
                return None
            if verdict:
                return label
        return category.otherwise

    return name


_programs: dict[str, Program] = {}
_MOST_KEPT = 500  # previews in the builder make many short-lived versions


def program_of(instrument: Instrument) -> Program:
    """The compiled rules, made once per content."""
    program = _programs.get(instrument.content_hash)
    if program is None:
        if len(_programs) >= _MOST_KEPT:
            _programs.clear()
        program = _programs[instrument.content_hash] = Program(instrument)
    return program
