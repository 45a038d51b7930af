"""How many segments a text message takes, counted by the carrier itself (3GPP TS 23.038, section 6.2.1)."""

from __future__ import annotations

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"


def segments(text: str) -> int:
    """160 septets in one segment, 153 in each of several; 70 or 67 UTF-16 units where one needs it."""
    if all(c in _BASIC or c in _EXTENDED for c in text):
        return _parts([2 if c in _EXTENDED else 1 for c in text], 160, 153)
    return _parts([len(c.encode("utf-16-be")) // 2 for c in text], 70, 67)


def _parts(widths: list[int], single: int, joined: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, room = 1, joined
    for width in widths:  # a character is never split over two segments
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts
