"""docs/settings.md and the settings say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from delivery.settings import ROOT, Settings

ROW = re.compile(r"^\| `LIGHTQ_(\w+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    found = ROW.findall(text)
    assert len(found) == len({name for name, _, _ in found}), "a setting is described twice"
    return {name.lower(): (default, words) for name, default, words in found}


def test_every_setting_is_described_and_nothing_else_is(rows: dict[str, tuple[str, str]]) -> None:
    assert rows.keys() == Settings.model_fields.keys()


def test_every_description_is_a_sentence(rows: dict[str, tuple[str, str]]) -> None:
    for name, (_, words) in rows.items():
        assert words.endswith("."), name


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_default_in_the_table_is_the_real_one(rows: dict[str, tuple[str, str]], name: str) -> None:
    default = Settings.model_fields[name].default
    shown = rows[name][0]
    if default in ("", None):
        assert shown in (
            "none",
            "the embedded broker",
            "SQLite in the data directory",
            "`<data directory>-keys/kek`",
        )
    elif isinstance(default, Path):
        assert shown == f"`{default.relative_to(ROOT)}` in LightQ's own folder"
    elif isinstance(default, bool):
        assert shown == f"`{str(default).lower()}`"
    else:
        assert shown == (f"`{default:g}`" if isinstance(default, float) else f"`{default}`")


def test_secrets_never_show_in_a_printed_settings_object() -> None:
    secret = "s3cr3t-value-0123456789-abcdefghijk"
    names = ("secret_keys", "smtp_url", "sendgrid_api_key", "twilio_auth_token")
    shown = repr(Settings(**dict.fromkeys(names, secret)))  # type: ignore[arg-type]
    assert secret not in shown
