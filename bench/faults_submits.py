from typing import Any


def sitting(count: int, seed: int, longest: float, kind: str) -> dict[str, Any]:
    raise NotImplementedError
