from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import library
from delivery.caseload import columns, file, past, rows
from delivery.caseload.file import Record, Table
from delivery.caseload.row import PastTotal, Row
from delivery.caseload.rows import CaseloadFile
from delivery.errors import Invalid
from delivery.models.assignments import Way
from delivery.models.clients import ContactKind, SafeFor

TODAY: Final = date(2026, 6, 1)
PAGE: Final = Path(__file__).resolve().parents[4] / "docs" / "import.md"


def _read(text: str) -> CaseloadFile:
    table = file.read(dedent(text).lstrip("\n").encode())
    return rows.read(table, today=TODAY, instruments=library.shipped())


def _one(**cells: str) -> CaseloadFile:
    """A caseload of one client, given_name Elena unless told otherwise."""
    named = {"given_name": "Elena", "consent_on": "2026-03-02", **cells}
    table = Table(Record(1, tuple(named)), (Record(2, tuple(named.values())),))
    return rows.read(table, today=TODAY, instruments=library.shipped())


def _told(found: CaseloadFile) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in found.faults]


def test_a_whole_row_becomes_checked_values() -> None:
    cells = {
        "First name": "Elena",
        "Last name": "Rivera",
        "Called by": "Lena",
        "DOB": "4/17/1988",
        "Language": "Spanish",
        "Zone": "Pacific",
        "E-mail": "Elena@Example.org",
        "Cell": "503 555 0118",
        "Channel": "text",
        "Consent date": "3/2/2026",
        "Consent form": "consent-2",
        "Tags": "a; b",
        "County": "Lane",
        "ICE": "Ana 541 555 0100",
        "Sex": "F",
        "Label": "E. R.",
        "Appointment": "Tuesdays 10:00",
        "Calendar code": "blue",
        "PHQ-9 2026-01-12": "14",
        "GAD-7 2026-01-12": "",
    }
    found = _read(",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    assert (found.faults, found.remarks) == ([], [])
    assert found.rows == [
        Row(
            line=2,
            given_name="Elena",
            family_name="Rivera",
            called_by="Lena",
            date_of_birth=date(1988, 4, 17),
            language="es",
            time_zone="America/Los_Angeles",
            email="elena@example.org",
            phone="+15035550118",
            channel=Way.SMS,
            in_person_only=False,
            consent_on=date(2026, 3, 2),
            consent_wording="consent-2",
            tags=("a", "b"),
            county="Lane",
            emergency_contact="Ana 541 555 0100",
            sex_for_scoring="female",
            report_label="E. R.",
            appointment="Tuesdays 10:00",
            calendar_code="blue",
            past=(PastTotal("phq9", date(2026, 1, 12), 14),),
        )
    ]


def test_a_name_alone_is_enough() -> None:
    found = _read("given_name,family_name\nElena,\n,Rivera\n")
    assert found.faults == []
    assert found.rows == [Row(line=2, given_name="Elena"), Row(line=3, family_name="Rivera")]


def test_every_fault_of_every_row_is_told_in_the_order_of_the_file() -> None:
    found = _read("""
        email,given_name,date_of_birth,time_zone,shoe size,PHQ-9 2026-01-12,
        nobody,Ana,13/13/2000,Mars,,28,
        bo@example.org,,,,,,
        cy@example.org,Cy,,,,5,stray
        di@example.org,Di,,,,1,,over
        ed@example.org,=Ed,2030-01-01
        flo@example.org,Flo
    """)
    assert _told(found) == [
        (1, "shoe size"),
        (2, "email"),
        (2, "date_of_birth"),
        (2, "time_zone"),
        (2, "PHQ-9 2026-01-12"),
        (3, "given_name"),
        (4, ""),
        (5, ""),
        (6, "given_name"),
        (6, "date_of_birth"),
    ]
    assert [row.line for row in found.rows] == [7]
    typed = ("nobody", "Mars", "Ana", "stray", "over", "Ed", "13/13")
    assert not [word for word in typed if word in " ".join(fault.words for fault in found.faults)]


def test_a_total_of_zero_is_a_total_and_an_empty_cell_is_none() -> None:
    found = _one(**{"PHQ-9 2026-01-12": "0", "GAD-7 2026-01-12": ""})
    assert found.rows[0].past == (PastTotal("phq9", date(2026, 1, 12), 0),)


@pytest.mark.parametrize(
    ("cells", "channel"),
    [
        ({"email": "e@example.org", "phone": "503 555 0118"}, Way.EMAIL),
        ({"phone": "503 555 0118"}, Way.SMS),
        ({}, Way.IN_PERSON),
        ({"email": "e@example.org", "channel": "kiosk"}, Way.KIOSK),
        ({"email": "e@example.org", "phone": "503 555 0118", "channel": "sms"}, Way.SMS),
    ],
)
def test_the_channel_is_what_the_client_wants_else_what_there_is(cells: dict[str, str], channel: Way) -> None:
    found = _one(**cells)
    assert found.faults == []
    assert found.rows[0].channel is channel


@pytest.mark.parametrize(("channel", "there"), [("email", "phone"), ("sms", "email")])
def test_a_channel_without_its_contact_is_a_fault(channel: str, there: str) -> None:
    cells = {"email": "e@example.org", "phone": "503 555 0118"}
    assert _told(_one(channel=channel, **{there: cells[there]})) == [(2, "channel")]
    assert _told(_one(channel=channel, **cells)) == []


def test_a_contact_at_fault_is_told_once() -> None:
    assert _told(_one(channel="email", email="nobody")) == [(2, "email")]


@pytest.mark.parametrize("channel", ["in_person", "kiosk"])
def test_nothing_is_safe_to_send_to_who_is_asked_in_person(channel: str) -> None:
    (row,) = _one(channel=channel, email="e@example.org").rows
    assert row.in_person_only
    assert [(one.kind, one.value, one.safe_for) for one in row.contacts] == [
        (ContactKind.EMAIL, "e@example.org", SafeFor.NOTHING)
    ]
    assert not row.consents


def test_contacts_and_consent_are_ready_to_be_added() -> None:
    (row,) = _one(email="e@example.org", phone="503 555 0118").rows
    assert [(one.kind, one.safe_for) for one in row.contacts] == [
        (ContactKind.EMAIL, SafeFor.REMINDERS),
        (ContactKind.SMS, SafeFor.REMINDERS),
    ]
    assert row.consents
    assert (row.channel, row.consent_on, row.consent_wording) == (Way.EMAIL, date(2026, 3, 2), "consent-1")


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"email": "e@example.org", "consent_on": ""}, "consent_on", "nothing is sent"),
        ({"channel": "kiosk"}, "consent_on", "no consent to messages is recorded"),
        ({"consent_on": ""}, "channel", "asked in person"),
        ({"channel": "kiosk", "consent_on": "", "WHO-5 2026-01-12": "12"}, "WHO-5 2026-01-12", "raw sum"),
    ],
)
def test_what_stops_nothing_is_remarked(cells: dict[str, str], column: str, words: str) -> None:
    found = _one(**cells)
    assert found.faults == []
    assert len(found.rows) == 1
    (remark,) = found.remarks
    assert (remark.line, remark.column) == (2, column)
    assert words in remark.words
    assert found.rows[0].consents is False


def test_a_file_without_consents_is_remarked_once() -> None:
    found = _read("given_name,email\nAna,a@example.org\nBo,b@example.org\n")
    assert [(one.line, one.words) for one in found.remarks] == [
        (1, "There is no column consent_on. All clients come in, and nothing is sent to them yet.")
    ]
    assert [row.consents for row in found.rows] == [False, False]


def test_letters_that_were_guessed_are_remarked() -> None:
    table = file.read("given_name,consent_on,channel\nJosé,,kiosk\n".encode("latin-1"))
    found = rows.read(table, today=TODAY, instruments=library.shipped())
    assert [row.given_name for row in found.rows] == ["José"]
    assert ["é" in remark.words for remark in found.remarks] == [True]


@pytest.mark.parametrize("column", ["consent_on", "PHQ-9 2026-01-12"])
def test_nothing_happened_before_the_birth(column: str) -> None:
    value = "2026-03-02" if column == "consent_on" else "5"
    cells = {"email": "e@example.org", "date_of_birth": "2026-05-01", "consent_on": "", column: value}
    assert _told(_one(**cells)) == [(2, column)]
    assert _told(_one(**{**cells, "date_of_birth": "2026-01-12"})) == []


def test_the_day_of_today_is_not_in_the_future() -> None:
    assert _told(_one(consent_on="2026-06-01", channel="kiosk")) == []
    assert _told(_one(consent_on="2026-06-02", channel="kiosk")) == [(2, "consent_on")]


def test_a_file_without_names_is_told_once() -> None:
    found = _read("email\na@example.org\nb@example.org\n")
    assert [(fault.line, fault.words) for fault in found.faults] == [
        (1, "There is no column of names. Add given_name and family_name.")
    ]


def test_appointments_are_checked_by_who_knows_them() -> None:
    def only_tuesdays(text: str) -> None:
        if not text.startswith("Tuesdays"):
            raise Invalid("Only Tuesdays.")

    table = file.read(b"given_name,appointment\nAna,Tuesdays 10:00\nBo,Mondays 10:00\nCy,\n")
    found = rows.read(table, today=TODAY, instruments=library.shipped(), appointment=only_tuesdays)
    assert [row.appointment for row in found.rows] == ["Tuesdays 10:00", ""]
    assert [(fault.line, fault.column, fault.words) for fault in found.faults] == [
        (3, "appointment", "Only Tuesdays.")
    ]


def test_who_has_no_contact_yet_is_not_in_person_only() -> None:
    (row,) = _one().rows
    assert (row.channel, row.in_person_only, row.contacts) == (Way.IN_PERSON, False, [])


def test_calendar_codes_are_kept_as_who_knows_them_writes_them() -> None:
    def at_least_three(text: str) -> str:
        if len(text) < 3:
            raise Invalid("Too short.")
        return text.lower()

    table = file.read(b"given_name,calendar_code\nAna,K73\nBo,B\nCy,\nDi,k73\n")
    found = rows.read(table, today=TODAY, instruments=library.shipped(), calendar_code=at_least_three)
    assert [row.calendar_code for row in found.rows] == ["k73", ""]
    assert [(fault.line, fault.words[:10]) for fault in found.faults] == [
        (3, "Too short."),
        (5, "Rows 2 and"),
    ]


def test_the_examples_of_the_page_for_members_are_read_as_they_stand() -> None:
    page = PAGE.read_text(encoding="utf-8")
    caseload, totals = (
        file.read(dedent(block).strip().encode())
        for block in re.findall(r"(?:^    .+\n)+", page, re.MULTILINE)
    )
    found = rows.read(caseload, today=TODAY, instruments=library.shipped())
    listed = past.read(totals, today=TODAY, instruments=library.shipped())
    assert (len(found.rows), found.faults, found.remarks) == (3, [], [])
    assert (len(listed.rows), listed.faults, listed.remarks) == (3, [], [])
    joined = past.attach(found.rows, listed.rows)
    assert (joined.others, joined.faults) == ([], [])
    assert [len(row.past) for row in joined.rows] == [3, 1, 1]


def test_the_page_for_members_names_every_column() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in (*columns.CASELOAD, *columns.PAST) if not re.search(rf"\b{name}\b", page)] == []


HEADINGS: Final = (*columns.CASELOAD, "PHQ-9 2026-01-12", "", "unknown")
CELLS: Final = st.one_of(
    st.text(st.characters()),
    st.sampled_from(
        ["", "Elena", "e@example.org", "503 555 0118", "2026-03-02", "email", "sms", "kiosk", "=1", "12"]
    ),
)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=8),
    st.lists(st.lists(CELLS, max_size=9), min_size=1, max_size=6),
)
def test_any_cells_are_rows_or_faults_and_no_row_is_lost(headings: list[str], cells: list[list[str]]) -> None:
    records = tuple(Record(line, tuple(one)) for line, one in enumerate(cells, 2))
    table = Table(Record(1, tuple(headings)), records)
    try:
        found = rows.read(table, today=TODAY, instruments=library.shipped())
    except Invalid:
        assert not set(headings) - {"", "unknown"}
        return
    faulty = {fault.line for fault in found.faults}
    assert {row.line for row in found.rows} == {record.line for record in records} - faulty
    assert [fault.line for fault in found.faults] == sorted(fault.line for fault in found.faults)


@given(st.binary(max_size=200))
def test_any_bytes_under_a_heading_are_checked_or_refused(raw: bytes) -> None:
    try:
        table = file.read(b"given_name,email,PHQ-9 2026-01-12\n" + raw)
    except Invalid:
        return
    found = rows.read(table, today=TODAY, instruments=library.shipped())
    assert len(found.rows) + len({fault.line for fault in found.faults if fault.line > 1}) >= len(table.rows)


def test_a_row_with_a_fault_is_not_remarked_on_too() -> None:
    found = _one(email="nobody", consent_on="")
    assert _told(found) == [(2, "email")]
    assert found.remarks == []
