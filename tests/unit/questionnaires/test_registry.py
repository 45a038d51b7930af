from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from questionnaires import registry
from questionnaires.registry import InstrumentError, UnknownInstrument
from questionnaires.schema import NoSuchLanguage

SPANISH = {
    "official": True,
    "wording_sources": ["Here", "There"],
    "name": "Demostración",
    "items": {f"d{number}": f"Pregunta {number}" for number in range(1, 5)},
    "options": {"often": {"0": "Nunca", "1": "Poco", "2": "Mucho", "3": "Siempre"}},
}


def spanish(**changes: Any) -> dict[str, Any]:
    return {"format": 1, "key": "demo", "version": 1, "language": "es", "text": SPANISH, **changes}


def test_the_shipped_instruments_are_there(shipped: registry.Registry) -> None:
    keys = [one.key for one in shipped.list()]
    assert len(keys) >= 30
    for key in ("audit_c", "gad2", "gad7", "pcl5", "phq2", "phq9"):
        assert shipped.get(key).sendable
        assert shipped.get(key).languages[0] == "en"


def test_every_shipped_wording_names_two_sources(shipped: registry.Registry) -> None:
    for one in shipped.all_versions():
        for text in one.wordings.values():
            assert len(text.wording_sources) >= 2


def test_the_latest_version_is_given_unless_another_is_named(
    tmp_path: Path, write: Any, content: Any
) -> None:
    for version in (1, 2, 10):
        write(content | {"version": version})
    loaded = registry.load(tmp_path)
    assert loaded.get("demo").version == 10
    assert loaded.get("demo", 2).version == 2
    assert [one.version for one in loaded.list()] == [10]
    assert [one.version for one in loaded.all_versions()] == [1, 2, 10]
    assert registry.load_one("demo", folder=tmp_path).version == 10
    assert registry.load_one("demo", 1, tmp_path).version == 1
    assert len({one.content_hash for one in loaded.all_versions()}) == 3


def test_an_unknown_instrument_or_version_is_named(tmp_path: Path, write: Any, content: Any) -> None:
    write(content)
    loaded = registry.load(tmp_path)
    with pytest.raises(UnknownInstrument, match="there is no instrument 'other'"):
        loaded.get("other")
    with pytest.raises(UnknownInstrument, match="there is no version 0 of 'demo'"):
        loaded.get("demo", 0)
    with pytest.raises(UnknownInstrument, match="there is no instrument 'demo' in version 7"):
        registry.load_one("demo", 7, tmp_path)
    with pytest.raises(UnknownInstrument, match="there is no instrument 'dem'"):
        registry.load_one("dem", folder=tmp_path)


def test_the_content_hash_is_that_of_the_canonical_json(make: Any, content: Any) -> None:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert make(content).content_hash == hashlib.sha256(canonical.encode()).hexdigest()


def test_layout_and_comments_leave_the_content_hash_alone(tmp_path: Path, make: Any, content: Any) -> None:
    first = make(content)
    path = tmp_path / "demo-1.yaml"
    path.write_text("# a comment\n" + json.dumps(content, indent=3))
    assert registry.read(path).content_hash == first.content_hash


@pytest.mark.parametrize("name", ["demo-2.yaml", "other-1.yaml"])
def test_a_file_under_another_name_is_refused(write: Any, content: Any, name: str) -> None:
    with pytest.raises(InstrumentError, match=r"the file name should be demo-1\.yaml"):
        registry.read(write(content, name))


@pytest.mark.parametrize("name", ["demo.yaml", "demo-0.yaml", "Demo-1.yaml"])
def test_a_file_name_of_another_form_is_refused(tmp_path: Path, write: Any, content: Any, name: str) -> None:
    write(content, name)
    with pytest.raises(InstrumentError, match=r"is not KEY-VERSION\.yaml or KEY"):
        registry.load(tmp_path)


def test_a_further_language_stands_in_a_file_of_its_own(tmp_path: Path, write: Any, content: Any) -> None:
    plain = registry.read(write(content))
    write(spanish(), "demo-1.es.yaml")
    instrument = registry.load(tmp_path).get("demo")
    assert instrument.languages == ("en", "es")
    assert instrument.content_hash == plain.content_hash
    assert instrument.items[0].text == "Question 1"
    worded = instrument.in_language("es")
    assert (worded.name, worded.language) == ("Demostración", "es")
    assert worded.items[3].text == "Pregunta 4"
    assert [option.label for option in worded.items[0].options] == ["Nunca", "Poco", "Mucho", "Siempre"]
    assert worded.in_language("en").items == instrument.items


def test_each_wording_has_a_hash_of_its_own(tmp_path: Path, write: Any, content: Any) -> None:
    write(content)
    write(spanish(), "demo-1.es.yaml")
    before = registry.load(tmp_path).get("demo")
    write(spanish(text=SPANISH | {"version": 2}), "demo-1.es.yaml")
    after = registry.load(tmp_path).get("demo")
    assert before.content_hash == after.content_hash
    assert before.wording_hash("en") == after.wording_hash("en")
    assert len({before.wording_hash("es"), after.wording_hash("es"), after.wording_hash("en")}) == 3


def test_a_translation_of_nothing_is_refused(tmp_path: Path, write: Any) -> None:
    write(spanish(), "demo-1.es.yaml")
    with pytest.raises(InstrumentError, match=r"there is no file demo-1\.yaml to add a language to"):
        registry.load(tmp_path)


def test_a_language_that_is_not_there_is_an_error_and_not_a_fallback(make: Any, content: Any) -> None:
    with pytest.raises(NoSuchLanguage, match="demo has no text in 'es'"):
        make(content).in_language("es")


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"text": SPANISH | {"items": {"d1": "Uno"}}}, "demo-1.es.yaml", "the item 'd2' is missing"),
        ({"language": "en"}, "demo-1.en.yaml", "has a text in 'en' already"),
        ({"language": "spanish"}, "demo-1.spanish.yaml", "is not a language tag"),
        ({"language": "fr"}, "demo-1.es.yaml", "should be KEY-VERSION.LANGUAGE.yaml"),
        ({"key": "other"}, "demo-1.es.yaml", "should be KEY-VERSION.LANGUAGE.yaml"),
        ({"colour": "red"}, "demo-1.es.yaml", "unknown key 'colour'"),
    ],
)
def test_a_bad_translation_is_refused(
    tmp_path: Path, write: Any, content: Any, changes: Any, name: str, words: str
) -> None:
    write(content)
    write(spanish(**changes), name)
    with pytest.raises(InstrumentError) as caught:
        registry.load(tmp_path)
    assert words in caught.value.reason
    assert caught.value.file == name


def test_a_definition_without_wording_loads_and_can_not_be_sent(
    tmp_path: Path, write: Any, content: Any
) -> None:
    del content["texts"]
    write(content)
    instrument = registry.load(tmp_path).get("demo")
    assert instrument.languages == ()
    assert instrument.language is None
    assert "licence holder" in (instrument.not_sendable or "")
    write(spanish(), "demo-1.es.yaml")
    completed = registry.load(tmp_path).get("demo")
    assert completed.language == "es"
    assert completed.items[0].text == "Pregunta 1"
    assert completed.sendable


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("free", None),
        ("no_derivatives", None),
        ("unsettled", "not settled"),
        ("definition_only", None),  # somebody who may has added the wording
        ("non_commercial", "have to be accepted"),
    ],
)
def test_the_licence_decides_whether_it_can_be_sent(
    make: Any, content: Any, status: str, words: str | None
) -> None:
    content["licence"]["status"] = status
    instrument = make(content)
    assert instrument.sendable is (words is None)
    assert words is None or words in instrument.not_sendable


def test_the_total_gives_the_direction_wherever_it_stands(make: Any, content: Any) -> None:
    total = content["scales"][0]
    part = total | {"id": "part", "items": ["d1"], "range": [0, 3]}
    content["scales"] = [part, total | {"higher_is_better": True}]
    assert make(content).higher_is_better
    content["scales"] = [part | {"higher_is_better": True}, total]
    assert not make(content).higher_is_better
    content["scales"] = [part | {"higher_is_better": True}]
    assert make(content).higher_is_better


def test_an_instrument_answers_for_its_parts(shipped: registry.Registry) -> None:
    phq9 = shipped.get("phq9")
    assert [option.code for option in phq9.options["frequency"]] == ["0", "1", "2", "3"]
    assert [band.label for band in phq9.bands["total"]][-1] == "severe"
    assert phq9.item("phq9_10").stem is None
    assert phq9.item("phq9_1").stem == phq9.stem
    assert not phq9.higher_is_better
    for ask in (phq9.item, phq9.scale):
        with pytest.raises(KeyError):
            ask("nothing")


def test_an_installed_folder_with_a_bad_file_is_refused_whole(
    tmp_path: Path, write: Any, content: Any
) -> None:
    write(content)
    write(content | {"key": "other", "items": []})
    with pytest.raises(InstrumentError, match=r"other-1\.yaml, line \d+: there are no items"):
        registry.load(tmp_path)


def test_one_instrument_is_read_with_its_languages_and_without_the_others(
    tmp_path: Path, write: Any, content: Any
) -> None:
    write(content)
    write(spanish(), "demo-1.es.yaml")
    (tmp_path / "broken-1.yaml").write_text("{")
    assert registry.load_one("demo", folder=tmp_path).languages == ("en", "es")
