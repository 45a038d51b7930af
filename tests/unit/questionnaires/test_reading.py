from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from questionnaires.reading import parse
from questionnaires.source import MAX_BYTES, InstrumentError, read_bytes


def reason(data: bytes) -> tuple[int, str]:
    with pytest.raises(InstrumentError) as caught:
        parse("x.yaml", data)
    return caught.value.line, caught.value.reason


def test_values_keep_their_kind_and_their_line() -> None:
    source = parse("x.yaml", b"a: 1\nb: [x, 2.5, true, null]\nc:\n  d: 'yes'\n")
    assert source.content == {"a": 1, "b": ["x", 2.5, True, None], "c": {"d": "yes"}}
    assert source.lines[("c", "d")] == 4
    assert source.error(("c", "d", "nowhere"), "wrong").line == 4
    assert source.error(("zzz",), "wrong").line == 1


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a: &x [1]\nb: 2\n", 1, "anchors"),
        (b"a: 1\nb: *x\n", 2, "anchors"),
        (b"a: &x [1, 1]\nb: &y [*x, *x]\n", 1, "anchors"),
        (b"[" * 60 + b"]" * 60, 1, "nested deeper than 40"),
        (b"a: 1\na: 2\n", 2, "the key 'a' is given twice"),
        (b"1: a\n", 1, "write the key 1 in quotes"),
        (b"? [a]\n: b\n", 1, "a key is a word"),
        (b"a: 2020-01-01\n", 1, "only text, numbers"),
        (b"a: !!python/object/apply:os.system [ls]\n", 1, "only text, numbers"),
        (b"a: !!int x\n", 1, "'x' is not a number"),
        (b"a: [1\n", 2, "not valid YAML"),
        (b"a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        (b"\x00", 0, "not valid YAML"),
        (b"\xff\xfe\xfa", 0, "not UTF-8"),
        (b"a: 1\nb: 0x" + b"F" * 5000 + b"\n", 2, "is not a number"),
        (b"a: 1\nb: 1" + b":1" * 50_000 + b"\n", 2, "is not a number"),
        (b"a: .nan\n", 1, "'.nan' is not a number"),
        (b"a: -.inf\n", 1, "'-.inf' is not a number"),
        (b"a: 1.0e+400\n", 1, "'1.0e+400' is not a number"),
        (b"a: !!bool maybe\n", 1, "'maybe' is not a number, true or false"),
        (b"a: !!int ''\n", 1, "'' is not a number"),
        (b"<<: {a: 1}\n", 1, "write the key << in quotes"),
        (b'a: 1\nb: "no\\0thing"\n', 2, "a control character"),
        (b'a: 1\n"\\e[2J": 2\n', 2, "a control character"),
        (b"", 0, "the file is empty"),
        (b"# nothing\n", 0, "the file is empty"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(data: bytes, line: int, words: str) -> None:
    found_line, found = reason(data)
    assert words in found
    assert found_line == line


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(InstrumentError, match="larger than 1,000,000 bytes"):
        read_bytes(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"gone\.yaml: the file can't be read"):
        read_bytes(tmp_path / "gone.yaml")


BOMB = b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 123))


def test_a_yaml_bomb_is_refused_at_its_first_anchor() -> None:
    assert reason(BOMB) == (1, "anchors (&) and aliases (*) are not allowed")
    assert reason(b"a: 1\nb: *x\n") == (2, "anchors (&) and aliases (*) are not allowed")


def test_of_a_file_of_50_mb_no_more_than_the_limit_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "huge.yaml", []
    with path.open("wb") as file:
        file.truncate(50_000_000)
    opened = path.open("rb")
    taken = opened.read
    monkeypatch.setattr(Path, "open", lambda _self, _mode: Watched(taken, asked))
    with pytest.raises(InstrumentError, match=r"huge\.yaml: the file is larger than 1,000,000 bytes"):
        read_bytes(path)
    opened.close()
    assert asked == [MAX_BYTES + 1]


class Watched:
    """An open file that notes how much is asked of it."""

    def __init__(self, taken: Callable[[int], bytes], asked: list[int]) -> None:
        self._taken, self._asked = taken, asked

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_problem: object) -> None:
        pass

    def read(self, size: int = -1) -> bytes:
        self._asked.append(size)
        return self._taken(size)
