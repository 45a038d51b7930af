"""The catalogues of translations: what belongs into them, and what they hold.

`python -m tests.catalogue` brings them up to date with the words in the code; what is new in them has to be
translated then.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from delivery import practices
from delivery.languages import TRANSLATIONS
from delivery.settings import ROOT

LANGUAGES = sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())


def source(language: str) -> Path:
    """The file that a translator edits."""
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def searched() -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Where texts are looked for: (pattern of paths, method), and options by pattern."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    return methods, options


def extracted() -> Catalog:
    """Every text of the client zone, without translations."""
    methods, options = searched()
    found = Catalog(project="LightQ", charset="utf-8")
    for name, _line, message, comments, context in extract_from_dir(
        ROOT, methods, options, dict(DEFAULT_KEYWORDS), ("Translators:",), strip_comment_tags=True
    ):
        # Without line numbers, so that the catalogue changes only where words do.
        found.add(message, None, [(name, 1)], auto_comments=comments, context=context)
    for words in practices.READS:  # stored as it is chosen, and put into a sentence
        found.add(words, None, [("delivery/practices.py", 1)])
    return found


def read(language: str) -> Catalog:
    """The catalogue of a language as it stands in the repository."""
    with source(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as the service reads it."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def bring_up_to_date(language: str) -> None:
    """Add what is new in the code, drop what is gone, keep every translation, and compile."""
    catalogue = read(language)
    found = extracted()
    found.creation_date = catalogue.creation_date  # so that a run without new words changes nothing
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with source(language).open("wb") as file:
        write_po(file, catalogue, width=100, sort_output=True, include_lineno=False)
    source(language).with_suffix(".mo").write_bytes(compiled(catalogue))


if __name__ == "__main__":
    for one in LANGUAGES:
        bring_up_to_date(one)
