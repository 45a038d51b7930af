"""One Jinja environment for pages, messages and reports.

Everything is escaped except files that end in `.txt` (plain-text mail has no markup to protect), and a
name that was not handed over is an error, never an empty string. Text for people is marked with
`_("...")` or `{% trans %}`; the translations are those of one language and are given per call, English
needs none.
"""

from __future__ import annotations

from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@lru_cache(maxsize=8)
def environment(translations: NullTranslations | None = None) -> Environment:
    """The shared environment of a language (None: English); the same object at every call."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=select_autoescape(disabled_extensions=("txt",), default_for_string=True, default=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The extension adds this method at run time; "newstyle" escapes what is put into a message.
    made.install_gettext_translations(  # type: ignore[attr-defined]
        translations or NullTranslations(), newstyle=True
    )
    return made


def render(name: str, /, *, translations: NullTranslations | None = None, **values: object) -> str:
    """The template `name` (a path below `templates/`) filled with `values`.

    Raises jinja2.UndefinedError for a value that the template uses and that was not given.
    """
    return environment(translations).get_template(name).render(**values)
