"""A CSV file of appointments: letters, separators, dates and times as people have them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.calendars.appointment_file import AppointmentFile, read
from delivery.errors import Invalid

ZONE = "America/Los_Angeles"


def faults(text: str, known: set[str] | None = None) -> list[tuple[int, str, str]]:
    """What is wrong with a file of these rows under the usual heading."""
    found = read(f"code,date,time,minutes,zone\n{text}".encode(), ZONE, known)
    return [(fault.line, fault.column, fault.words) for fault in found.faults]


def test_a_row_becomes_an_appointment() -> None:
    found = read(b"Code,Date,Time\nK73,11/24/2026,10:00 AM\nL88,2026-11-25,15:30\n", ZONE)
    assert [(row.line, row.code, row.key, row.start, row.minutes) for row in found.rows] == [
        (2, "k73", "2026-11-24", datetime(2026, 11, 24, 18, tzinfo=UTC), 50),
        (3, "l88", "2026-11-25", datetime(2026, 11, 25, 23, 30, tzinfo=UTC), 50),
    ]
    assert (found.faults, found.remarks) == ((), ())


def test_minutes_and_zone_are_taken_where_they_stand() -> None:
    found = read(
        b"time;minutes;time zone;date;code\n10:00;90;Hawaii;2026-11-24;K73\n9am;;;2026-11-24;L88\n", ZONE
    )
    assert [(row.minutes, row.zone, row.start.hour) for row in found.rows] == [
        (90, "Pacific/Honolulu", 20),
        (50, ZONE, 17),
    ]


@pytest.mark.parametrize("letters", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_usual_way_to_save_a_table_is_read(letters: str, separator: str, newline: str) -> None:
    lines = [["Code", "Date", "Time", "Señal"], ["K73", "11/24/2026", "10:00", "niño"]]
    text = newline.join(separator.join(cells) for cells in lines) + newline
    found = read(text.encode(letters), ZONE)
    assert [row.code for row in found.rows] == ["k73"]
    assert [(remark.column, remark.words) for remark in found.remarks] == [
        ("Señal", "This column is not needed and not kept.")
    ]


def test_each_bad_row_is_named_with_its_line_and_the_good_ones_stay() -> None:
    text = "K73,2026-11-24,10:00\n\nAnna,2026-11-24,10:00\nL88,24.11.2026,25:00\nM99,2026-11-31,10:00\n"
    found = read(f"code,date,time\n{text}".encode(), ZONE)
    assert [row.line for row in found.rows] == [2]
    assert [(fault.line, fault.column) for fault in found.faults] == [
        (4, "code"),
        (5, "date"),
        (5, "time"),
        (6, "date"),
    ]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("=1+1,2026-11-24,10:00", "code", "begins like a formula"),
        ("@SUM(A1),2026-11-24,10:00", "code", "begins like a formula"),
        ("-K73,2026-11-24,10:00", "code", "begins like a formula"),
        (",2026-11-24,10:00", "code", "3 to 24"),
        ("K73,=TODAY(),10:00", "date", "Write the date like 11/24/2026 or 2026-11-24"),
        ("K73,24/11/2026,10:00", "date", "There is no such day"),
        ("K73,11/24/26,10:00", "date", "Write the year with four digits"),
        ("K73,0026-11-24,10:00", "date", "Check the year"),
        ("K73,,10:00", "date", "Write the date"),
        ("K73,2026-11-24,", "time", "Write the time like"),
        ("K73,2026-11-24,=NOW()", "time", "Write the time like"),
        ("K73,2026-11-24,3:30", "time", "morning or the afternoon"),
        ("K73,2026-11-24,10:00,four", "minutes", "from 5 to 480"),
        ("K73,2026-11-24,10:00,1000", "minutes", "from 5 to 480"),
        ("K73,2026-11-24,10:00,50,Mars/Olympus", "zone", "no such time zone"),
        ("L88,2026-11-24,10:00", "code", "No client has this code"),
        ("K73", "date", "Write the date"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_said_in_plain_words(row: str, column: str, words: str) -> None:
    found = faults(row, {"k73"})
    assert (found[0][0], found[0][1]) == (2, column)
    assert words in found[0][2]


def test_a_duplicate_is_named_with_both_rows() -> None:
    found = read(b"code,date,time\nK73,2026-11-24,10:00\nk73,11/24/2026,10 am\n", ZONE)
    assert [(fault.line, fault.words) for fault in found.faults] == [
        (3, "This is the same appointment as row 2. Keep one of them.")
    ]
    assert found.remarks == ()


def test_a_second_appointment_on_one_day_is_named() -> None:
    assert faults("K73,2026-11-24,10:00\nK73,2026-11-24,16:00\n") == [
        (3, "", "This client has another appointment on that day, in row 2. Keep one of them.")
    ]


def test_an_overlap_of_two_clients_is_remarked() -> None:
    found = read(b"code,date,time\nK73,2026-11-24,10:00\nL88,2026-11-24,10:30\nM99,2026-11-24,11:20\n", ZONE)
    assert [(remark.line, remark.words) for remark in found.remarks] == [
        (3, "Row 3 begins before Row 2 is over. Check the times, unless it is a group.")
    ]
    assert found.faults == ()


def rows(number: int) -> bytes:
    """A file with so many rows."""
    return b"code,date,time\n" + b"".join(b"k%d,2026-11-24,10:00\n" % n for n in range(1000, 1000 + number))


def test_two_thousand_rows_are_read_and_more_are_refused() -> None:
    assert len(read(rows(2000), ZONE).rows) == 2000
    with pytest.raises(Invalid, match="2000 rows"):
        read(rows(2001), ZONE)
    with pytest.raises(Invalid, match="1 MB"):
        read(rows(100_000), ZONE)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "CSV"),
        (b"K73,2026-11-24,10:00\nL88,2026-11-24,11:00\n", "first row names the columns"),
        (b"code,date\nK73,2026-11-24\n", "Not found: time"),
        (b"code,date,time,day\nK73,2026-11-24,10:00,\n", "there twice"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read(raw, ZONE)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid, match="time zone"):
        read(rows(1), "Nowhere")


CELLS = st.lists(st.lists(st.text(max_size=12), max_size=6).map(",".join), max_size=6).map("\n".join)


@given(
    st.one_of(
        st.binary(max_size=300), CELLS.map(lambda text: f"code,date,time\n{text}".encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_a_list_or_refused(raw: bytes) -> None:
    try:
        found = read(raw, ZONE)
    except Invalid:
        return
    assert isinstance(found, AppointmentFile)
