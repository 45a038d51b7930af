"""Our folder names are ours: `channels` and `workers` are also names of packages on the index."""

from __future__ import annotations

import importlib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("delivery", "questionnaires", "channels", "workers")


@pytest.mark.parametrize("name", OURS)
def test_the_package_is_the_one_of_this_checkout(name: str) -> None:
    found = importlib.import_module(name).__file__
    assert found is not None
    assert Path(found).is_relative_to(ROOT)


@pytest.mark.parametrize("name", OURS)
def test_no_installed_distribution_has_that_name(name: str) -> None:
    assert name not in packages_distributions()


@pytest.mark.parametrize("path", sorted(p for n in OURS for p in (ROOT / n).rglob("*.py")), ids=str)
def test_no_module_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_pins_name_no_index() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
