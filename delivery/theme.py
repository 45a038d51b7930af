"""A practice's colour on client pages: computed contrast, the dark twin, and the style sheet that carries it.

Contrast is WCAG 2.2's ratio of relative luminances; 7:1 is its enhanced level for text (success criterion
1.4.6). A theme replaces `--accent --on-accent --tint` and nothing else.
"""

from __future__ import annotations

import colorsys
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from delivery.errors import Invalid
from delivery.models.people import Practice

#: Each channel from 0 to 1, as in sRGB.
RGB = tuple[float, float, float]

HEX: Final = re.compile(r"#[0-9a-f]{6}")
ENOUGH: Final = 7.0
#: Most saturation (HLS) of an accent in dark mode.
CALM: Final = 0.55
LARGEST_LOGO: Final = 100_000
#: Media type -> where its first bytes stand and what they are. SVG can hold scripts and is not taken.
LOGOS: Final = {
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
}


@dataclass(frozen=True)
class Accent:
    """The three tokens that a theme replaces, "#rrggbb" each."""

    accent: str
    on_accent: str
    tint: str


@dataclass(frozen=True)
class _Scheme:
    """Surfaces of one scheme as lightq.css has them, and the two colours of its text."""

    paper: str
    fog: str
    soft: str
    on_accent: str
    #: How much of the accent is in the tint.
    share: float


LIGHT: Final = _Scheme("#fbfaf7", "#efeee8", "#4a454a", "#fffdfb", 0.08)
DARK: Final = _Scheme("#1c1a1e", "#28252b", "#cfc8ca", "#1c1a1e", 0.12)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two "#rrggbb" colours, from 1 to 21."""
    low, high = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (high + 0.05) / (low + 0.05)


def chosen(typed: str) -> str | None:
    """The colour as it is stored, None for none. Raises Invalid where text in it would be hard to read,
    with the nearest colour that works."""
    typed = typed.strip().lower()
    if not typed:
        return None
    if not HEX.fullmatch(typed):
        raise _refusal("Write the colour as # and six digits or letters a to f, such as #5b2150.")
    if _reads(typed, LIGHT):
        return typed
    raise _refusal(
        f"{typed} is too light to read as text on a pale page ({_lowest(typed, LIGHT):.1f} to 1; 7 to 1 is "
        f"needed). The nearest that works is {nearest(typed)}."
    )


def _refusal(words: str) -> Invalid:
    return Invalid("This colour can’t be used.", {"colour": words})


def nearest(colour: str) -> str:
    """The lightest colour of the same hue that reads on light pages; the colour itself where it does."""
    return _moved(colour, LIGHT, -0.01)


def accents(colour: str) -> tuple[Accent, Accent]:
    """The light and the dark set of a colour that `chosen` took."""
    return _accent(colour, LIGHT), _accent(_moved(_calm(colour), DARK, 0.01), DARK)


def style(colour: str) -> str:
    """The style sheet of a theme. Print keeps its own black."""
    light, dark = accents(colour)
    return (
        f"@media screen{{{_root(light)}}}\n@media screen and (prefers-color-scheme:dark){{{_root(dark)}}}\n"
    )


def logo(data: bytes) -> str:
    """The media type of a logo by its first bytes. Raises Invalid."""
    if len(data) > LARGEST_LOGO:
        words = f"The picture has {len(data) // 1000} KB. At most {LARGEST_LOGO // 1000} KB are taken."
        raise Invalid("This logo can’t be used.", {"logo": words})
    for kind, marks in LOGOS.items():
        if all(data[at : at + len(mark)] == mark for at, mark in marks):
            return kind
    raise Invalid("This logo can’t be used.", {"logo": "Choose a picture of the kind PNG, JPEG or WebP."})


def stamp(practice: Practice) -> str:
    """Changes whenever what a theme serves does, so that browsers may keep it."""
    return hashlib.sha256((practice.colour or "").encode() + b"|" + (practice.logo or b"")).hexdigest()[:12]


def _root(set_of: Accent) -> str:
    return f":root{{--accent:{set_of.accent};--on-accent:{set_of.on_accent};--tint:{set_of.tint}}}"


def _accent(colour: str, scheme: _Scheme) -> Accent:
    return Accent(colour, scheme.on_accent, _tint(colour, scheme))


def _tint(colour: str, scheme: _Scheme) -> str:
    mixed = (
        scheme.share * c + (1 - scheme.share) * p
        for c, p in zip(_rgb(colour), _rgb(scheme.paper), strict=True)
    )
    return _hex(tuple(mixed))


def _lowest(colour: str, scheme: _Scheme) -> float:
    """The least contrast that the accent has wherever it is text or carries text."""
    below = (scheme.paper, scheme.fog, _tint(colour, scheme), scheme.on_accent)
    return min(contrast(colour, one) for one in below)


def _reads(colour: str, scheme: _Scheme) -> bool:
    return _lowest(colour, scheme) >= ENOUGH


def _moved(colour: str, scheme: _Scheme, step: float) -> str:
    """The colour, lightened or darkened by steps of lightness until it reads."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    while not _reads(colour, scheme):
        lightness = min(1.0, max(0.0, lightness + step))
        colour = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
    return colour


def _calm(colour: str) -> str:
    """The colour without its last glare: light and bright at once tires on a dark page."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return _hex(colorsys.hls_to_rgb(hue, lightness, min(saturation, CALM)))


def _rgb(colour: str) -> RGB:
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255


def _hex(colour: tuple[float, ...]) -> str:
    return "#" + bytes(round(255 * c) for c in colour).hex()


def _luminance(colour: RGB) -> float:
    """Relative luminance, WCAG 2.2."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
