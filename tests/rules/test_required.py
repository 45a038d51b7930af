"""The journeys that have to exist; with `LIGHTQ_NO_SKIP=1` (as in .ci/run) none can be skipped either."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = (ROOT / "tests" / "required.txt").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_journey_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_list_is_not_empty() -> None:
    assert len(REQUIRED) >= 5
