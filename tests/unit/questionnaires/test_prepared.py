from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from questionnaires import prepared, registry


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*.json"))


def test_a_prepared_instrument_equals_the_checked_one(shipped: registry.Registry) -> None:
    for one in shipped.all_versions():
        path = registry.SHIPPED / f"{one.key}-{one.version}.yaml"
        checked = registry._check(path.name, path.read_bytes())
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
