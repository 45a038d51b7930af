from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from delivery.errors import SettingsError
from delivery.settings import Settings, is_loopback, load

GOOD = "k3y-for-tests-only-9f8e7d6c5b4a-zyxwvu"
OTHER = "0ther-k3y-9f8e7d6c5b4a-zyxwvu-qponmlk"
PUBLIC = {"base_url": "https://console.example.org", "client_url": "https://forms.example.org"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("LIGHTQ_")]:
        monkeypatch.delenv(name)


def reason(**values: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost.example.org", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("127.0.0.1.example.org", False),
        ("", False),
    ],
)
def test_only_this_machine_counts_as_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("q7w8", "shorter than 32"),
        (GOOD[:31], "shorter than 32"),
        (f"{GOOD},q7w8", "shorter than 32"),
        ("a" * 40, "weak"),
        ("abc123" * 8, "weak"),
        ("changeme-9f8e7d6c5b4a-zyxwvu-qponmlk", "weak"),
        ("9f8e7d6c5b4a-PASSWORD-zyxwvu-qponmlk", "weak"),
        (f"{GOOD},{GOOD}", "twice"),
    ],
)
def test_weak_short_and_repeated_keys_are_refused_with_what_to_do(keys: str, words: str) -> None:
    said = reason(secret_keys=keys)
    assert words in said
    assert keys not in said, "a refusal never repeats a key"


def test_missing_keys_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lightq init"):
        Settings(data_dir=tmp_path).require_keys()


def test_keys_stand_oldest_first_between_commas_or_spaces() -> None:
    assert Settings(secret_keys=f"{GOOD}, {OTHER}").keys == [GOOD, OTHER]


def test_plain_http_is_refused_on_a_public_address() -> None:
    for name in ("base_url", "client_url"):
        address = PUBLIC[name].replace("https", "http")
        assert "plain http" in reason(**{**PUBLIC, name: address})


def test_debug_is_refused_off_loopback() -> None:
    assert "LIGHTQ_DEBUG" in reason(**PUBLIC, debug=True)
    assert load(debug=True).debug is True


@pytest.mark.parametrize(
    "both",
    [
        {"base_url": "https://example.org", "client_url": "https://example.org"},
        {"base_url": "https://example.org", "client_url": "https://example.org/"},
        {"base_url": "https://example.org", "client_url": "https://example.org:8443"},
        {"base_url": "https://example.org", "client_url": "https://EXAMPLE.org"},
        {"base_url": "http://localhost:8080", "client_url": "http://localhost:8081"},
        {"base_url": "http://127.0.0.1:8080", "client_url": "http://127.0.0.1:8080"},
    ],
)
def test_both_zones_on_one_host_are_refused(both: dict[str, str]) -> None:
    assert "two different hosts" in reason(**both)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/forms",
        "https://example.org?a=b",
        "https://somebody@example.org",
        "https://example.org:many",
        "https://[::1",
    ],
)
def test_an_address_is_scheme_host_and_port(address: str) -> None:
    assert "LIGHTQ_BASE_URL" in reason(base_url=address)


def test_the_key_file_may_not_lie_inside_the_data_directory(tmp_path: Path) -> None:
    made = Settings(data_dir=tmp_path, kek_file=tmp_path / "keys" / "kek", secret_keys=GOOD)
    with pytest.raises(SettingsError, match="inside LIGHTQ_DATA_DIR"):
        made.require_keys()
    way_round = Settings(
        data_dir=tmp_path, kek_file=tmp_path / ".." / tmp_path.name / "kek", secret_keys=GOOD
    )
    with pytest.raises(SettingsError, match="inside LIGHTQ_DATA_DIR"):
        way_round.require_keys()
    outside = Settings(data_dir=tmp_path, secret_keys=GOOD)
    outside.require_keys()
    assert outside.kek_path == tmp_path.parent / f"{tmp_path.name}-keys" / "kek"


def test_an_address_is_kept_as_browsers_send_it() -> None:
    made = load(base_url="HTTPS://Console.Example.org:443/", client_url="https://forms.example.org:8443")
    assert (made.base_url, made.base_host) == ("https://console.example.org", "console.example.org")
    assert made.client_host == "forms.example.org:8443"
    local = load(base_url="http://127.0.0.1:80", client_url="http://[::1]:8080")
    assert (local.base_host, local.client_host) == ("127.0.0.1", "[::1]:8080")


def test_each_zone_is_secure_by_its_own_address() -> None:
    public = load(**PUBLIC)
    assert public.secure(public.base_host)
    assert public.secure(public.client_host)
    mixed = load(client_url=PUBLIC["client_url"])
    assert mixed.secure(mixed.client_host)
    assert not mixed.secure(mixed.base_host)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("Alder Street Office", True),
        ("Dr. Rivera", True),
        ("Clínica Ñandú", True),
        ("", False),
        ("x" * 61, False),
        ("Office\nBcc: x", False),
        ("office@example.org", False),
        ("Visit https://example.org", False),
        ("example.org", False),
        ("www.example", False),
    ],
)
def test_a_sender_name_is_a_name_and_no_address(name: str, taken: bool) -> None:
    if taken:
        assert load(sender_name=f" {name} ").sender_name == name
    else:
        assert "LIGHTQ_SENDER_NAME" in reason(sender_name=name)


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text(f"{GOOD}\n")
    monkeypatch.setenv("LIGHTQ_SECRET_KEYS_FILE", str(tmp_path / "keys"))
    assert load().keys == [GOOD]
    monkeypatch.setenv("LIGHTQ_SECRET_KEYS_FILE", str(tmp_path / "none"))
    assert "LIGHTQ_SECRET_KEYS_FILE" in reason()


def test_every_fault_is_named_at_once_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTQ_UNDO_SECONDS", "many")
    monkeypatch.setenv("LIGHTQ_LINK_DAYS", "0")
    lines = reason().splitlines()
    assert [line.split(":")[0] for line in lines] == ["LIGHTQ_UNDO_SECONDS", "LIGHTQ_LINK_DAYS"]
    assert "many" not in reason()
