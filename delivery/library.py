"""The instruments of this installation, loaded once a process."""

from __future__ import annotations

from functools import cache

from questionnaires import registry
from questionnaires.registry import Registry


@cache
def library() -> Registry:
    """The shipped instruments. Raises InstrumentError at start where a file is wrong."""
    return registry.load()
