"""Instruments as plain values, in the fixed shapes of `lightq instruments list` and `show`."""

from __future__ import annotations

from typing import Any

from questionnaires.registry import Registry
from questionnaires.schema import Instrument, plain


def listing(registry: Registry) -> list[dict[str, Any]]:
    """One short entry for the latest version of every instrument."""
    return [
        {
            "key": one.key,
            "version": one.version,
            "name": one.name,
            "items": len(one.items),
            "languages": list(one.languages),
            "settings": list(one.settings),
            "licence": {"status": one.licence.status, "notice": one.licence.notice},
            "sendable": one.sendable,
        }
        for one in registry.list()
    ]


def details(instrument: Instrument) -> dict[str, Any]:
    """Everything about one instrument, items and options in printed order."""
    shown = plain(instrument)
    del shown["wordings"]
    for item in shown["items"]:
        del item["stem_name"], item["option_set"]
    return {
        **shown,
        "bands": {
            scale.id: [
                {"from": band.low, "to": band.high, "label": band.label} for band in scale.bands.ranges
            ]
            for scale in instrument.scales
            if scale.bands
        },
        "languages": list(instrument.languages),
        "wording_sources": {
            language: list(text.wording_sources) for language, text in instrument.wordings.items()
        },
        "higher_is_better": instrument.higher_is_better,
        "sendable": instrument.sendable,
        "not_sendable": instrument.not_sendable,
    }
