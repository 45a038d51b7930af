"""YAML files as plain values, with the line of every value.

Refused: aliases and anchors (a small file could grow without bound), very deep nesting, repeated
keys, control characters, and values other than text, numbers, true, false and null.
"""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any

import yaml

from questionnaires.source import InstrumentError, Path_, Source

MAX_DEPTH = 40
#: Longer numbers mean nothing here, and YAML's bases 16 and 60 take their time over a million digits.
LONGEST_NUMBER = 30
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")}


def parse(file: str, data: bytes) -> Source:
    """Parse YAML bytes. Raises InstrumentError with the line of what is wrong."""
    try:
        text = data.decode("utf-8")
        _refuse_growth(file, text)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError:
        raise InstrumentError(file, 0, "the file is not UTF-8 text") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        reason = getattr(problem, "problem", None) or "the file is not YAML"
        raise InstrumentError(file, mark.line + 1 if mark else 0, f"not valid YAML: {reason}") from None
    if node is None:
        raise InstrumentError(file, 0, "the file is empty")
    lines: dict[Path_, int] = {}
    return Source(file, _plain(file, node, (), lines), lines)


def _refuse_growth(file: str, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InstrumentError(file, line, "anchors (&) and aliases (*) are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise InstrumentError(file, line, f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _plain(file: str, node: Any, where: Path_, lines: dict[Path_, int]) -> Any:
    line = lines[where] = node.start_mark.line + 1
    if node.tag not in _PLAIN:
        raise InstrumentError(file, line, "only text, numbers, true, false and null are allowed here")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, child, (*where, index), lines) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            key = _key(file, key_node)
            if key in result:
                raise InstrumentError(file, key_node.start_mark.line + 1, f"the key '{key}' is given twice")
            result[key] = _plain(file, child, (*where, key), lines)
        return result
    return _scalar(file, node, line)


def _key(file: str, node: Any) -> str:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        raise InstrumentError(file, line, "a key is a word, not a list")
    key = _scalar(file, node, line) if node.tag in _PLAIN else None
    if not isinstance(key, str):
        raise InstrumentError(file, line, f"write the key {node.value[:LONGEST_NUMBER]} in quotes")
    return key


def _scalar(file: str, node: Any, line: int) -> Any:
    text = node.value[:LONGEST_NUMBER]
    value: Any = math.nan
    if node.value == text or not node.tag.endswith((":int", ":float")):
        # What stands behind a tag such as !!bool may be anything.
        with contextlib.suppress(ValueError, LookupError):
            value = yaml.constructor.SafeConstructor().construct_object(node)
    if isinstance(value, float) and not math.isfinite(value):
        raise InstrumentError(file, line, f"'{text}' is not a number, true or false")
    if isinstance(value, str) and UNREADABLE.search(value):
        raise InstrumentError(file, line, "there is a control character in the text")
    return value
