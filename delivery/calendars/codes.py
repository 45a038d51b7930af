"""The code by which a client is found in a calendar: chosen by the member, never the client's name.

A code has a letter and a digit, so that no name and no ordinary word can be one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from delivery.errors import Invalid

SHORTEST, LONGEST = 3, 24
_WORD = re.compile(r"\w+(?:[-.]+\w+)*")
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def normal_code(text: str) -> str:
    """The code as it is compared: small letters. Raises Invalid for what cannot be a code."""
    code = _folded(text.strip())
    has_both = re.search(r"[a-z]", code) and re.search(r"[0-9]", code)
    if not (SHORTEST <= len(code) <= LONGEST and _CODE.fullmatch(code) and has_both):
        reason = "A code has 3 to 24 letters and digits, with at least one of each, like K73 or oak-12."
        raise Invalid(reason, {"code": reason})
    return code


def found_in(text: str, codes: Collection[str]) -> set[str]:
    """Those of `codes` (normal ones) that stand in `text` as whole words: "oak1" not in "oak12", "oak1-2"."""
    return {word for word in _WORD.findall(_folded(text)) if word in codes}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
