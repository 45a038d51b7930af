"""What goes out compressed, and that it is the same underneath."""

from __future__ import annotations

import gzip
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

PACKED = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_page_is_compressed_where_the_browser_takes_it(browser: FlaskClient) -> None:
    plain, packed = browser.get("/"), browser.get("/", headers=PACKED)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    assert "Accept-Encoding" in plain.headers["Vary"] and "Accept-Encoding" in packed.headers["Vary"]


def test_a_browser_that_refuses_it_gets_it_plain(browser: FlaskClient) -> None:
    reply = browser.get("/", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in reply.headers


def test_the_length_of_a_page_varies_by_chance(browser: FlaskClient) -> None:
    assert len({len(browser.get("/", headers=PACKED).data) for _ in range(40)}) > 5


def test_an_error_page_is_compressed_too(browser: FlaskClient) -> None:
    reply = browser.get("/nothing-here", headers=PACKED)
    assert reply.status_code == 404 and reply.headers["Content-Encoding"] == "gzip"


def test_a_style_sheet_is_compressed_and_always_the_same(browser: FlaskClient, app: Flask) -> None:
    text = Path(app.static_folder or "", "lightq.css").read_bytes()
    first, second = (browser.get("/static/lightq.css", headers=PACKED, buffered=True) for _ in range(2))
    assert first.data == second.data and gzip.decompress(first.data) == text
    assert "ETag" not in first.headers and "immutable" in first.headers["Cache-Control"]


def test_what_is_not_changed_or_packed_already_is_left_alone(browser: FlaskClient) -> None:
    plain = browser.get("/static/lightq.css", buffered=True)
    again = browser.get(
        "/static/lightq.css", headers={**PACKED, "If-None-Match": plain.headers["ETag"]}, buffered=True
    )
    assert again.status_code == 304 and not again.data
    font = browser.get("/static/fonts/atkinson.woff2", headers=PACKED, buffered=True)
    assert "Content-Encoding" not in font.headers and font.data[:4] == b"wOF2"
