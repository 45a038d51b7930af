"""Reference cases: answers with the scores that a published source gives, run against the engine.

One file per instrument in `tests/golden/`, described in `docs/instruments.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from questionnaires.answers import BadAnswers, check
from questionnaires.reading import parse
from questionnaires.registry import Registry
from questionnaires.schema import Instrument
from questionnaires.scoring import score
from questionnaires.source import read_bytes

GOLDEN = Path(__file__).parent.parent / "tests" / "golden"
_NEEDED = {"name", "source", "answers", "expect"}


class CaseResult(NamedTuple):
    """One reference case. `difference` is None where it passed, otherwise what differs."""

    key: str
    version: int
    name: str
    source: str
    difference: str | None


def verify(registry: Registry, golden: Path = GOLDEN) -> list[CaseResult]:
    """Run the reference cases of every instrument. An instrument without any counts as one that differs.

    Raises InstrumentError where a file of reference cases can't be read.
    """
    return [result for instrument in registry.all_versions() for result in _cases(instrument, golden)]


def verify_one(instrument: Instrument, golden: Path = GOLDEN) -> list[CaseResult]:
    """Run the reference cases of one instrument. Errors as `verify`."""
    return list(_cases(instrument, golden))


def _cases(instrument: Instrument, golden: Path) -> list[CaseResult]:
    cases = _read_cases(instrument, golden / f"{instrument.key}.yaml")
    if not cases:
        none = "there are no reference cases"
        return [CaseResult(instrument.key, instrument.version, "reference cases", "", none)]
    return [
        CaseResult(instrument.key, instrument.version, case["name"], case["source"], _run(instrument, case))
        for case in cases
    ]


def _read_cases(instrument: Instrument, path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    source = parse(path.name, read_bytes(path))
    versions = source.content.get("versions") if isinstance(source.content, dict) else None
    if not isinstance(versions, dict):
        raise source.error((), "'versions' is missing")
    cases: list[dict[str, Any]] = versions.get(str(instrument.version), [])
    for index, case in enumerate(cases):
        known = isinstance(case, dict) and _NEEDED <= set(case) <= _NEEDED | {"context"}
        if not known or not isinstance(case["expect"], dict):
            where = ("versions", str(instrument.version), index)
            raise source.error(where, "a case has name, source, answers, expect and perhaps context")
    return cases


def _run(instrument: Instrument, case: Mapping[str, Any]) -> str | None:
    try:
        answers = check(instrument, _answers(instrument, case["answers"]))
    except BadAnswers as problem:
        return str(problem)
    outcome = score(instrument, answers, case.get("context") or {}).to_json()
    if all(isinstance(one, str) for one in case["expect"].get("alerts", [])):
        outcome["alerts"] = [one["item"] for one in outcome["alerts"]]
    return _difference(case["expect"], outcome, "")


def _answers(instrument: Instrument, given: object) -> dict[str, object]:
    """Answers by item id, or a list of codes in printed order where null is an item without answer."""
    if isinstance(given, dict):
        return {name: _code(value) for name, value in given.items()}
    if not isinstance(given, list) or len(given) > len(instrument.items):
        raise BadAnswers([("", "the answers are neither codes by item nor a list that fits")])
    return {item.id: _code(value) for item, value in zip(instrument.items, given, strict=False)}


def _code(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def _difference(expected: object, actual: object, where: str) -> str | None:
    """The first difference. Of an object only the keys that are named are compared."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, part in expected.items():
            if key not in actual:
                return f"{where}{key}: not in the result"
            found = _difference(part, actual[key], f"{where}{key}.")
            if found:
                return found
        return None
    if isinstance(expected, float) and isinstance(actual, int | float):
        return None if abs(expected - actual) < 1e-6 else f"{where[:-1]}: {actual} instead of {expected}"
    return None if expected == actual else f"{where[:-1]}: {actual} instead of {expected}"
