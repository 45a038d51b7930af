"""A form from link to end page in Spanish: no English word is met, and a change of language loses nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from delivery import client_life, clients
from delivery.models.assignments import Assignment
from delivery.service import Service
from delivery.states import ClientState
from tests import build
from tests.answering import Person, browser_of, path_of

ENGLISH = re.compile(
    r"\b(the|this|that|you|your|is|are|form|please|link|what|with|and|to|of|not|if|was|question|answers?)\b",
    re.IGNORECASE,
)
ALL_MARKED = "0000000000"


class Seen(HTMLParser):
    """The words of a page that come without a language of their own, and the language of the page."""

    VOID = ("input", "link", "meta", "br", "img", "path", "rect")
    READ = ("aria-label", "alt", "title", "placeholder")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words = ""
        self.page: dict[str, str | None] = {}
        self._other: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        if tag == "html":
            self.page = have
        if tag not in self.VOID:
            self._other.append(have.get("lang", "es") != "es")
        for name in self.READ:
            self.handle_data(have.get(name) or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self._other.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._other):
            self.words += f" {data}"


def spanish(reply: TestResponse) -> None:
    """Hold that a page is Spanish and says so."""
    seen = Seen(reply.text)
    assert seen.page["lang"] == "es"
    assert seen.page["dir"] == "ltr"
    assert not ENGLISH.search(seen.words), ENGLISH.findall(seen.words)
    assert re.search(r"\b(de|la|el|su|por|para|que|si|al|no)\b", seen.words)


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    with service.db.write() as session:
        clients.respondents(session, cast.cy)[0].language = "es"
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])


@pytest.fixture
def cy(app: Flask, service: Service, asked: Assignment) -> Person:
    return Person(browser_of(app), path_of(service, asked.id))


def test_every_page_from_the_link_to_the_end_is_spanish(cy: Person) -> None:
    cy.open()
    spanish(cy.reply)
    assert cy.page.headings == ["Tiene un formulario para llenar"]
    assert "Hasta 10 preguntas cortas, unos 3 minutos." in cy.page.text
    cy.start()
    spanish(cy.reply)
    assert "Pregunta 1 de 10" in cy.page.title
    cy.press("blank")
    cy.press("back")
    assert "La dejó en blanco." in cy.page.text
    spanish(cy.reply)
    cy.press(answer="9")
    assert cy.reply.status_code == 422
    spanish(cy.reply)
    cy.fill("00000000")
    cy.press(answer="1")  # the question that is told to the clinician at once
    assert "Llame al 988 y oprima 2" in cy.page.text
    spanish(cy.reply)
    cy.press("stop")
    spanish(cy.reply)
    cy.open(f"/f/{cy.ref}?at=review")
    spanish(cy.reply)
    assert "Enviar mis respuestas" in cy.page.text
    cy.press("send")
    assert "todavía no tiene respuesta" in cy.page.text
    spanish(cy.reply)
    cy.press("send")
    assert cy.page.headings == ["Enviado. Gracias."]
    spanish(cy.reply)
    cy.open(cy.path)
    spanish(cy.reply)


def test_the_whole_form_on_one_page_is_spanish(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.press(to="whole")
    assert cy.page.headings == ["Todo el formulario"]
    spanish(cy.reply)


def test_saying_no_is_answered_in_spanish(cy: Person) -> None:
    cy.open()
    reply = cy.browser.post(f"{cy.path}/no?lang=es", data={"why": "wrong-person"})
    assert "Gracias por decirnos" in reply.text
    spanish(reply)


def test_a_link_that_has_ended_says_so_in_spanish(
    cy: Person, service: Service, asked: Assignment, cast: build.Cast
) -> None:
    with service.db.write() as session:
        client_life.set_state(session, cast.caller(service, cast.ada), cast.cy, ClientState.PAUSED)
    cy.open()
    assert cy.page.headings == ["Este enlace ya terminó"]
    spanish(cy.reply)
    spanish(cy.browser.post(f"{cy.path}/new?lang=es"))


@pytest.mark.parametrize(
    "path", ["/", "/q/forged", "/f/elsewhere", "/nothing-of-ours", "/unsubscribe/forged", "/portal"]
)
def test_pages_without_a_form_follow_the_browser(app: Flask, path: str) -> None:
    reply = browser_of(app).get(
        path, headers={"Accept-Language": "es-US,es;q=0.9,en;q=0.5"}, follow_redirects=True
    )
    spanish(reply)


@pytest.mark.parametrize("lang", ["tlh", "", "../es", "es\0", "x" * 5000])
def test_a_language_that_does_not_exist_changes_nothing(cy: Person, lang: str) -> None:
    cy.browser.get(cy.path, query_string={"lang": lang})
    cy._shown(cy.browser.get(cy.path, query_string={"lang": lang}))
    spanish(cy.reply)
    assert cy.page.headings == ["Tiene un formulario para llenar"]


def test_the_console_stays_english_for_a_browser_that_speaks_spanish(app: Flask) -> None:
    reply = app.test_client().get(
        "/console/sign-in", base_url="http://127.0.0.1:8080", headers={"Accept-Language": "es"}
    )
    assert '<html lang="en"' in reply.text
    assert ENGLISH.search(reply.text)


def test_a_mark_is_kept_when_the_language_changes_on_the_page(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.press(answer="2", lang="en")
    assert cy.page.headings == ["Little interest or pleasure in doing things"]
    assert cy.page.checked == {"answer": "2"}
    cy.press(answer="3", lang="es")
    assert cy.page.headings == ["Poco interés o placer en hacer cosas"]
    assert cy.page.checked == {"answer": "3"}


def test_marks_on_the_whole_form_are_kept_when_the_language_changes(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.press(to="whole")
    marks = dict.fromkeys(list(cy.page.radios)[:3], "1")
    cy.press(lang="en", **marks)
    assert cy.page.headings == ["The whole form"]
    assert {name: cy.page.checked[name] for name in marks} == marks


def test_marks_on_the_page_of_what_is_missing_are_kept_when_the_language_changes(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.fill("00000.0.0")
    cy.press("send")
    assert "todavía no tienen respuesta" in cy.page.text
    first, second, *_ = cy.page.radios
    cy.press(lang="en", **{first: "1"})
    assert "No answer yet" in cy.page.text
    assert first not in cy.page.radios, "what was marked counts, also where it was marked in Spanish"
    cy.press("review", **{second: "1"})
    assert cy.page.text.count("Several days") == 2
