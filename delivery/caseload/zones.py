"""Time zones as people in the US name them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from delivery.errors import Invalid

_NAMED: Final = {
    "America/Los_Angeles": ("pacific", "pt", "pst", "pdt"),
    "America/Denver": ("mountain", "mt", "mdt"),
    "America/Phoenix": ("arizona",),
    "America/Chicago": ("central", "ct", "cst", "cdt"),
    "America/New_York": ("eastern", "et", "est", "edt"),
    "America/Anchorage": ("alaska", "alaskan", "akst", "akdt"),
    "Pacific/Honolulu": ("hawaii", "hawaiian", "hst"),
    "America/Puerto_Rico": ("puerto rico", "atlantic"),
}
_BY_NAME: Final = {word: zone for zone, words in _NAMED.items() for word in words}
_FILLING: Final = re.compile(r"\(.*\)|\b(?:standard|daylight|time)\b")
#: Names of the zone database that are no place, or whose sign is turned round.
_NO_PLACE: Final = ("etc/", "factory")


@cache
def _places() -> dict[str, str]:
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return {name.casefold(): name for name in listed if not name.casefold().startswith(_NO_PLACE)}


def read(text: str) -> str:
    """The IANA name of "Pacific", "Eastern time" or an IANA name in any case. Raises Invalid."""
    low = text.casefold()
    if low == "mst":
        # It is what Denver has in winter and Phoenix all year.
        raise Invalid("Write Mountain or Arizona: this could be either.")
    plain = " ".join(_FILLING.sub(" ", low).split())
    found = _BY_NAME.get(plain) or _places().get(low.replace(" ", "_"))
    if found is None:
        raise Invalid(
            "There is no such time zone. Write Pacific, Mountain, Central or Eastern, "
            "or a name such as America/Boise."
        )
    return found
