from __future__ import annotations

import json

import pytest

from delivery.report_input import ReportInput, ReportInputError
from tests.unit.workers import samples


@pytest.mark.parametrize("name", samples.ALL)
def test_a_stored_input_comes_back_equal(name: str) -> None:
    report = samples.ALL[name]()
    again = ReportInput.from_json(report.to_json())
    assert again == report
    assert again.to_json() == report.to_json()


def test_text_that_is_no_report_is_refused_by_name_of_field_and_without_its_value() -> None:
    stored = json.loads(samples.phq9().to_json())
    stored["people"]["certainty"] = "Elena's secret"
    with pytest.raises(ReportInputError, match=r"people\.certainty") as caught:
        ReportInput.from_json(json.dumps(stored))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"measure": 1}', "\x00"])
def test_broken_text_is_refused(text: str) -> None:
    with pytest.raises(ReportInputError, match="not a stored report"):
        ReportInput.from_json(text)


def test_a_record_of_another_shape_is_refused() -> None:
    stored = json.loads(samples.phq9().to_json())
    for change in ({"form": 2}, {"unknown": True}):
        with pytest.raises(ReportInputError):
            ReportInput.from_json(json.dumps({**stored, **change}))


def test_an_unknown_field_deep_inside_is_refused_too() -> None:
    stored = json.loads(samples.phq9().to_json())
    stored["total"]["bands"][0]["colour"] = "red"
    with pytest.raises(ReportInputError, match="colour"):
        ReportInput.from_json(json.dumps(stored))
