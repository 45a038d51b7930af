"""Every client page in every state under every rule of axe; a page that no state meets fails by name.

Languages, light and dark take turns here; `./lightq bench axe` looks at every state in all of them.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error as PlaywrightError

from bench import axe
from bench.gallery import LANGUAGES, SCHEMES, STATES
from bench.gallery_site import running
from bench.gallery_walk import chromium
from delivery.errors import LightQError

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        not shutil.which("chromium"), reason="Chromium is not installed (apt install chromium)"
    ),
]
TURNS = list(itertools.product(LANGUAGES, SCHEMES))
BY_TURNS = {name: TURNS[number % len(TURNS)] for number, name in enumerate(STATES)}


@dataclass
class Walked:
    """What was found in each state, and what no state has met."""

    found: dict[str, list[str]]
    not_met: list[str]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    found: dict[str, list[str]] = {}
    with chromium() as browser, running(tmp_path_factory.mktemp("pages")) as site:
        for name, (lang, scheme) in BY_TURNS.items():
            try:
                found[name] = list(axe.of_state(site, browser, name, lang, (scheme,)))
            except (PlaywrightError, LightQError) as error:
                found[name] = [f"{name} {lang} was not reached: {error}"]
        return Walked(found, site.not_met())


@pytest.mark.parametrize("name", STATES)
def test_axe_and_the_browser_have_nothing_to_say(walked: Walked, name: str) -> None:
    assert walked.found[name] == []


def test_no_page_for_clients_is_left_out(walked: Walked) -> None:
    assert walked.not_met == []
