"""What is said about a file, and where in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A place in a file and what is to be done there, in plain words without personal data.

    `line` counts rows as a spreadsheet numbers them; `column` is its heading as the file has it, "" where
    the whole row is meant.
    """

    line: int
    column: str
    words: str
