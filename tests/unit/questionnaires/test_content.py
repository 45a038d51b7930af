from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import registry
from questionnaires.building import content_hash
from questionnaires.content import content, to_yaml
from questionnaires.reading import UNREADABLE, parse


def test_a_file_that_says_nothing_twice_gives_itself(make: Any, content: Any) -> None:
    assert written(make(content)) == content


def written(instrument: Any) -> Any:
    return content(instrument)


def test_what_has_its_default_value_is_left_out(make: Any, content: Any) -> None:
    plain = make(content)
    content["items"][0] |= {"stem": "main", "scored": True, "asked_if": None}
    content["scales"][0] |= {"method": "sum", "multiply": 1, "reverse": []}
    content["options"]["often"][0] |= {"not_applicable": False}
    content["texts"]["en"] |= {"version": 1, "stems": {}}
    spelled = make(content)
    assert spelled.content_hash != plain.content_hash
    assert written(spelled) == written(plain)
    assert content_hash(written(spelled)) == plain.content_hash


def test_a_default_that_was_changed_to_nothing_is_written(make: Any, content: Any) -> None:
    content["items"][0]["stem"] = None
    assert written(make(content))["items"][0]["stem"] is None


def test_words_stand_in_printed_order(make: Any, content: Any) -> None:
    content["items"].reverse()
    text = written(make(content))["texts"]["en"]
    assert list(text["items"]) == ["d4", "d3", "d2", "d1"]
    assert list(text["options"]["often"]) == ["0", "1", "2", "3"]


def test_an_instrument_worded_in_another_language_is_not_taken_for_the_whole(make: Any, content: Any) -> None:
    content["texts"]["es"] = content["texts"]["en"] | {"name": "Otro"}
    with pytest.raises(AssertionError, match="not as the registry gives it"):
        written(make(content).in_language("es"))


def test_the_bytes_are_readable_and_have_no_anchors(make: Any, content: Any) -> None:
    text = to_yaml(written(make(content))).decode()
    assert "settings: [remote]\n" in text
    assert "- {code: '0', value: 0}\n" in text
    assert "often: {'0': Never, '1': Some, '2': Often, '3': Always}\n" in text
    assert "&" not in text


def test_every_shipped_instrument_comes_back_from_its_content(shipped: registry.Registry) -> None:
    for one in shipped.all_versions():
        again = registry.check(parse("again", to_yaml(written(one))))
        assert replace(again, content_hash=one.content_hash) == one
        assert again.languages == one.languages


#: What a file may hold: no control characters, no endless numbers.
TEXTS = st.text(st.characters(codec="utf-8").filter(lambda one: not UNREADABLE.search(one)))
NUMBERS = st.integers(-(10**20), 10**20)


@given(st.dictionaries(TEXTS, st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())))
def test_yaml_gives_back_every_value(values: dict[str, Any]) -> None:
    assert parse("again", to_yaml({"values": values})).content == {"values": values}
