from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires import registry
from questionnaires.answers import Answers
from questionnaires.building import content_hash
from questionnaires.content import content
from questionnaires.fhir.questionnaire import to_fhir
from questionnaires.portable import export_file, import_file, read_any
from questionnaires.program import Program
from questionnaires.registry import InstrumentError, Registry
from questionnaires.schema import Instrument, Item

KEYS = sorted({path.name.partition("-")[0] for path in registry.SHIPPED.glob("*.yaml")})
NOTHING = Registry([])


def reading_of(item: Item) -> st.SearchStrategy[str | None]:
    """Any answer to an item, left blank among them."""
    if item.whole_number:
        return st.none() | st.integers(*item.whole_number).map(str)
    if item.free_text is not None:
        return st.none() | st.text(min_size=1, max_size=item.free_text).filter(item.takes)
    return st.none() | st.sampled_from([option.code for option in item.options])


def answers_to(instrument: Instrument) -> st.SearchStrategy[Answers]:
    return st.fixed_dictionaries({}, optional={item.id: reading_of(item) for item in instrument.items})


def scored(instrument: Instrument, answers: Answers, context: dict[str, object]) -> Any:
    program = Program(instrument)  # never the one kept for the same content
    return program.run(program.values(answers), answers, context).to_json()


@cache
def passed_on(library: Registry, key: str) -> tuple[Instrument, Instrument]:
    """An instrument after our own format, and after FHIR."""
    one = library.get(key)
    questionnaire = json.dumps(to_fhir(one, one.language)).encode()
    return read_any("x.yaml", export_file(one)), read_any("x.json", questionnaire)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_what_is_exported_scores_and_reads_the_same(key: str, data: Any, shipped: Registry) -> None:
    one = shipped.get(key)
    as_file, as_fhir = passed_on(shipped, key)
    answers = data.draw(answers_to(one))
    context = data.draw(st.sampled_from([{}, {"sex": "female", "age": 40}, {"sex": "male", "age": 12}]))
    expected = scored(one, answers, context)
    for again in (as_file, as_fhir):
        assert scored(again, answers, context) == expected
        assert again.items == one.items
        assert again.wordings == one.wordings
        assert content(again) == content(one)


def named(other: Instrument, one: Instrument) -> bool:
    """Whether an instrument shares questions that come from another."""
    return bool({item.same_as for item in other.items} & {item.id for item in one.items})


@pytest.mark.parametrize("key", KEYS)
def test_an_export_is_a_fixed_point(key: str, shipped: Registry) -> None:
    one = shipped.get(key)
    data = export_file(one)
    others = Registry(other for other in shipped.all_versions() if other.key != key and not named(other, one))
    again = import_file("any name.yaml", data, others)
    assert not again.already_there
    assert export_file(again.instrument) == data
    assert again.instrument.content_hash == content_hash(yaml.safe_load(data))


def test_the_hash_is_that_of_a_file_with_all_its_texts_inside(make: Any, content: Any) -> None:
    one = make(content)
    assert read_any("x.yaml", export_file(one)).content_hash == one.content_hash


def test_a_language_from_a_file_of_its_own_is_written_with_the_others(
    tmp_path: Path, write: Any, content: Any
) -> None:
    write(content)
    spanish = {"format": 1, "key": "demo", "version": 1, "language": "es", "text": content["texts"]["en"]}
    write(spanish, "demo-1.es.yaml")
    library = registry.load(tmp_path)
    one = library.get("demo")
    again = import_file("x.yaml", export_file(one), NOTHING).instrument
    assert again.languages == ("en", "es")
    assert again.content_hash != one.content_hash
    content["texts"]["es"] = content["texts"]["en"]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.content_hash == hashlib.sha256(canonical.encode()).hexdigest()
    assert import_file("x.yaml", export_file(one), library).already_there


def test_what_is_there_already_is_said_and_is_the_librarys_own(shipped: Registry) -> None:
    for key in ("phq9", "asq"):
        one = shipped.get(key)
        found = import_file("x.yaml", export_file(one), shipped)
        assert found.already_there
        assert found.instrument is one


def test_a_file_with_fewer_languages_changes_nothing(make: Any, content: Any) -> None:
    fewer = export_file(make(content))
    content["texts"]["es"] = content["texts"]["en"]
    assert import_file("x.yaml", fewer, Registry([make(content)])).already_there


def test_a_further_language_is_not_taken_in_by_the_way(make: Any, content: Any) -> None:
    library = Registry([make(content)])
    content["texts"]["es"] = content["texts"]["en"]
    with pytest.raises(InstrumentError) as caught:
        import_file("x.yaml", export_file(make(content)), library)
    assert caught.value.reason == (
        "version 1 of demo exists without a text in 'es'; add that text as a file of its own"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["options"]["often"][0].update(value=0.5),
        lambda content: content["texts"]["en"]["items"].update(d1="Another question"),
        lambda content: content["licence"].update(status="non_commercial"),
    ],
)
def test_a_version_that_exists_is_never_changed(make: Any, content: Any, change: Any) -> None:
    library = Registry([make(content)])
    before = library.get("demo")
    change(content)
    if content["options"]["often"][0]["value"]:
        content["scales"][0]["range"] = [2, 12]
    with pytest.raises(InstrumentError) as caught:
        import_file("x.yaml", json.dumps(content).encode(), library)
    assert str(caught.value) == (
        "x.yaml, line 1: version 1 of demo exists with other content; give yours the next version"
    )
    assert library.get("demo") is before


def test_a_new_version_is_new(make: Any, content: Any) -> None:
    library = Registry([make(content)])
    found = import_file("x.yaml", json.dumps(content | {"version": 2}).encode(), library)
    assert not found.already_there
    assert found.instrument.version == 2


def test_the_item_ids_of_another_instrument_are_not_taken(make: Any, content: Any) -> None:
    library = Registry([make(content)])
    data = json.dumps(content | {"key": "other"}, indent=1).encode()
    line = data.decode().split("\n").index('   "id": "d1",')
    with pytest.raises(InstrumentError) as caught:
        import_file("x.yaml", data, library)
    assert str(caught.value) == f"x.yaml, line {line}: the id 'd1' belongs to demo"


def test_a_questionnaire_that_would_change_a_version_is_refused_with_its_path(
    make: Any, content: Any
) -> None:
    library = Registry([make(content)])
    content["name"] = "Other"
    data = json.dumps(to_fhir(make(content), "en")).encode()
    with pytest.raises(InstrumentError, match=r"^x\.json: version: version 1 of demo exists with other"):
        import_file("x.json", data, library)
    content["key"] = "other"
    data = json.dumps(to_fhir(make(content), "en")).encode()
    with pytest.raises(InstrumentError, match=r"^x\.json: item: the id 'd1' belongs to demo"):
        import_file("x.json", data, library)


def shared(content: dict[str, Any]) -> dict[str, Any]:
    """An instrument of one item that is the first of the demo."""
    return content | {
        "key": "short",
        "items": [{"id": "s1", "number": "1", "options": "often", "same_as": "d1"}],
        "scales": [],
        "texts": {"en": content["texts"]["en"] | {"items": {"s1": "Question 1"}}},
    }


def test_what_names_an_item_that_is_not_there_is_refused(make: Any, content: Any) -> None:
    data = json.dumps(shared(content)).encode()
    assert import_file("x.yaml", data, Registry([make(content)])).instrument.key == "short"
    with pytest.raises(InstrumentError, match="'s1' is the same as 'd1', which no instrument has"):
        import_file("x.yaml", data, NOTHING)


def test_a_new_version_that_breaks_what_others_share_is_refused(make: Any, content: Any) -> None:
    library = Registry([make(content), make(shared(content))])
    content["texts"]["en"]["items"]["d1"] = "Another question"
    with pytest.raises(
        InstrumentError, match=r"x\.yaml, line 1: short: 's1' is not the same question as 'd1'"
    ):
        import_file("x.yaml", json.dumps(content | {"version": 2}).encode(), library)


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    for data in (b"{" * 50_000_000, b'{"resourceType": "Questionnaire"' + b" " * 50_000_000):
        with pytest.raises(InstrumentError, match="the file is larger than 1,000,000 bytes"):
            import_file("x", data, NOTHING)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: &a [1, 1]\nb: *a\n", "x.yaml, line 1: anchors"),
        (b"[" * 100, "x.yaml, line 1: nested deeper"),
        (b"format: 1\nformat: 1\n", "x.yaml, line 2: the key 'format' is given twice"),
        (b"\xff", "x.yaml: the file is not UTF-8 text"),
        (b"", "x.yaml: the file is empty"),
    ],
)
def test_bad_files_are_refused_with_their_place(data: bytes, place: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        import_file("x.yaml", data, NOTHING)
    assert str(caught.value).startswith(place)


def test_unknown_keys_are_refused_with_their_line(content: Any) -> None:
    content["items"][2]["color"] = "red"
    with pytest.raises(InstrumentError, match=r"x\.yaml, line \d+: unknown key 'color'"):
        import_file("x.yaml", json.dumps(content, indent=1).encode(), NOTHING)


def test_script_in_a_text_stays_text(make: Any, content: Any) -> None:
    script = "<script>alert('1')</script> {{ 7 * 7 }} &amp; !!python/object:os.system *x"
    content["texts"]["en"]["items"]["d1"] = script
    one = make(content)
    assert read_any("x.yaml", export_file(one)).items[0].text == script
    assert read_any("x.json", json.dumps(to_fhir(one, "en")).encode()).items[0].text == script
