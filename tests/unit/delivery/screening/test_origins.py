"""Websites that may show the page in a frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.errors import Invalid
from delivery.screening.origins import parse


@pytest.mark.parametrize(
    ("typed", "origins"),
    [
        ("", []),
        ("  \n\n", []),
        ("https://www.example.org", ["https://www.example.org"]),
        ("https://WWW.Example.org/about?x=1#y", ["https://www.example.org"]),
        ("www.example.org", ["https://www.example.org"]),
        ("https://example.org:443\nhttps://example.org", ["https://example.org"]),
        ("https://example.org:8443", ["https://example.org:8443"]),
        ("https://café.example", ["https://xn--caf-dma.example"]),
    ],
)
def test_addresses_become_origins_as_browsers_compare_them(typed: str, origins: list[str]) -> None:
    assert parse(typed, loopback=False) == origins


@pytest.mark.parametrize(
    "typed",
    [
        "http://example.org",
        "https://*.example.org",
        "https://*",
        "*",
        "'self'",
        "https://a.example 'unsafe-inline'",
        "https://a.example; script-src *",
        "https://a.example,https://b.example",
        "https://user@example.org",
        "https://example",
        "https://-a.example",
        "https://example.org:0",
        "https://example.org:99999",
        "https://[::1]",
        "javascript://example.org",
        "data:text/html,x",
        "http://localhost:9000",
        "\n".join(f"https://a{n}.example" for n in range(11)),
    ],
)
def test_what_is_no_website_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse(typed, loopback=False)


def test_this_machine_is_taken_only_where_everything_is_on_it() -> None:
    typed = "http://localhost:9000\nhttp://127.0.0.1"
    assert parse(typed, loopback=True) == ["http://localhost:9000", "http://127.0.0.1"]
    with pytest.raises(Invalid):
        parse("http://example.org", loopback=True)


@given(st.text(max_size=60))
def test_whatever_is_typed_nothing_gets_into_a_header_that_is_no_origin(typed: str) -> None:
    try:
        found = parse(typed, loopback=False)
    except Invalid:
        return
    for one in found:
        assert one.startswith("https://")
        assert set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.:/")
