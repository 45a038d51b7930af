"""What counts as a page for clients, and that a state nobody wrote is noticed."""

from __future__ import annotations

import itertools
from pathlib import Path

from flask import Flask
from PIL import Image

from bench import gallery
from bench.gallery_site import Site, pages
from delivery.service import Service


def test_pages_are_templates_that_no_other_builds_on() -> None:
    found = pages()
    assert {"answer/start.html", "answer/end.html", "portal/home.html", "kiosk/pad.html"} <= found
    assert {"answer/base.html", "answer/problem.html", "answer/uses.html"}.isdisjoint(found)
    assert all(name.split("/")[0] in ("answer", "portal", "kiosk", "screen") for name in found)


def test_an_address_or_a_page_that_was_not_met_is_named(app: Flask, service: Service) -> None:
    site = Site(service, app, pages() - {"answer/help.html"}, {"answer.start"}, itertools.count(1))
    missing = site.not_met()
    assert "answer.begin" in missing and "answer/help.html" in missing
    assert "answer.start" not in missing and "answer/start.html" not in missing
    assert not any(name.startswith(("console.", "api.", "health.")) for name in missing)


def test_the_index_names_what_is_there(tmp_path: Path) -> None:
    first = next(iter(gallery.STATES))
    gallery.save(Image.new("RGB", (390, 100)), tmp_path / f"{first}-en-light.webp")
    gallery.save(gallery.montage([Image.new("RGB", (320, 50))] * 7), tmp_path / f"{first}-sheet.webp")
    gallery.index(tmp_path)
    text = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert f"## [{first}]({first}-sheet.webp)" in text and f'src="{first}-en-light.webp"' in text
    assert text.count("## ") == 1
