from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import library
from delivery.caseload import columns, file, past
from delivery.caseload.file import Record, Table
from delivery.caseload.past import PastFile, PastRow
from delivery.caseload.row import PastTotal, Row
from delivery.errors import Invalid

TODAY: Final = date(2026, 6, 1)
DAY: Final = date(2026, 1, 12)
HEADING: Final = "First name,Last name,DOB,Measure,Date,Score\n"
BORN: Final = date(1988, 4, 17)


def _read(text: str) -> PastFile:
    return past.read(file.read((HEADING + text).encode()), today=TODAY, instruments=library.shipped())


def _told(found: PastFile) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in found.faults]


def test_a_row_is_a_total_of_a_client() -> None:
    found = _read("Elena,Rivera,4/17/1988,phq-9,1/12/2026,0\n,Hale,,PEG,2026-01-12,3.3\n")
    assert found.faults == []
    assert found.rows == [
        PastRow(2, "Elena", "Rivera", BORN, PastTotal("phq9", DAY, 0)),
        PastRow(3, "", "Hale", None, PastTotal("peg", DAY, 3.3)),
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Elena,Rivera,,PHQ-99,2026-01-12,5", ["Measure"]),
        ("Elena,Rivera,,PHQ-9,2026-06-02,5", ["Date"]),
        ("Elena,Rivera,,PHQ-9,2026-01-12,28", ["Score"]),
        ("Elena,Rivera,,PHQ-9,2026-01-12,", ["Score"]),
        ("Elena,Rivera,,,,", ["Measure", "Date", "Score"]),
        ("Elena,Rivera,2026-02-01,PHQ-9,2026-01-12,5", ["Date"]),
        (",,,PHQ-9,2026-01-12,5", [""]),
        ("=Elena,,,PHQ-9,2026-01-12,5", ["First name"]),
        ("Elena,Rivera,,PHQ-9,2026-01-12,5,over", [""]),
    ],
)
def test_what_is_wrong_is_told_by_its_column(row: str, told: list[str]) -> None:
    found = _read(row + "\n")
    assert _told(found) == [(2, column) for column in told]
    assert found.rows == []


def test_a_column_that_is_not_known_is_told() -> None:
    table = file.read(b"given_name,measure,date,total,notes\nElena,PHQ-9,2026-01-12,5,x\n")
    found = past.read(table, today=TODAY, instruments=library.shipped())
    assert _told(found) == [(1, "notes")]


def test_one_measure_twice_on_one_day_is_told_with_both_rows() -> None:
    found = _read(
        "Elena,Rivera,,PHQ-9,2026-01-12,5\nelena,RIVERA,,phq9,1/12/2026,6\nElena,Rivera,,PHQ-9,2026-01-13,5\n"
    )
    assert [(one.line, "Rows 2 and 3" in one.words) for one in found.faults] == [(3, True)]
    assert [row.line for row in found.rows] == [2, 4]


def test_a_low_who_5_is_remarked() -> None:
    found = _read("Elena,,,WHO-5,2026-01-12,12\n")
    assert [(one.line, one.column) for one in found.remarks] == [(2, "Score")]


@pytest.mark.parametrize(
    ("heading", "is_past"),
    [
        ("First name,Test,Day,Score", True),
        ("given_name,measure,date,total", True),
        ("given_name,email", False),
    ],
)
def test_the_two_kinds_of_file_are_told_apart_by_their_heading(heading: str, is_past: bool) -> None:
    assert past.is_past(file.read(f"{heading}\nElena\n".encode())) is is_past


@pytest.mark.parametrize("heading", ["given_name,measure,date", "measure,date,total"])
def test_a_file_without_a_needed_column_is_refused(heading: str) -> None:
    with pytest.raises(Invalid, match="measure, date, total"):
        past.read(file.read(f"{heading}\nElena\n".encode()), today=TODAY, instruments=library.shipped())


def _row(line: int, **fields: Any) -> Row:
    return Row(line=line, **{"given_name": "Elena", "family_name": "Rivera", **fields})


def _total(line: int, given: str = "Elena", born: date | None = None, on: date = DAY) -> PastRow:
    return PastRow(line, given, "Rivera", born, PastTotal("phq9", on, 5))


def test_totals_go_to_the_client_of_that_name_and_the_rest_is_handed_back() -> None:
    found = past.attach([_row(2), _row(3, given_name="Bo")], [_total(2, "ELÉNA"), _total(3, "Cy")])
    assert [row.past for row in found.rows] == [(PastTotal("phq9", DAY, 5),), ()]
    assert [one.line for one in found.others] == [3]
    assert found.faults == []


def test_a_birth_date_tells_two_of_one_name_apart() -> None:
    two = [_row(2, date_of_birth=BORN), _row(3, date_of_birth=date(2000, 1, 1))]
    found = past.attach(two, [_total(2, born=BORN), _total(3)])
    assert [len(row.past) for row in found.rows] == [1, 0]
    assert [(one.line, "date_of_birth" in one.words) for one in found.faults] == [(3, True)]


def test_a_birth_date_of_somebody_else_is_nobody_here() -> None:
    found = past.attach([_row(2, date_of_birth=BORN)], [_total(2, born=date(2000, 1, 1))])
    assert ([row.past for row in found.rows], len(found.others)) == ([()], 1)


def test_a_total_that_is_there_already_or_lies_before_the_birth_is_a_fault() -> None:
    there = _row(2, past=(PastTotal("phq9", DAY, 4),), date_of_birth=DAY)
    found = past.attach([there], [_total(2), _total(3, on=date(2025, 1, 1)), _total(4, on=date(2026, 2, 1))])
    assert [one.line for one in found.faults] == [2, 3]
    assert len(found.rows[0].past) == 2


@given(
    st.lists(st.sampled_from([*columns.PAST, "", "x"]), min_size=1, max_size=8, unique=True),
    st.lists(st.lists(st.text(st.characters()), max_size=9), min_size=1, max_size=5),
)
def test_any_cells_are_totals_or_faults(headings: list[str], cells: list[list[str]]) -> None:
    records = tuple(Record(line, tuple(one)) for line, one in enumerate(cells, 2))
    table = Table(Record(1, (*columns.PAST, *headings)), records)
    found = past.read(table, today=TODAY, instruments=library.shipped())
    faulty = {fault.line for fault in found.faults}
    assert {row.line for row in found.rows} | faulty >= {record.line for record in records}
