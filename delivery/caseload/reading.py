"""One record while its cells become values: what does not fit becomes a fault of its cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delivery.caseload import cells
from delivery.caseload.columns import Columns
from delivery.caseload.faults import Fault
from delivery.caseload.file import Record
from delivery.errors import Invalid

#: Makes a value of the text of a cell, raises Invalid with what to write instead.
Reader = Callable[[str], Any]


class Reading:
    """The cells of one record. None is left out in silence: `faults` names those without a heading."""

    def __init__(self, record: Record, found: Columns) -> None:
        self.line = record.line
        self.found = found
        self._cells = record.cells
        self.faults = self._strays()

    def value(self, name: str, reader: Reader | None = None, *, needed: bool = False, **limits: Any) -> Any:
        """The value of a named column; None where it is empty, at fault, or not in the file."""
        column = next((one for one in self.found.named if one.name == name), None)
        return column and self.at(column.place, column.heading, reader, needed=needed, **limits)

    def at(
        self, place: int, heading: str, reader: Reader | None, *, needed: bool = False, **limits: Any
    ) -> Any:
        """The value of the cell at a place; None where it is empty or at fault. `limits` as `cells.plain`."""
        try:
            text = cells.plain(self._cell(place), **limits)
            if needed and not text:
                raise Invalid("This cell is empty.")
            return (reader(text) if reader else text) if text else None
        except Invalid as error:
            self.faults.append(Fault(self.line, heading, str(error)))
            return None

    def fault(self, name: str, words: str) -> None:
        """A fault of a named column."""
        self.faults.append(Fault(self.line, self.found.heading(name), words))

    def at_fault(self, *names: str) -> bool:
        """Whether a cell of these columns could not be taken."""
        headings = {self.found.heading(name) for name in names}
        return any(fault.column in headings for fault in self.faults)

    def _cell(self, place: int) -> str:
        return self._cells[place] if place < len(self._cells) else ""

    def _strays(self) -> list[Fault]:
        headings = self.found.headings
        if any(text.strip() for text in self._cells[len(headings) :]):
            words = (
                "There are more cells here than headings. Put a cell that holds a comma in quotation marks."
            )
            return [Fault(self.line, "", words)]
        if any(not heading and self._cell(place).strip() for place, heading in enumerate(headings)):
            return [Fault(self.line, "", "There is a cell here whose column has no heading.")]
        return []
