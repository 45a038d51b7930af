"""What measures are about, in a few headings, so that sixty of them can be found by eye.

A file says in its own words what it measures; the heading is read from these words, so that a measure which
a practice imports or builds stands beside the shipped ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from questionnaires.schema import Instrument

OTHER: Final = "Other"
#: Heading -> beginnings of words that lead to it; the first heading that fits takes the measure.
HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "Suicide risk": ("suicid",),
    "Trauma": ("trauma", "ptsd", "stressful event"),
    "Alcohol and drugs": ("alcohol", "drug", "substance", "opioid", "tobacco"),
    "Eating": ("eating",),
    "Sleep": ("sleep", "insomnia"),
    "Children and parents": ("of a child", "mother and baby", "parenting"),
    "Depression and mood": ("depress", "mood", "bipolar", "pleasure", "hopeless"),
    "Anxiety and worry": ("anxi", "worry", "panic", "obsess", "compuls", "phobi"),
    "Distress, stress and anger": ("distress", "stress", "coping", "anger"),
    "Attention": ("attention-deficit", "adhd"),
    "Body and pain": ("bodily", "pain", "somatic"),
    "Well-being and self": (
        "well-being",
        "wellbeing",
        "satisfi",
        "satisfaction",
        "esteem",
        "lonel",
        "mindful",
    ),
    "Everyday life": ("function", "everyday", "impair", "disabil", "quality of life", "health"),
    "The care itself": ("treatment", "therap", "session", "alliance"),
}
#: What most clients are asked stands first; the others follow in the order above.
FIRST: Final = ("Depression and mood", "Anxiety and worry", "Distress, stress and anger")
_WORDS: Final = {
    heading: re.compile(r"\b(?:" + "|".join(map(re.escape, parts)) + ")")
    for heading, parts in HEADINGS.items()
}


def of(instrument: Instrument) -> str:
    """The heading under which a measure stands; `OTHER` where its words say none."""
    for words in (instrument.measures.casefold(), instrument.name.casefold()):
        for heading, pattern in _WORDS.items():
            if pattern.search(words):
                return heading
    return OTHER


def grouped(instruments: Iterable[Instrument]) -> dict[str, list[Instrument]]:
    """Measures by heading, those of `FIRST` first, each group by short name; no heading is empty."""
    found: dict[str, list[Instrument]] = {heading: [] for heading in (*FIRST, *HEADINGS, OTHER)}
    for one in sorted(instruments, key=lambda one: one.short_name.casefold()):
        found[of(one)].append(one)
    return {heading: group for heading, group in found.items() if group}


def matching(instruments: Iterable[Instrument], sought: str) -> list[Instrument]:
    """Those in whose names, subject or heading every sought word occurs; all where nothing is sought."""
    words = sought.casefold().split()
    return [
        one
        for one in instruments
        if all(word in f"{one.short_name} {one.name} {one.measures} {of(one)}".casefold() for word in words)
    ]
