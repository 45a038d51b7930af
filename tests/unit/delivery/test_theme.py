"""Colours of a practice: what is refused, what is worked out from them, and the logo."""

from __future__ import annotations

import itertools

import pytest

from delivery import theme
from delivery.errors import Invalid
from delivery.models.people import Practice

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
#: The hues of the circle, grey, black and white, from dark to light.
MANY = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in itertools.product(range(0, 256, 51), repeat=3)]


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert theme.contrast("#ffffff", "#767676") == theme.contrast("#767676", "#ffffff")


def test_a_colour_that_reads_is_kept_as_it_is() -> None:
    assert theme.chosen(" #5B2150 ") == "#5b2150"
    assert theme.chosen("") is None


def test_a_pale_colour_is_refused_with_the_nearest_that_works() -> None:
    with pytest.raises(Invalid) as refused:
        theme.chosen("#d35400")
    words = refused.value.fields["colour"]
    better = theme.nearest("#d35400")
    assert better in words and "7 to 1" in words
    assert theme.chosen(better) == better


@pytest.mark.parametrize("typed", ["red", "#12345", "#12345g", "#1234567", "5b2150", "#5b2150;}body{"])
def test_what_is_not_a_colour_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        theme.chosen(typed)


@pytest.mark.parametrize("colour", MANY)
def test_whatever_the_colour_text_reads_in_light_and_dark(colour: str) -> None:
    light, dark = theme.accents(theme.nearest(colour))
    for set_of, scheme in ((light, theme.LIGHT), (dark, theme.DARK)):
        for below in (scheme.paper, scheme.fog, set_of.tint, set_of.on_accent):
            assert theme.contrast(set_of.accent, below) >= theme.ENOUGH, below
        assert theme.contrast(scheme.soft, set_of.tint) >= theme.ENOUGH


def test_the_style_sheet_replaces_three_tokens_and_leaves_print_alone() -> None:
    text = theme.style("#5b2150")
    assert text.count("--") == 6
    assert "--accent:#5b2150" in text
    assert all(line.startswith("@media screen") for line in text.splitlines())


def test_the_surfaces_are_those_of_the_style_sheet() -> None:
    from delivery.settings import ROOT

    tokens = (ROOT / "delivery" / "static" / "lightq.css").read_text(encoding="utf-8")
    light, dark, *_ = tokens.split("prefers-color-scheme:dark")
    for scheme, text in ((theme.LIGHT, light), (theme.DARK, dark)):
        for name in ("paper", "fog", "soft"):
            assert f"--{name}:{getattr(scheme, name)};" in text


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_a_logo_is_known_by_its_first_bytes(data: bytes, kind: str) -> None:
    assert theme.logo(data) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + bytes(20),
        b"RIFF\x10\x00\x00\x00WAVEfmt ",
        b"<html>",
        b"x",
        PNG + bytes(theme.LARGEST_LOGO),
    ],
)
def test_other_files_are_refused_as_logos(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        theme.logo(data)
    assert "logo" in refused.value.fields


def test_the_stamp_changes_with_the_colour_and_the_logo() -> None:
    practice = Practice(name="Alder", sender_name="Alder")
    stamps = {theme.stamp(practice)}
    practice.colour = "#5b2150"
    stamps.add(theme.stamp(practice))
    practice.logo = PNG
    stamps.add(theme.stamp(practice))
    assert len(stamps) == 3
