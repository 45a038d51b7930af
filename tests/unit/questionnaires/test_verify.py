from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from questionnaires.registry import InstrumentError, Registry, load
from questionnaires.verify import verify, verify_one

ALL_ONES = {"name": "all ones", "source": "Somebody 2001", "answers": [1, 1, 1, 1]}
FITS_NOT = "the answers are neither codes by item nor a list that fits"
RIGHT = {"scores": {"total": {"value": 4, "band": None}}, "complete": True}


def golden(folder: Path, *cases: Any, **content: Any) -> Path:
    (folder / "demo.yaml").write_text(json.dumps(content or {"versions": {"1": cases}}))
    return folder


def test_every_shipped_reference_case_passes() -> None:
    results = verify(load())
    assert len(results) > 80
    assert [result for result in results if result.difference] == []


def test_every_shipped_case_names_its_source() -> None:
    assert all(len(result.source) > 10 for result in verify(load()))


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({}, None),
        ({"answers": {"d1": "1", "d2": 1, "d3": "1", "d4": "1"}}, None),
        ({"expect": {"scores": {"total": {"value": 4.0}}}}, None),
        ({"expect": {"scores": {"total": {"value": 5}}}}, "scores.total.value: 4 instead of 5"),
        ({"expect": {"scores": {"total": {"value": 4.5}}}}, "scores.total.value: 4 instead of 4.5"),
        ({"expect": {"scores": {"other": {}}}}, "scores.other: not in the result"),
        ({"expect": {"missing": ["d1"]}}, "missing: [] instead of ['d1']"),
        ({"expect": {"complete": {"x": 1}}}, "complete: True instead of {'x': 1}"),
        ({"answers": [1, 1, 1, 1, 1]}, FITS_NOT),
        ({"answers": "1111"}, FITS_NOT),
        ({"answers": [7]}, "d1: the answer is not one of its option codes"),
        ({"answers": [1, None], "expect": {"missing": ["d2", "d3", "d4"]}}, None),
        ({"context": {"sex": "male"}}, None),
        ({"context": None}, None),
    ],
)
def test_a_case_is_compared_in_what_it_expects(
    tmp_path: Path, make: Any, content: Any, changes: Any, difference: str | None
) -> None:
    instrument = make(content)
    (result,) = verify_one(instrument, golden(tmp_path, {**ALL_ONES, "expect": RIGHT, **changes}))
    assert result.difference == difference
    assert result.name == "all ones"


@pytest.mark.parametrize("cases", [None, [], ["other version"]])
def test_an_instrument_without_cases_does_not_pass(
    tmp_path: Path, make: Any, content: Any, cases: Any
) -> None:
    instrument = make(content)
    if cases is not None:
        golden(tmp_path, versions={"2": cases})
    (result,) = verify(Registry([instrument]), tmp_path)
    assert result.difference == "there are no reference cases"


@pytest.mark.parametrize(
    "content_of_file",
    [
        {"cases": []},
        {"versions": []},
        {"versions": {"1": ["x"]}},
        {"versions": {"1": [{"name": "n"}]}},
        {"versions": {"1": [{**ALL_ONES, "expect": []}]}},
        {"versions": {"1": [{**ALL_ONES, "expect": {}, "colour": "red"}]}},
    ],
)
def test_a_malformed_file_of_cases_is_refused(
    tmp_path: Path, make: Any, content: Any, content_of_file: Any
) -> None:
    instrument = make(content)
    with pytest.raises(InstrumentError, match=r"demo\.yaml"):
        verify_one(instrument, golden(tmp_path, **content_of_file))


def test_alerts_may_be_listed_by_item_or_in_full(tmp_path: Path, make: Any, content: Any) -> None:
    content["critical"] = [{"item": "d1", "at_least": 1, "message": "Look"}]
    instrument = make(content)
    for alerts, difference in (
        (["d1"], None),
        ([{"item": "d1", "reason": "Look"}], None),
        ([{"item": "d1", "reason": "See"}], "alerts: [{'item': 'd1', 'reason': 'Look'}] instead of"),
        ([], "alerts: ['d1'] instead of []"),
        (["d1", "d2"], "alerts: ['d1'] instead of ['d1', 'd2']"),
    ):
        (result,) = verify_one(instrument, golden(tmp_path, {**ALL_ONES, "expect": {"alerts": alerts}}))
        assert result.difference is None if difference is None else difference in (result.difference or "")
