"""The rules for managed browsers."""

from __future__ import annotations

import json

import pytest

from delivery.kiosk import policies


@pytest.mark.parametrize("rules", [policies.chrome, policies.edge])
def test_only_the_tablets_page_can_be_opened_and_its_key_survives(rules: object) -> None:
    assert callable(rules)
    said = json.loads(rules("https://forms.example.org/kiosk"))
    assert said["URLBlocklist"] == ["*"]
    assert said["URLAllowlist"] == [f"forms.example.org/{name}" for name in ("kiosk", "static", "theme")]
    assert said["RestoreOnStartupURLs"] == ["https://forms.example.org/kiosk"]
    assert said["ForceEphemeralProfiles"] is False
    assert not any(
        said[name] for name in said if name.startswith(("Autofill", "Password", "Spell", "Translate"))
    )
