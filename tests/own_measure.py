"""A measure that a practice makes itself, with every kind of part, for tests of the library."""

from __future__ import annotations

import json
from typing import Any

#: Text that does harm wherever it is not shown as text.
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} {% raw %} & ]]> \"'"


def content(key: str = "own_mood", version: int = 1, words: str = "", **changes: Any) -> dict[str, Any]:
    """The content of its file; `words` stands in every field that people read."""

    def text(plain: str) -> str:
        return f"{plain} {words}".strip()

    made: dict[str, Any] = {
        "format": 1,
        "key": key,
        "version": version,
        "name": text("Our mood form"),
        "short_name": text("Mood"),
        "measures": text("Depressed mood this week"),
        "purposes": ["progress"],
        "settings": ["remote", "kiosk", "in_person"],
        "respondents": ["self"],
        "ages": {"low": 18},
        "minutes": 2,
        "recall": text("This week"),
        "shortest_interval_days": 7,
        "licence": {
            "status": "free",
            "holder": text("Alder Street Office"),
            "notice": text("Made by Alder Street Office."),
            "source": text("our own"),
        },
        "options": {"much": [{"code": "0", "value": 0}, {"code": "1", "value": 1}]},
        "items": [
            {"id": f"{key}_1", "number": "1", "options": "much"},
            {
                "id": f"{key}_2",
                "number": "2",
                "options": "much",
                "asked_if": {"item": f"{key}_1", "at_least": 1},
                "when_skipped": 0,
            },
            {"id": f"{key}_3", "free_text": 200, "scored": False, "stem": None},
            {"id": f"{key}_4", "whole_number": [0, 24], "scored": False, "stem": None},
        ],
        "scales": [
            {
                "id": "total",
                "label": text("Total"),
                "items": [f"{key}_1", f"{key}_2"],
                "range": [0, 2],
                "source": text("our own rule"),
                "missing": {"rule": "none", "source": text("our own rule")},
                "bands": {
                    "ranges": [
                        {"low": 0, "high": 0, "label": text("calm")},
                        {"low": 1, "high": 2, "label": text("low")},
                    ],
                    "source": text("our own bands"),
                    "verified": False,
                },
            }
        ],
        "screens": [
            {
                "id": "low",
                "label": text("Low mood"),
                "rule": text("Total of 1 or more"),
                "source": text("our own cut-off"),
                "verified": True,
                "positive_if": {"scale": "total", "at_least": 1},
            }
        ],
        "categories": [
            {
                "id": "kind",
                "label": text("Kind"),
                "cases": [{"label": text("both"), "when": {"scale": "total", "at_least": 2}}],
                "otherwise": text("not both"),
                "source": text("our own kinds"),
                "verified": True,
            }
        ],
        "critical": [{"item": f"{key}_2", "at_least": 1, "message": text("Feels hopeless")}],
        "change": [
            {
                "scale": "total",
                "kind": "reliable",
                "points": 1,
                "source": text("our own change"),
                "verified": False,
            }
        ],
        "changelog": {str(version): text("First version")},
        "texts": {
            "en": {
                "official": True,
                "wording_sources": [text("we wrote it")],
                "note": text("a note"),
                "instructions": text("Please think of this week."),
                "stems": {"main": text("Were you")},
                "items": {
                    f"{key}_1": text("sad"),
                    f"{key}_2": text("hopeless"),
                    f"{key}_3": text("What helped"),
                    f"{key}_4": text("Hours of sleep"),
                },
                "options": {"much": {"0": text("No"), "1": text("Yes")}},
            }
        },
    }
    return {**made, **changes}


def file(key: str = "own_mood", version: int = 1, words: str = "", **changes: Any) -> bytes:
    """The same as the bytes of a file (JSON is YAML too, and our reader takes it as such)."""
    return json.dumps(content(key, version, words, **changes), indent=1, ensure_ascii=False).encode()


def words_for(instrument: Any, language: str = "en", **changes: Any) -> bytes:
    """A file of words for a measure that ships without: invented ones, one for each item and option."""
    text: dict[str, Any] = {
        "official": True,
        "wording_sources": ["the holder's form"],
        "items": {item.id: f"Invented question {n}" for n, item in enumerate(instrument.items, 1)},
        "options": {
            name: {one.code: f"Invented answer {one.code}" for one in options}
            for name, options in instrument.options.items()
        },
    }
    stems = {item.stem_name for item in instrument.items if item.stem_name}
    if stems:
        text["stems"] = dict.fromkeys(stems, "Invented stem")
    head = {"format": 1, "key": instrument.key, "version": instrument.version, "language": language}
    return json.dumps({**head, "text": {**text, **changes}}).encode()
