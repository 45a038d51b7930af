from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from delivery.caseload import columns
from delivery.caseload.file import Record
from delivery.caseload.row import Row
from delivery.caseload.sameness import same_people, shared

FOUND: Final = columns.read(
    Record(1, ("First name", "email", "Cell")), columns.CASELOAD, None, date(2026, 6, 1)
)
BORN: Final = date(1988, 4, 17)


def _rows(*people: dict[str, Any]) -> list[Row]:
    return [
        Row(line=line, **{"given_name": "Ana", "family_name": "Ruiz", **one})
        for line, one in enumerate(people, 2)
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"date_of_birth": BORN}, {"date_of_birth": BORN}),
        ({"date_of_birth": BORN}, {"date_of_birth": BORN, "given_name": "ANÁ "}),
        ({"email": "a@example.org"}, {"email": "a@example.org"}),
        ({"phone": "+15035550118", "date_of_birth": BORN}, {"phone": "+15035550118"}),
    ],
)
def test_one_client_in_two_rows_is_a_fault_that_names_both(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    faults, remarks = same_people(_rows(first, second), FOUND)
    assert [(one.line, one.column) for one in faults] == [(3, "First name")]
    assert faults[0].words == "Rows 2 and 3 are the same client. Keep one of them."
    assert remarks == []


def test_a_third_time_is_told_too_and_each_row_once() -> None:
    faults, _ = same_people(_rows(*[{"date_of_birth": BORN}] * 3), FOUND)
    assert [one.line for one in faults] == [3, 4]


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, {}), ({"email": "a@example.org"}, {"email": "b@example.org"}), ({"date_of_birth": BORN}, {})],
)
def test_one_name_and_nothing_to_tell_them_apart_is_remarked(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    faults, remarks = same_people(_rows(first, second), FOUND)
    assert faults == []
    assert [(one.line, "Rows 2 and 3" in one.words) for one in remarks] == [(3, True)]


def test_father_and_son_of_one_name_are_two_clients() -> None:
    both = {"phone": "+15035550118"}
    people = _rows({**both, "date_of_birth": BORN}, {**both, "date_of_birth": date(2010, 1, 1)})
    assert same_people(people, FOUND) == ([], [])


def test_rows_without_a_name_are_not_compared() -> None:
    nobody = {"given_name": "", "family_name": "", "date_of_birth": BORN}
    assert same_people(_rows(nobody, nobody), FOUND) == ([], [])


@pytest.mark.parametrize(
    ("column", "value", "what"), [("email", "a@example.org", "mailbox"), ("phone", "+15035550118", "phone")]
)
def test_two_names_with_one_contact_are_remarked_with_a_recognition_word(
    column: str, value: str, what: str
) -> None:
    faults, remarks = shared(_rows({column: value}, {column: value, "given_name": "Bo"}), FOUND)
    assert faults == []
    (remark,) = remarks
    assert (remark.line, remark.column) == (3, FOUND.heading(column))
    assert remark.words.startswith(f"Rows 2 and 3 share a {what}.")
    assert "recognition word" in remark.words


def test_nothing_shared_is_nothing_said() -> None:
    assert shared(_rows({"email": "a@example.org"}, {"email": "b@example.org"}, {}, {}), FOUND) == ([], [])


def test_one_calendar_code_for_two_clients_is_a_fault() -> None:
    faults, _ = shared(
        _rows({"calendar_code": "Blue"}, {"calendar_code": "blue"}, {"calendar_code": "red"}), FOUND
    )
    assert [(one.line, one.column) for one in faults] == [(3, "calendar_code")]
