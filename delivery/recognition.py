"""The recognition word: a colour or a nickname by which people who share a phone tell whose form it is.

It stands in messages that others may read, so it says nothing of health, and no real name by default.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from channels import gsm7
from delivery import library
from delivery.errors import Invalid

LONGEST: Final = 20
#: Words that tell a reader what the form is about, without accents; those of the first group only whole.
TELLING: Final = re.compile(
    r"(?:dr|dra|test|cura|mood|loco|loca|sick)\b|"
    r"addict|adhd|adicc|alcohol|anorex|ansied|anxi|autis|bipolar|bulim|cancer|clinic|consejer|counsel|crisis|"
    r"depend|depres|diagn|doctor|drog|drug|eating|emociona|emotiona|enferm|estres|fobia|health|hospital|"
    r"illness|medic|mental|nervio|pacient|panic|patient|phobi|pills|psic|psiq|psych|ptsd|rehab|salud|sobri|"
    r"stress|suicid|symptom|sintoma|tdah|tept|terap|therap|trastorn|tratam|trauma|treat"
)


def checked(word: str, names: Iterable[str], *, insist: bool = False) -> str:
    """The word as it is kept. Raises Invalid: too long, not for texts, a health word, or (without `insist`,
    field "real_name") one of these names."""
    kept = " ".join(unicodedata.normalize("NFC", word).split())
    if len(kept) > LONGEST:
        raise _refused(f"At most {LONGEST} letters.")
    if foreign := sorted(gsm7.foreign(kept)):
        signs, likely = " ".join(foreign[:5]), gsm7.to_gsm7(kept)
        hint = f" Write it like {likely}." if likely and "?" not in likely else ""
        raise _refused(
            f"Text messages have no {signs}.{hint}" if signs.isprintable() else "Use letters only."
        )
    if not re.fullmatch(r"[^\W\d_][\w' -]*", kept):
        raise _refused("Letters and digits only, beginning with a letter.")
    said = _plain(kept)
    if any(TELLING.match(one) for one in said.split()) or said.replace(" ", "") in _measures():
        raise _refused("This would tell others what the form is about. A colour or a nickname is better.")
    if not insist and set(said.split()) & {part for name in names for part in _plain(name).split()}:
        words = "This is one of the client’s own names, and others may read it."
        raise Invalid("Check the word.", {"word": words, "real_name": words})
    return kept


def _refused(why: str) -> Invalid:
    return Invalid("Check the word.", {"word": why})


def _plain(text: str) -> str:
    """Small letters without accents and signs, words one space apart."""
    flat = unicodedata.normalize("NFKD", text).casefold()
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", flat))


def _measures() -> set[str]:
    """Names of measures, run together: "phq9"."""
    named = [name for one in library.shipped().list() for name in (one.key, one.short_name)]
    return {_plain(name).replace(" ", "") for name in named}
