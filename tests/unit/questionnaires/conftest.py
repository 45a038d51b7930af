"""Small instruments for the tests of single rules, written as files and read like any other."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from questionnaires import registry
from questionnaires.schema import Instrument

MINIMAL: dict[str, Any] = {
    "format": 1,
    "key": "demo",
    "version": 1,
    "name": "Demo",
    "short_name": "D",
    "measures": "Nothing",
    "purposes": ["screening"],
    "settings": ["remote"],
    "respondents": ["self"],
    "ages": {"low": 18},
    "minutes": 1,
    "recall": "Today",
    "licence": {"status": "free", "holder": "Nobody", "notice": "Free", "source": "Here"},
    "options": {"often": [{"code": str(value), "value": value} for value in range(4)]},
    "items": [{"id": f"d{number}", "number": str(number), "options": "often"} for number in range(1, 5)],
    "scales": [
        {
            "id": "total",
            "label": "Total",
            "items": ["d1", "d2", "d3", "d4"],
            "range": [0, 12],
            "source": "Here",
            "missing": {"rule": "none", "source": "Here"},
        }
    ],
    "texts": {
        "en": {
            "official": True,
            "wording_sources": ["Here"],
            "items": {f"d{number}": f"Question {number}" for number in range(1, 5)},
            "options": {"often": {"0": "Never", "1": "Some", "2": "Often", "3": "Always"}},
        }
    },
}


@pytest.fixture
def content() -> dict[str, Any]:
    """The content of a small valid file: four items from 0 to 3 and their sum."""
    return copy.deepcopy(MINIMAL)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write content as an instrument file; JSON is YAML, with every value on a line of its own."""

    def writer(content: dict[str, Any], name: str | None = None) -> Path:
        path = tmp_path / (name or f"{content['key']}-{content['version']}.yaml")
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        return path

    return writer


@pytest.fixture
def make(write: Callable[..., Path]) -> Callable[[dict[str, Any]], Instrument]:
    """Write content as a file and read it back as an instrument."""
    return lambda content: registry.read(write(content))


@pytest.fixture(scope="session")
def shipped() -> registry.Registry:
    """The instruments that come with the service."""
    return registry.load()
