from __future__ import annotations

import io
import json
from typing import Any

import pytest

from questionnaires import stream
from questionnaires.scoring import score
from questionnaires.stream import MAX_LINE, score_lines


def run(instrument: Any, *lines: bytes, context: Any = None) -> list[Any]:
    out = io.BytesIO()
    score_lines(instrument, context or {}, io.BytesIO(b"".join(lines)), out)
    assert out.getvalue().endswith(b"\n") or not out.getvalue()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_gives_the_result_that_scoring_gives(shipped: Any) -> None:
    pcl5, forms = shipped.get("pcl5"), []
    for seed in range(300):
        forms.append({f"pcl5_{n}": str((seed * n + n // 3) % 5) for n in range(1, 21) if (seed + n) % 11})
    lines = [json.dumps(form).encode() + b"\n" for form in forms]
    assert run(pcl5, *lines) == [score(pcl5, form).to_json() for form in forms]


def test_alerts_categories_and_context_are_written(shipped: Any) -> None:
    phq9, answers = shipped.get("phq9"), {f"phq9_{n}": "2" for n in range(1, 10)}
    assert run(phq9, json.dumps(answers).encode()) == [score(phq9, answers).to_json()]
    audit_c, answers = shipped.get("audit_c"), {f"audit_c_{n}": "1" for n in (1, 2, 3)}
    (found,) = run(audit_c, json.dumps(answers).encode(), context={"sex": "female"})
    assert found["screens"] == {"unhealthy_alcohol_use": True}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b"12", "not an object"),
        (b'"phq9_1"', "not an object"),
        (b'["phq9_1"]', "not an object"),
        (b"[{}]", "not an object"),
        (b'{"phq9_1": "9"}', "phq9_1: the answer is not one of"),
        (b'{"phq9_1": 2}', "phq9_1: the answer is not text"),
        (b'{"phq9_1": {}}', "phq9_1: the answer is not text"),
        (b'{"phq9_1": true}', "phq9_1: the answer is not text"),
        (b'{"gad7_1": "1"}', "gad7_1: is not an item"),
        (b'{"phq9_10": "9"}', "phq9_10: the answer is not one of"),
        (b'{"phq9_1": "1", "phq9_1": "2"}', "answered twice"),
        (b" " * (MAX_LINE + 1), "longer than 65,536 bytes"),
        (b" " * (3 * stream.CHUNK), "longer than 65,536 bytes"),
    ],
)
def test_a_bad_line_gives_one_error_and_the_others_are_scored(shipped: Any, line: bytes, words: str) -> None:
    found = run(shipped.get("phq9"), b"{}\n", line + b"\n", b"{}\n")
    assert len(found) == 3
    assert list(found[1]) == ["error"]
    assert words in found[1]["error"]
    assert found[0] == found[2] == score(shipped.get("phq9"), {}).to_json()


def test_the_number_of_bad_lines_is_returned(shipped: Any) -> None:
    assert score_lines(shipped.get("gad2"), {}, io.BytesIO(b"{}\nx\n{}\ny"), io.BytesIO()) == 2


def test_a_last_line_may_lack_its_end(shipped: Any) -> None:
    assert len(run(shipped.get("gad2"), b"{}\n", b"{}")) == 2
    assert len(run(shipped.get("gad2"), b" " * (MAX_LINE + 1))) == 1
    assert run(shipped.get("gad2")) == []


def test_windows_line_ends_are_fine(shipped: Any) -> None:
    assert "error" not in run(shipped.get("gad2"), b'{"gad2_1": "1"}\r\n')[0]


def test_a_line_cut_between_two_reads_is_put_together(shipped: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream, "CHUNK", 7)
    lines = [b'{"gad2_1": "%d", "gad2_2": "1"}\n' % (n % 4) for n in range(20)]
    assert [one["scores"]["total"]["value"] for one in run(shipped.get("gad2"), *lines)] == [
        n % 4 + 1 for n in range(20)
    ]


def test_each_result_is_written_before_the_next_line_is_read(shipped: Any) -> None:
    out = io.BytesIO()

    class OneByOne(io.RawIOBase):
        def __init__(self) -> None:
            self.written: list[int] = []
            self.left = 3

        def read1(self, _size: int) -> bytes:
            self.written.append(out.getvalue().count(b"\n"))
            self.left -= 1
            return b"{}\n" if self.left >= 0 else b""

    source = OneByOne()
    score_lines(shipped.get("gad2"), {}, source, out)  # type: ignore[arg-type]
    assert source.written == [0, 1, 2, 3]


def test_texts_are_not_kept_without_end(shipped: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream, "MOST_KEPT", 2)
    lines = [b'{"gad2_1": "%d", "gad2_2": "%d"}\n' % (n % 4, n // 4 % 4) for n in range(32)]
    found = run(shipped.get("gad2"), *lines)
    assert [one["scores"]["total"]["value"] for one in found] == [n % 4 + n // 4 % 4 for n in range(32)]


@pytest.fixture
def with_text(make: Any, content: Any) -> Any:
    content["items"].append({"id": "why", "free_text": 60, "scored": False})
    content["texts"]["en"]["items"]["why"] = "Why"
    return make(content)


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        '"d1": "2", "d1": "3"',
        "::::",
        "{}",
        "\u00e9\n\u2603",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_free_text_may_hold_anything(with_text: Any, text: str) -> None:
    answers = {"d1": "2", "why": text}
    assert run(with_text, json.dumps(answers).encode()) == [score(with_text, answers).to_json()]


@pytest.mark.parametrize(
    "line",
    [b'{"d1": "1", "d1": "1"}', b'{"why": "a: b", "why": "c"}', b'{"d1": null, "why": ":", "d1": "1"}'],
)
def test_a_key_twice_is_found_beside_free_text(with_text: Any, line: bytes) -> None:
    assert run(with_text, line + b"\n", b"{}\n") == [
        {"error": "an item is answered twice in the line"},
        score(with_text, {}).to_json(),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"why": ""}', "why: the answer is empty or"),
        (b'{"why": {"a": "b"}}', "not text"),
        (b"{", "not JSON"),
    ],
)
def test_a_bad_line_beside_free_text_gives_its_error(with_text: Any, line: bytes, words: str) -> None:
    (found,) = run(with_text, line)
    assert words in found["error"]


def test_every_shipped_instrument_is_written_as_it_is_scored(shipped: Any) -> None:
    for one in shipped.all_versions():
        full = {item.id: item.options[-1].code for item in one.items if item.options}
        half = {name: full[name] for name in list(full)[::2]}
        lines = [json.dumps(form).encode() + b"\n" for form in (full, half, {}, full)]
        wanted = [score(one, form, {"sex": "male"}).to_json() for form in (full, half, {}, full)]
        assert run(one, *lines, context={"sex": "male"}) == wanted
