"""Every word that a client reads is marked, has its Spanish, and the Spanish is of one register."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.util import pathmatch
from jinja2 import Environment

from delivery import languages
from delivery.settings import ROOT
from delivery.web import answer_page
from tests import catalogue

TEMPLATES = ROOT / "templates"
SCRIPTS = sorted(
    path for name in ("answer", "kiosk", "screen") for path in ROOT.glob(f"delivery/static/{name}*.js")
)
#: The pages of clients; mail is tested word by word beside its templates.
PAGES = sorted(
    path for zone in ("answer", "kiosk", "portal", "screen") for path in (TEMPLATES / zone).rglob("*.html")
)
#: Comes before anybody could choose, and says all it has to say in both languages.
BOTH_AT_ONCE = TEMPLATES / "kiosk" / "shell.html"
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
#: Forms of "tú", and words that blame or press a person.
NOT_SAID = re.compile(
    r"\b(tú|tu|tus|ti|te|tuy[oa]s?|contigo|tienes|puedes|quieres|necesitas|eres|estás|vos|vosotros"
    r"|deben?|deberá|fall[óoa]\w*|fallid\w*|incomplet\w*|inválid\w*|error\w*|obligatori\w*|muy bien)\b|[¡!]",
    re.IGNORECASE,
)
#: Longer than its English by more than 60 % and 20 letters, and looked at on a phone.
LONG: frozenset[str] = frozenset()


def forms(message: Message) -> list[tuple[str, str]]:
    """English and translation, for each number where there are several."""
    if not isinstance(message.id, (list, tuple)):
        return [(message.id, str(message.string))]
    one, *more = list(message.string or ())
    return [(message.id[0], one), *((message.id[1], many) for many in more)]


def messages(language: str) -> list[Message]:
    return [message for message in catalogue.read(language) if message.id]


SPANISH = [pair for message in messages("es") for pair in forms(message)]


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_text_has_its_translation_and_nothing_is_left_over(language: str) -> None:
    wanted = {message.id for message in catalogue.extracted() if message.id}
    there = {message.id for message in messages(language)}
    assert wanted - there == set(), "run `python -m tests.catalogue` and translate what is new"
    assert there - wanted == set(), "run `python -m tests.catalogue`"


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_no_translation_is_empty_or_a_guess(language: str) -> None:
    assert [message.id for message in messages(language) if message.fuzzy] == []
    assert [english for message in messages(language) for english, said in forms(message) if not said] == []


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_what_the_service_reads_is_what_the_translator_wrote(language: str) -> None:
    there = catalogue.source(language).with_suffix(".mo").read_bytes()
    assert there == catalogue.compiled(catalogue.read(language)), "run `python -m tests.catalogue`"


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_number_has_its_form(language: str) -> None:
    read = catalogue.read(language)
    many = [message for message in messages(language) if isinstance(message.id, tuple)]
    assert many
    assert {len(message.string or ()) for message in many} == {read.num_plurals}


def test_a_translation_keeps_what_is_put_into_the_sentence() -> None:
    for english, spanish in SPANISH:
        assert set(PLACEHOLDER.findall(spanish)) == set(PLACEHOLDER.findall(english)), english
        assert not re.search(r"%(?!\(\w+\)s)", spanish.replace("%%", "")), english


def test_spanish_says_usted_and_neither_presses_nor_praises() -> None:
    assert [spanish for _, spanish in SPANISH if NOT_SAID.search(spanish)] == []


def test_spanish_questions_open_as_they_close() -> None:
    said = [spanish for _, spanish in SPANISH if not spanish.startswith("sms:")]
    assert [spanish for spanish in said if spanish.count("¿") != spanish.count("?")] == []


def test_spanish_begins_and_ends_as_its_english_does() -> None:
    for english, spanish in SPANISH:
        assert ends(english) == ends(spanish), (english, spanish)
        assert None in (starts(english), starts(spanish)) or starts(english) == starts(spanish), spanish


def ends(words: str) -> str:
    """The sign that closes a text, or nothing."""
    last = words.rstrip("”’\"'")[-1:]
    return "" if last.isalnum() or last == ")" else last


def starts(words: str) -> bool | None:
    """Whether a text begins with a capital; None where it begins with a number or a name."""
    first = words.lstrip("¿“(")[:1]
    return first.isupper() if first.isalpha() else None


def test_a_longer_text_is_known_and_was_looked_at() -> None:
    long = {english for english, spanish in SPANISH if len(spanish) > 1.6 * len(english) + 20}
    assert long == LONG


def test_the_crisis_line_is_named_as_it_works_in_spanish() -> None:
    said = dict(SPANISH)
    assert said["Call 988"] == "Llame al 988 y oprima 2"
    assert said["Text 988"] == "Mande AYUDA al 988"
    assert said["sms:988"] == "sms:988?body=AYUDA"
    assert said["Leave this one blank"] == "Dejarla en blanco"


class Unmarked(HTMLParser):
    """Words of a template that a reader meets and that no translation can reach.

    An element that names its language itself (the switch, a sentence for who reads another one) may have any.
    """

    READ = ("aria-label", "alt", "title", "placeholder")
    VOID = ("input", "link", "meta", "br", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._named: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self._named.append("lang" in dict(attrs) and tag != "html")
        for name, value in attrs:
            if name in self.READ:
                self.handle_data(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self._named:
            self._named.pop()

    def handle_data(self, data: str) -> None:
        if any(self._named):
            return
        without_addresses = re.sub(r"/\S*", "", data)
        self.found += [words.strip() for words in re.findall(r"[^\W\d_][^\n]*", without_addresses)]


def unmarked(source: str) -> list[str]:
    """What is left of a template without its statements and expressions."""
    source = re.sub(r"{% block look %}.*?{% endblock %}", "", source)  # the name of a class
    source = re.sub(r'lang="{{ (lang|chosen) }}"', "", source)  # says no more than the page does
    left = [value if kind == "data" else " " for _, kind, value in Environment().lex(source)]
    return Unmarked("".join(left)).found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_word_of_a_page_can_be_translated(page: Path) -> None:
    if page == BOTH_AT_ONCE:
        assert page.read_text(encoding="utf-8").count('lang="es"') == 1
        return
    assert unmarked(page.read_text(encoding="utf-8")) == []


def test_a_word_that_nobody_marked_is_found() -> None:
    assert unmarked('<p lang="es">Español</p><p lang="{{ lang }}">Bare</p>') == ["Bare"]
    assert unmarked('<p class="x">{{ _("Marked") }} Bare</p>') == ["Bare"]
    assert unmarked('<i aria-label="Bare"{% if x %} hidden{% endif %}>{{ _("Marked") }}</i>') == ["Bare"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_page_names_its_language_and_direction(page: Path) -> None:
    for tag in re.findall(r"<html[^\n]*", page.read_text(encoding="utf-8")):
        fixed = '<html lang="en" dir="ltr">' if page == BOTH_AT_ONCE else None
        assert tag == (fixed or '<html lang="{{ lang }}" dir="{{ lang | direction }}">')


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_hold_no_sentences(script: Path) -> None:
    source = re.sub(r"(?m)^\s*(//|\*|/\*).*$|\s//\s.*$", "", script.read_text(encoding="utf-8"))
    strings: list[Any] = re.findall(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`", source)
    sentences = [
        words for found in strings for words in found if re.search(r"[a-zé]{2,} [a-zé]{2,} [a-zé]+", words)
    ]
    assert sentences == []


def test_no_module_of_the_client_zone_is_left_out() -> None:
    patterns = [pattern for pattern, method in catalogue.searched()[0] if method == "python"]
    web = ROOT / "delivery" / "web"
    speaking = [
        path.relative_to(ROOT).as_posix()
        for path in web.rglob("*.py")
        if "flask_babel" in path.read_text(encoding="utf-8")
        and not {"console", "api"} & set(path.relative_to(web).parts)
    ]
    assert [path for path in speaking if not any(pathmatch(one, path) for one in patterns)] == []
    assert len(speaking) > 5


def test_every_pattern_finds_something() -> None:
    files = [
        path.relative_to(ROOT).as_posix()
        for top in ("delivery", "templates")
        for path in (ROOT / top).rglob("*.*")
    ]
    assert [
        one for one, _ in catalogue.searched()[0] if not any(pathmatch(one, path) for path in files)
    ] == []


def test_what_is_offered_is_english_and_what_has_words() -> None:
    assert sorted(answer_page.LANGUAGES) == sorted([languages.ENGLISH, *catalogue.LANGUAGES])


def test_there_is_spanish() -> None:
    assert catalogue.LANGUAGES == ["es"]
    assert languages.worded("es") == "es"
