"""The whole way in Spanish on a small, old phone: from the link to the end page, with a risk answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.phone import CHROMIUM, Phone, Site

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]
#: Words of English pages that no Spanish page has.
ENGLISH = ("Next", "Back", "Leave", "Send", "Start", "Thank you", "question", "answer", "Call 988")


def seen(phone: Phone) -> str:
    """The words of the page without those that name a language of their own."""
    return str(
        phone.page.evaluate(
            """() => { const page = document.body.cloneNode(true);
            for (const one of page.querySelectorAll('[lang=en], script')) one.remove();
            return document.title + ' ' + page.textContent }"""
        )
    )


class Reader(Phone):
    """A phone whose owner reads Spanish: no page may be English."""

    def look(self) -> None:
        super().look()
        assert self.page.locator("html").get_attribute("lang") == "es"
        assert [word for word in ENGLISH if word in seen(self)] == []


def test_a_client_answers_in_spanish_from_the_link_to_the_end(site: Site, chromium: Any) -> None:
    row, url = site.ask("phq9", language="es")
    phone = Reader(chromium, 320, site.service.settings.client_host)
    phone.page.goto(url)
    phone.look()
    assert phone.heading() == "Tiene un formulario para llenar"
    phone.tap("Empezar")
    for _ in range(7):
        phone.choose("Varios días", "Siguiente")
    phone.tap("Dejarla en blanco")
    phone.choose("Varios días", "Siguiente")  # thoughts of death: help comes at once
    assert phone.heading() == "Gracias por decirnos"
    assert phone.page.locator("a[href='sms:988?body=AYUDA']").count() >= 1
    phone.tap("Seguir con el formulario")
    phone.choose("Un poco difícil", "Siguiente")
    assert phone.heading() == "Todas mis respuestas"
    phone.tap("Enviar mis respuestas")
    assert phone.heading() == "Enviado. Gracias."
    assert "Dejó 1 pregunta en blanco" in seen(phone)
    [stored] = site.stored(row)
    assert (stored.language, (stored.answers or {})["phq9_9"]) == ("es", "1")


def test_a_mark_stays_where_it_is_through_every_change_of_language(site: Site, chromium: Any) -> None:
    row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    phone.page.goto(url)
    phone.tap("Español", "link")
    assert phone.heading() == "Tiene un formulario para llenar"
    phone.tap("Empezar")
    phone.tap("Ver todo el formulario")
    phone.page.get_by_text("Varios días", exact=True).first.tap()
    phone.tap("English")
    assert phone.heading() == "The whole form"
    assert phone.page.locator("input:checked").count() == 1
    phone.page.get_by_text("Nearly every day", exact=True).last.tap()
    phone.tap("Español")
    assert phone.page.locator("input:checked").count() == 2
    phone.tap("Ver todas mis respuestas")
    phone.tap("Enviar mis respuestas")
    [stored] = site.stored(row)
    assert stored.answers == {"gad2_1": "1", "gad2_2": "3"}
