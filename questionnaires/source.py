"""A file of instruments or reference cases: its bytes, its values with their lines, and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

MAX_BYTES = 1_000_000

Path_ = tuple[str | int, ...]


class InstrumentError(Exception):
    """A file that can't be used. Carries `file`, `line` (from 1; 0 where there is none) and `reason`."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}" if line else f"{file}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class Source:
    """One file as read: its plain `content` and where each value stands."""

    __slots__ = ("content", "file", "lines")

    def __init__(self, file: str, content: Any, lines: dict[Path_, int]) -> None:
        self.file = file
        self.content = content
        self.lines = lines

    def error(self, where: Path_, reason: str) -> InstrumentError:
        """An error at the value `where` points to, or at the nearest value around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return InstrumentError(self.file, self.lines.get(where, 0), reason)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file of at most `MAX_BYTES`. Raises InstrumentError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise InstrumentError(path.name, 0, f"the file can't be read ({problem.strerror})") from None
    if len(data) > MAX_BYTES:
        raise InstrumentError(path.name, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    return data
