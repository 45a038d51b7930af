from __future__ import annotations

from typing import Any

import pytest

from questionnaires.fhir.reading import Element, FhirError, is_fhir, parse
from questionnaires.source import InstrumentError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"resourceType": "Questionnaire"}', True),
        (b'\xef\xbb\xbf\n {"resourceType": 1', True),
        (b'{"format": 1}', False),
        (b'note: "resourceType"', False),
    ],
)
def test_a_resource_is_told_from_a_file_of_ours(data: bytes, expected: bool) -> None:
    assert is_fhir(data) is expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{" + b" " * 1_000_000 + b"}", "f: the file is larger than 1,000,000 bytes"),
        (b"\xff{}", "f: the file is not UTF-8 text"),
        (b'{\n"a": 1\n"b": 2}', "f, line 3: not valid JSON: Expecting ',' delimiter"),
        (b'{"a": 1, "a": 2}', "f: a key is given twice in one object"),
        (b'{"a": NaN}', "f: NaN is not a number"),
        (b'{"a": -Infinity}', "f: -Infinity is not a number"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "f: a number is too long"),
        (b"[1]", "f: the file is not one JSON object"),
        (b'{"a":' * 100_000, "f: nested deeper than 40 levels"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested deeper than 40 levels"),
        (b'{"a": [{"b": "\\u0000"}]}', "f: a[0].b: there is a control character in the text"),
        (b'{"a": "\\ud800"}', "f: a: there is a control character in the text"),
        (b'{"a": {"\\u0007": 1}}', "f: a: there is a control character in the text"),
    ],
)
def test_what_is_no_resource_is_refused_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        parse("f", data)
    assert message in str(caught.value)


def test_a_byte_order_mark_is_no_matter() -> None:
    assert parse("f", b'\xef\xbb\xbf{"a": "x\\ty\\n"}') == {"a": "x\ty\n"}


@pytest.mark.parametrize(
    ("read", "value", "reason"),
    [
        ("text", 1, "a text is expected here"),
        ("text", " ", "a text is expected here"),
        ("needed", None, "is missing"),
        ("integer", 1.5, "a whole number is expected here"),
        ("integer", "1", "a number is expected here"),
        ("number", True, "a number is expected here"),
        ("flag", 1, "true or false is expected here"),
        ("child", [], "an object is expected here"),
        ("children", {}, "a list of objects is expected here"),
        ("children", [1], "a list of objects is expected here"),
    ],
)
def test_another_kind_of_value_is_refused(read: str, value: Any, reason: str) -> None:
    with pytest.raises(FhirError) as caught:
        getattr(Element("f", {"key": value}, "item[1]"), read)("key")
    assert (caught.value.path, str(caught.value)) == ("item[1].key", f"f: item[1].key: {reason}")


def test_what_is_not_there_is_none() -> None:
    empty = Element("f", {})
    assert [empty.text("a"), empty.number("a"), empty.integer("a"), empty.flag("a"), empty.child("a")] == [
        None
    ] * 5
    assert empty.children("a") == []
    assert str(empty.error("", "why")) == "f: why"


def test_unknown_keys_are_refused_but_not_words_about_a_value() -> None:
    Element("f", {"a": 1, "_a": {}, "id": "x"}).refuse_others(("a",))
    with pytest.raises(FhirError, match="f: b: is not supported"):
        Element("f", {"a": 1, "b": 1}).refuse_others(("a",))
