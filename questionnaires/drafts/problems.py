"""Everything that keeps a draft from being published, at the place in the builder where it is mended."""

from __future__ import annotations

import re

from questionnaires import checks
from questionnaires.building import read_form
from questionnaires.drafts import checks as draft_checks
from questionnaires.drafts.checks import critical
from questionnaires.drafts.draft import Draft
from questionnaires.drafts.file import content, item_name, scale_name
from questionnaires.source import InstrumentError, Path_, Source


def problems(draft: Draft, key: str, version: int, practice: str) -> dict[str, str]:
    """Everything that keeps the draft from being published, by place; empty where nothing does."""
    found = draft_checks.problems(draft)
    if found:
        return found
    try:
        form = read_form(Source(f"{key}-{version}.yaml", content(draft, key, version, practice), {}))
    except InstrumentError as error:
        return {"about": _in_words(draft, key, error.reason)}
    for where, reason in checks.problems(form):
        found.setdefault(_place(draft, where), _in_words(draft, key, reason))
    return found


def _place(draft: Draft, where: Path_) -> str:
    """The place in the builder where a problem of the file is mended."""
    kind, row, *rest = (*where, None)
    numbers = [part for part in rest if isinstance(part, int)]
    if kind == "options" and isinstance(row, str):
        name = row.removeprefix("answers_")
        place = next(n for n, one in enumerate(draft.lists) if one.id == name)
        return f"lists.{place}.answers.{numbers[0]}.label" if numbers else f"lists.{place}"
    if not isinstance(row, int):
        return "about"
    if kind == "scales":
        return f"scales.{row}.bands.{numbers[0]}.low" if numbers else f"scales.{row}"
    listed = {
        "items": [f"questions.{n}.text" for n, _ in enumerate(draft.questions)],
        "screens": [
            f"scales.{n}.cut_offs.{i}.points"
            for n, one in enumerate(draft.scales)
            for i, _ in enumerate(one.cut_offs)
        ],
        "critical": [f"questions.{n}.message" for n, one in enumerate(draft.questions) if critical(one)],
    }
    return listed[str(kind)][row]


def _in_words(draft: Draft, key: str, reason: str) -> str:
    """The reason with the builder's names instead of the file's."""
    names = {item_name(key, one.id): f"question {place + 1}" for place, one in enumerate(draft.questions)}
    names |= {scale_name(one): f"“{one.name}”" for one in draft.scales}
    said = re.sub(r"'([^']+)'", lambda found: names.get(found[1], f"“{found[1]}”"), reason)
    return f"{said[:1].upper()}{said[1:]}."


def where(draft: Draft, place: str) -> str:
    """What a place is called: "Question 3", "Scale “Total”"."""
    kind, _, rest = place.partition(".")
    row = rest.partition(".")[0]
    if kind == "questions" and row:
        return f"Question {int(row) + 1}"
    if kind == "lists":
        return f"Answers {int(row) + 1}"
    if kind == "scales":
        return (
            f"Scale “{draft.scales[int(row)].name}”"
            if draft.scales[int(row)].name
            else f"Scale {int(row) + 1}"
        )
    return {"questions": "Questions", "rights": "Rights"}.get(kind, "About")
