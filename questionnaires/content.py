"""An instrument back to the content of its file: the one spelling in which nothing is said twice.

What has its default value is left out, the texts of every language stand under `texts`, and keys come in
the order of `docs/instruments.md`. Two instruments are the same exactly when their contents are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any

import yaml

from questionnaires.building import File, FileItem, FileOption
from questionnaires.schema import Instrument, Text

WIDTH = 110
SHORT = 96
_RARE_BREAKS = "\x85\u2028\u2029"

Content = dict[str, Any]


def content(instrument: Instrument) -> Content:
    """The content of a file that gives this instrument, worded in its own first language as in a registry."""
    assert instrument.language == next(iter(instrument.wordings), None), "not as the registry gives it"
    form = File(
        **_same_fields(File, instrument)
        | {
            "format": 1,
            "options": {
                name: tuple(FileOption(**_same_fields(FileOption, option)) for option in options)
                for name, options in instrument.options.items()
            },
            "items": tuple(
                FileItem(
                    **_same_fields(FileItem, item) | {"options": item.option_set, "stem": item.stem_name}
                )
                for item in instrument.items
            ),
            "texts": {
                language: _in_order(text, instrument) for language, text in instrument.wordings.items()
            },
        }
    )
    written: Content = _written(form)
    return written


def to_yaml(content: Content) -> bytes:
    """The content as the bytes of a YAML file; the same content always gives the same bytes."""
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text.encode()


def _same_fields(kind: type[Any], value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(kind) if hasattr(value, field.name)}


def _in_order(text: Text, instrument: Instrument) -> Text:
    """The words in printed order."""
    options = {
        name: _ordered(text.options[name], (option.code for option in options))
        for name, options in instrument.options.items()
    }
    items = _ordered(text.items, (item.id for item in instrument.items))
    return replace(text, items=items, options=options)


def _ordered(words: dict[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: words[name] for name in names}


def _written(value: Any) -> Any:
    if is_dataclass(value):
        return {
            field.name: _written(part)
            for field in fields(value)
            if (part := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, dict):
        return {key: _written(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_written(part) for part in value]
    return value


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


class _Dumper(yaml.SafeDumper):
    """No anchors. Short lists and mappings of plain values stand on one line."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_fits(value, value))


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    flow = _fits(value, value.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=flow)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # PyYAML folds these line breaks as if they were plain ones; in double quotes it escapes them.
    style = '"' if any(one in value for one in _RARE_BREAKS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _fits(value: Any, parts: Iterable[Any]) -> bool:
    return len(str(value)) <= SHORT and not any(isinstance(part, list | dict) for part in parts)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(str, _text)
