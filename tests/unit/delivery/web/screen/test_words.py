"""The words of a result: calm, no diagnosis, for every public measure."""

from __future__ import annotations

import pytest
from flask import Flask

from delivery.screening.reading import read
from delivery.web.screen import words
from questionnaires import registry
from questionnaires.schema import Instrument

PUBLIC = [one for one in registry.load().list() if "public" in one.settings and one.wordings]


@pytest.mark.parametrize("one", PUBLIC, ids=lambda one: one.key)
def test_every_public_measure_has_a_plain_title_and_plain_ranges(app: Flask, one: Instrument) -> None:
    with app.test_request_context("/", base_url="http://localhost:8080"):
        assert words.title(one) != one.name
        for scale in one.scales:
            for band in scale.bands.ranges if scale.bands else ():
                assert band.label in words.BANDS
                assert "disorder" not in words.band(band.label)


@pytest.mark.parametrize("one", PUBLIC, ids=lambda one: one.key)
def test_no_headline_names_an_illness_or_a_number(app: Flask, one: Instrument) -> None:
    answers: dict[str, str | None] = {item.id: item.options[-1].code for item in one.items}
    with app.test_request_context("/", base_url="http://localhost:8080"):
        for found in (read(one, answers, 0), read(one, {}, len(one.items)), None):
            said = f"{words.headline(found)} {words.can(one, found)}".lower()
            assert not any(word in said for word in ("disorder", "depress", "anxiety", "ptsd", "diagnos"))
            assert not any(letter.isdigit() for letter in said)
