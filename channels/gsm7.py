"""The alphabet of text messages, and how many parts a text is cut into.

Source: 3GPP TS 23.038 (GSM 7 bit default alphabet and its extension table); 3GPP TS 23.040 for the lengths of
single and joined parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import category, normalize

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape comes first, so each counts twice
#: Septets of one text.
PLACES = 160
_SINGLE_7, _JOINED_7 = PLACES, 153
_SINGLE_16, _JOINED_16 = 70, 67

# What neither the alphabet nor Unicode's own decomposition gives us.
_LIKENESS = {
    **dict.fromkeys("‘’‚‛′´`ʼʹ＇", "'"),
    **dict.fromkeys("“”„‟″«»＂", '"'),
    **dict.fromkeys("‐‑‒–—―−－", "-"),
    **dict.fromkeys("•·‣∙", "*"),
    **dict(zip("…‹›×ºªŁłĐđÐðÞþ", "... < > x o a L l D d D d Th th".split(), strict=True)),  # noqa: SIM905
    **dict(zip("ĦħŒœıĸŊŋŦŧẞ", "H h OE oe i k N n T t SS".split(), strict=True)),  # noqa: SIM905
}


def segments(text: str) -> int:
    """How many parts a phone company sends and bills: 160 or 153 septets each, or 70 or 67 UTF-16 units."""
    if foreign(text):
        sizes = [1 if ord(character) < 0x10000 else 2 for character in text]
        return _parts(sizes, _SINGLE_16, _JOINED_16)
    return _parts([_septets(character) for character in text], _SINGLE_7, _JOINED_7)


def foreign(text: str) -> set[str]:
    """The characters that GSM-7 does not have; one of them more than halves what a part holds."""
    return set(text) - _BASIC - _EXTENSION


def septets(text: str) -> int:
    """The places a GSM-7 text takes of the 160; an extension character takes two."""
    return sum(map(_septets, text))


def to_gsm7(text: str) -> str:
    """The text on one line in GSM-7 only: á becomes a, Ł becomes L, a typographic quote a plain one.

    Line breaks and every kind of space become one space; control, direction and zero-width characters and
    pictures go; a letter without a likeness becomes "?".
    """
    # What is invisible goes first, so that nothing stands between a letter and its accent.
    visible = "".join(c for c in text if c.isspace() or category(c)[0] != "C")
    plain = "".join(_plain(character) for character in normalize("NFC", " ".join(visible.split())))
    return " ".join(plain.split())


def one_segment(text: str) -> str:
    """The text as `to_gsm7` writes it. Raises ValueError when it is empty or longer than 160 septets."""
    written = to_gsm7(text)
    if not written:
        raise ValueError("the text is empty")
    if (length := septets(written)) > _SINGLE_7:
        raise ValueError(f"the text takes {length} of {_SINGLE_7} places")
    return written


def _septets(character: str) -> int:
    return 2 if character in _EXTENSION else 1


def _parts(sizes: Iterable[int], single: int, joined: int) -> int:
    sizes = list(sizes)
    if sum(sizes) <= single:
        return 1 if sizes else 0
    parts, room = 1, joined
    for size in sizes:
        # An escape and its character, or the two halves of a UTF-16 pair, stay in one part.
        if size > room:
            parts, room = parts + 1, joined
        room -= size
    return parts


def _plain(character: str) -> str:
    if character in _BASIC or character in _EXTENSION:
        return character
    if character in _LIKENESS:
        return _LIKENESS[character]
    if category(character)[0] not in "LN":
        # Accents left over, pictures, signs. Not decomposed: a wide colon or slash could make an address.
        return "" if category(character)[0] in "MS" else "?"
    base = "".join(c for c in normalize("NFKD", character) if category(c)[0] != "M")
    base = "".join(_LIKENESS.get(c, c) for c in base)
    return base if base.isalnum() and not foreign(base) else "?"
