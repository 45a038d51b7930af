"""The bytes of a file as a table: letters, separators and quotation marks as spreadsheets write them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from delivery.errors import Invalid

MOST_BYTES: Final = 1024 * 1024
MOST_ROWS: Final = 500
MOST_COLUMNS: Final = 200
_SEPARATORS: Final = (",", ";", "\t")
_EMPTY: Final = "This file is empty. Its first row names the columns, and the rows under it hold the rest."
#: First bytes of .xlsx, .ods and .numbers; .xls; PDF; gzip.
_OTHER_KINDS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")
_NOT_CSV: Final = (
    "This is not a CSV file. Open it in your spreadsheet, choose “Save as”, then CSV, and take that file."
)
_BROKEN: Final = (
    "Some letters of this file cannot be read. Open it in your spreadsheet, choose “Save as”, "
    "then “CSV UTF-8”, and take that file."
)


@dataclass(frozen=True)
class Record:
    """One row: its number in a spreadsheet, from 1, and its cells as they stand in the file."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The heading and what stands under it, without blank rows. There is at least one row.

    `letters_guessed`: the file does not say how its letters are stored, and some of them are not ASCII.
    """

    heading: Record
    rows: tuple[Record, ...]
    letters_guessed: bool = False


def read(raw: bytes, most_rows: int = MOST_ROWS) -> Table:
    """The table in a CSV file of at most 1 MB and `most_rows` rows under the heading. Raises Invalid."""
    limit = f"A file can have at most 1 MB and {most_rows} rows under its heading."
    if len(raw) > MOST_BYTES:
        raise Invalid(f"{limit} This one is larger. Split it into several files.")
    text, guessed = _text(raw)
    found: list[Record] = []
    for record in _records(text):
        if len(found) > most_rows:
            raise Invalid(f"{limit} This one has more rows. Split it into several files.")
        found.append(record)
    if not any(cell.strip(" ,;\t") for record in found for cell in record.cells):
        raise Invalid(_EMPTY)
    if len(found[0].cells) > MOST_COLUMNS:
        raise Invalid(f"A file can have at most {MOST_COLUMNS} columns. This one has more.")
    if len(found) == 1:
        raise Invalid(
            "There is only one row. The first row names the columns, and the rows under it hold the rest."
        )
    return Table(found[0], tuple(found[1:]), guessed)


def _text(raw: bytes) -> tuple[str, bool]:
    """The file's text without its mark of order, and whether letters had to be guessed. Raises Invalid."""
    if raw.startswith(_OTHER_KINDS):
        raise Invalid(_NOT_CSV)
    text, guessed = _decoded(raw)
    if "\0" in text:
        raise Invalid(_NOT_CSV)
    return text.removeprefix("\ufeff"), guessed


def _decoded(raw: bytes) -> tuple[str, bool]:
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-16"), False
        if raw[1:2] == b"\0" != raw[:1]:
            return raw.decode("utf-16-le"), False
        if raw[:1] == b"\0" != raw[1:2]:
            return raw.decode("utf-16-be"), False
        if raw.startswith(b"\xef\xbb\xbf"):
            return raw.decode(), False
    except UnicodeDecodeError:
        raise Invalid(_BROKEN) from None
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return _one_byte_a_letter(raw), True


def _one_byte_a_letter(raw: bytes) -> str:
    """Windows letters, or Latin-1 where a byte is no letter of Windows. Raises Invalid for half letters."""
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        pass
    else:
        raise Invalid(_BROKEN)
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _records(text: str) -> Iterator[Record]:
    """The rows that are not blank. Raises Invalid where a quotation mark has no partner."""
    named = re.match(r"sep=([,;\t])(\r\n|\r|\n)", text, re.IGNORECASE)
    text = text[named.end() :] if named else text
    separator = named[1] if named else _separator(text)
    line = 0
    try:
        for line, cells in enumerate(_reader(text, separator), 1):
            if any(cell.strip() for cell in cells):
                yield Record(line, tuple(cells))
    except csv.Error:
        raise Invalid(
            f"Row {line + 1} cannot be read: a quotation mark stands alone, or in the middle of a cell. "
            "Leave it out, or save the file once more from your spreadsheet."
        ) from None


def _reader(text: str, separator: str) -> Iterator[list[str]]:
    # `newline=""` takes \r, \n and \r\n as ends of rows and keeps those inside quotation marks.
    lines = io.StringIO(text, newline="")
    return iter(csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True))


def _separator(text: str) -> str:
    """The one that makes most columns of the first row that is not blank."""
    return max(_SEPARATORS, key=lambda one: _width(text, one))


def _width(text: str, separator: str) -> int:
    try:
        return next((len(cells) for cells in _reader(text, separator) if any(map(str.strip, cells))), 0)
    except csv.Error:
        return 0
