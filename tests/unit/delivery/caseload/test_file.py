from __future__ import annotations

import codecs
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.caseload import file
from delivery.errors import Invalid

PLAIN: Final = "given_name,family_name\nJosé,Peña\n"


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("latin-1"),
        PLAIN.encode("cp1252"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(),
        PLAIN.replace("José,Peña", '"José", "Peña"').encode(),
        PLAIN.rstrip("\n").encode(),
    ],
)
def test_a_table_is_the_same_however_a_spreadsheet_wrote_it(raw: bytes) -> None:
    table = file.read(raw)
    assert table.heading == file.Record(1, ("given_name", "family_name"))
    assert table.rows == (file.Record(2, ("José", "Peña")),)


def test_only_letters_that_had_to_be_guessed_are_said_to_be_guessed() -> None:
    assert file.read(PLAIN.encode("cp1252")).letters_guessed
    assert not file.read(PLAIN.encode()).letters_guessed
    assert not file.read(b"given_name\nJose\n").letters_guessed


def test_letters_that_windows_has_and_latin_1_has_not() -> None:
    table = file.read("given_name\nO’Neil Šimek\n".encode("cp1252"))
    assert table.rows[0].cells == ("O’Neil Šimek",)


def test_rows_are_numbered_as_in_a_spreadsheet_over_blank_rows_and_ends_of_lines_in_cells() -> None:
    table = file.read(b'\ngiven_name,tags\n"A","one\r\ntwo"\n\n,,\nB,"say ""hi"", then go"\n')
    assert table.heading.line == 2
    assert [(row.line, row.cells) for row in table.rows] == [
        (3, ("A", "one\r\ntwo")),
        (6, ("B", 'say "hi", then go')),
    ]


def test_a_semicolon_within_a_cell_is_no_separator() -> None:
    assert file.read(b'given_name,tags\nA,"a;b;c;d"\n').rows[0].cells == ("A", "a;b;c;d")


@pytest.mark.parametrize("raw", [b"", b"\n\n", b" , ,\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_an_empty_file_is_said_to_be_empty(raw: bytes) -> None:
    with pytest.raises(Invalid, match="empty"):
        file.read(raw)


def test_a_heading_alone_is_refused() -> None:
    with pytest.raises(Invalid, match="only one row"):
        file.read(b"given_name,family_name\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"PK\x03\x04\x14\x00\x06\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"%PDF-1.7",
        b"given_name\nA\x00B\n",
        b"\0",
        b"\0\0\0\0",
    ],
)
def test_what_is_no_csv_is_to_be_saved_as_csv(raw: bytes) -> None:
    with pytest.raises(Invalid, match="CSV"):
        file.read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"given_name\nA\xed\xa0\x80\n",
        codecs.BOM_UTF16_LE + "given_name\nA".encode("utf-16-le") + b"\x00\xd8",
        codecs.BOM_UTF8 + b"given_name\nJos\xe9\n",
    ],
)
def test_half_letters_are_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        file.read(raw)


@pytest.mark.parametrize(
    "raw",
    [b'given_name\nA\n"B\nC\nD\n', b'given_name\nA\n"B" C\n', b'given_name\nA\n"' + b"x" * 200_000 + b'"\n'],
)
def test_a_quotation_mark_without_a_partner_is_named_by_its_row(raw: bytes) -> None:
    with pytest.raises(Invalid, match="Row 3 "):
        file.read(raw)


def test_500_rows_are_taken_and_one_more_is_refused_by_its_limit() -> None:
    assert len(file.read(b"given_name\n" + b"A\n" * 500).rows) == 500
    with pytest.raises(Invalid, match="500 rows"):
        file.read(b"given_name\n" + b"A\n" * 501)
    assert len(file.read(b"given_name\n" + b"A\n" * 501, most_rows=501).rows) == 501


def test_after_the_limit_nothing_more_is_read() -> None:
    with pytest.raises(Invalid, match="500 rows"):
        file.read(b"given_name\n" + b"A\n" * 501 + b'"never closed')


def test_100_000_rows_of_clients_are_refused_by_their_limit() -> None:
    with pytest.raises(Invalid, match="1 MB and 500 rows"):
        file.read(b"given_name,family_name\n" + b"Elena,Rivera\n" * 100_000)


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(Invalid, match="200 columns"):
        file.read(b"a," * 300 + b"\nA\n")


PIECES = st.sampled_from(
    [
        b",",
        b";",
        b"\t",
        b'"',
        b"\r",
        b"\n",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xe9",
        b"A",
        b"=",
        b"sep=;\n",
    ]
)


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join)))
def test_any_bytes_are_a_table_or_refused_in_words(raw: bytes) -> None:
    try:
        table = file.read(raw)
    except Invalid as error:
        assert str(error)[0].isupper()
        assert str(error).endswith(".")
    else:
        assert table.rows
        assert [row.line for row in table.rows] == sorted({row.line for row in table.rows})


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1),
            min_size=2,
            max_size=2,
        ),
        min_size=2,
        max_size=5,
    )
)
def test_what_was_quoted_comes_out_as_it_was(rows: list[list[str]]) -> None:
    rows = [["given_name", "tags"], *[[f"x{a}", b] for a, b in rows]]
    raw = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows).encode()
    assert [list(row.cells) for row in file.read(raw).rows] == rows[1:]
