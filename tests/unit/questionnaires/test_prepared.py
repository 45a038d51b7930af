from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from questionnaires import prepared, registry
from questionnaires.schema import Text


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*.json"))


def test_a_prepared_instrument_equals_the_checked_one(shipped: registry.Registry) -> None:
    for one in shipped.all_versions():
        path = registry.SHIPPED / f"{one.key}-{one.version}.yaml"
        checked = registry.checked(path.name, path.read_bytes())
        assert registry.read(path) == registry.read(path) == checked


def test_a_second_read_uses_the_prepared_form(tmp_path: Path, write: Any, content: Any) -> None:
    path = write(content)
    registry.read(path)
    (entry,) = entries(tmp_path)
    kept = json.loads(entry.read_text())
    entry.write_text(json.dumps(kept | {"minutes": 99}))
    assert registry.read(path).minutes == 99


def test_a_changed_file_replaces_its_entry(tmp_path: Path, write: Any, content: Any) -> None:
    registry.read(write(content))
    assert registry.read(write(content | {"minutes": 7})).minutes == 7
    assert len(entries(tmp_path)) == 1
    assert not list((tmp_path / "__pycache__").glob("*.tmp"))


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '"x"', "null", "{"])
def test_a_damaged_entry_is_not_used(tmp_path: Path, write: Any, content: Any, damage: str) -> None:
    path = write(content)
    instrument = registry.read(path)
    entries(tmp_path)[0].write_text(damage)
    assert registry.read(path) == instrument


def test_where_nothing_can_be_kept_reading_still_works(tmp_path: Path, write: Any, content: Any) -> None:
    (tmp_path / "__pycache__").write_text("in the way")
    assert registry.read(write(content)).key == "demo"


def test_a_bad_file_is_never_kept(tmp_path: Path, write: Any, content: Any) -> None:
    path = write(content | {"minutes": "x"})
    for _ in range(2):
        with pytest.raises(registry.InstrumentError):
            registry.read(path)
    assert not entries(tmp_path)


def test_the_entry_depends_on_file_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "demo-1.yaml"
    entry = prepared.entry_for(path, b"a")
    assert prepared.entry_for(path, b"b") != entry
    monkeypatch.setattr(prepared, "_code_digest", lambda: b"other code")
    assert prepared.entry_for(path, b"a") != entry


def languages(folder: Path) -> list[Path]:
    return [one for one in entries(folder) if one.name.startswith("demo-1.es.")]


def spanish(first: str = "Pregunta 1") -> dict[str, Any]:
    items = {"d1": first, **{f"d{number}": f"Pregunta {number}" for number in (2, 3, 4)}}
    labels = {"often": {"0": "Nunca", "1": "Poco", "2": "Mucho", "3": "Siempre"}}
    text = {"official": True, "wording_sources": ["Here"], "items": items, "options": labels}
    return {"format": 1, "key": "demo", "version": 1, "language": "es", "text": text}


@pytest.fixture
def two_languages(tmp_path: Path, write: Any, content: Any) -> Path:
    write(content)
    write(spanish(), "demo-1.es.yaml")
    registry.load_one("demo", folder=tmp_path)
    return tmp_path


def first_words(folder: Path) -> str:
    return registry.load_one("demo", folder=folder).in_language("es").items[0].text


def test_a_language_file_is_prepared_and_used(two_languages: Path) -> None:
    (entry,) = languages(two_languages)
    kept = json.loads(entry.read_text())
    entry.write_text(json.dumps(kept | {"items": kept["items"] | {"d1": "Prepared"}}))
    assert first_words(two_languages) == "Prepared"
    assert len(entries(two_languages)) == 2


def test_a_changed_language_file_replaces_its_entry(two_languages: Path, write: Any) -> None:
    before = languages(two_languages)
    write(spanish("Otra pregunta"), "demo-1.es.yaml")
    assert first_words(two_languages) == "Otra pregunta"
    assert len(languages(two_languages)) == 1
    assert languages(two_languages) != before


def test_a_language_file_is_checked_again_when_its_instrument_changes(
    two_languages: Path, write: Any, content: Any
) -> None:
    content["items"].append({"id": "d5", "options": "often"})
    content["texts"]["en"]["items"]["d5"] = "Question 5"
    write(content)
    with pytest.raises(registry.InstrumentError, match=r"demo-1\.es\.yaml, line \d+: .* 'd5' is missing"):
        first_words(two_languages)


def test_preparing_a_language_leaves_the_other_entries(two_languages: Path, write: Any) -> None:
    write(spanish("Otra"), "demo-1.es.yaml")
    registry.load_one("demo", folder=two_languages)
    assert sorted(one.name.split(".")[1] for one in entries(two_languages))[-1] == "es"
    assert len(entries(two_languages)) == 2


def test_an_entry_of_another_kind_is_not_used(tmp_path: Path, write: Any, content: Any) -> None:
    path = write(content)
    registry.read(path)
    assert prepared.load(entries(tmp_path)[0], Text) is None
