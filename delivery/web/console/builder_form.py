"""The builder's fields: each is named by its place in the draft, such as `questions.3.text`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from questionnaires.drafts.draft import LONGEST, SHORT, Draft
from questionnaires.drafts.presses import MOST

#: Which parts of the draft each page shows.
PARTS: Final = {
    "about": "about",
    "answers": "lists",
    "questions": "questions",
    "scores": "scales",
    "publish": "rights",
}
#: What a page never shows: ids and what the builder counts.
HIDDEN: Final = frozenset({"id", "code", "made", "longest"})
#: The value of a ticked box, and how many boxes a group can have.
TICKED: Final = "yes"
MOST_MARKS: Final = MOST["questions"]


def page_of(name: str | None) -> str:
    """The page of this name, or the one that shows a place of this kind; the first for any other."""
    kind = (name or "").partition(".")[0]
    return next((page for page, part in PARTS.items() if kind in (page, part)), "about")


def take(draft: Draft, page: str, form: MultiDict[str, str]) -> dict[str, str]:
    """Put what was typed on a page into the draft. Returns what is too long, by place.

    A box that is not ticked is not posted; a text that the page does not show stays as it is.
    """
    name = PARTS[page]
    return dict(_take(getattr(draft, name), name, form))


def _take(value: Any, path: str, form: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for row, part in enumerate(value):
            yield from _take(part, f"{path}.{row}", form)
        return
    for field in fields(value):
        old, here = getattr(value, field.name), f"{path}.{field.name}"
        if field.name in HIDDEN:
            continue
        if isinstance(old, bool):
            setattr(value, field.name, here in form)
        elif isinstance(old, str):
            new = _plain(form[here]) if here in form else old
            setattr(value, field.name, new)
            most = LONGEST.get(field.name, SHORT)
            if len(new) > most:
                yield here, f"At most {most:,} characters; this has {len(new):,}."
        elif field.type == "list[str]":
            marked = [one for one in form.getlist(here) if len(one) <= SHORT]
            setattr(value, field.name, marked[:MOST_MARKS])
        else:
            yield from _take(old, here, form)


def lost(draft: Draft, page: str, form: MultiDict[str, str]) -> list[str]:
    """What was typed on a page and stands nowhere on that page of the draft."""
    name = PARTS[page]
    there = set(_texts(getattr(draft, name)))
    typed = [_plain(words) for place, words in form.items() if place.startswith(f"{name}.")]
    return [words for words in dict.fromkeys(typed) if words not in there]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool):
        yield TICKED
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _plain(typed: str) -> str:
    """Text without control characters and without blanks around it."""
    text = typed.replace("\r\n", "\n").strip()
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
