"""Every state of a client's own page."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from bench.gallery_walk import State, Walk
from delivery import clients, contacts, sign_in_links
from delivery.db import now
from delivery.models.clients import Client
from delivery.models.portal import OneTimeCode


def _known(walk: Walk) -> Client:
    """The demo's client with a year of answers, who sees how it has been going."""
    with walk.site.service.db.write() as session:
        found = next(one for one in session.scalars(select(Client)) if one.given_name == "Carla")
        clients.respondents(session, found.id)[0].portal_trends = True
        return found


def _link(walk: Walk, client: UUID) -> str:
    with walk.site.service.db.write() as session:
        one = clients.respondents(session, client)[0]
        row = sign_in_links.make(session, contacts.of_respondent(session, one.id)[0], now())
        return sign_in_links.url(
            sign_in_links.token(row.id, walk.site.service.tokens), walk.site.service.settings
        )


def _in(walk: Walk, client: UUID) -> None:
    walk.open(_link(walk, client))
    walk.press()


def sign_in(walk: Walk) -> None:
    walk.open("/portal/sign-in")


def signed_out(walk: Walk) -> None:
    sign_in(walk)
    walk.page.evaluate("document.querySelector('form').action = '/portal/out'")
    walk.page.fill("#contact", "wren@example.net")
    walk.press()


def not_a_contact(walk: Walk) -> None:
    sign_in(walk)
    walk.page.fill("#contact", "wren@nowhere")
    walk.press()


def code(walk: Walk) -> None:
    sign_in(walk)
    walk.page.fill("#contact", "carla.mendez@example.net")
    walk.press()


def code_other_language(walk: Walk) -> None:
    code(walk)
    walk.follow("header a.lang")


def wrong_code(walk: Walk) -> None:
    code(walk)
    walk.page.fill("#code", "000000")
    walk.press()


def right_code(walk: Walk) -> None:
    code(walk)
    with walk.site.service.db.read() as session:
        rows = session.scalars(select(OneTimeCode).order_by(OneTimeCode.created_at.desc())).all()
        digits = next(row.code for row in rows if row.code)
    walk.page.fill("#code", digits)
    walk.press()


def link(walk: Walk) -> None:
    walk.open(_link(walk, _known(walk).id))


def link_ended(walk: Walk) -> None:
    address = _link(walk, _known(walk).id)
    walk.open(address)
    walk.press()
    walk.open(address)


def home(walk: Walk) -> None:
    known = _known(walk)
    walk.site.ask(known.id, "phq9")
    _in(walk, known.id)


def home_empty(walk: Walk) -> None:
    _in(walk, walk.site.client(walk.lang))


def home_shared(walk: Walk) -> None:
    email = f"shared-{walk.lang}@example.net"
    for word in ("Azul", "Verde"):
        client = walk.site.client(walk.lang, email=email)
        with walk.site.service.db.write() as session:
            clients.respondents(session, client)[0].recognition_word = word
        walk.site.ask(client, "gad2")
    _in(walk, client)


def uses(walk: Walk) -> None:
    _in(walk, _known(walk).id)
    walk.follow("a[href^='/portal/uses']")


def uses_kept(walk: Walk) -> None:
    uses(walk)
    walk.press()


def not_now(walk: Walk) -> None:
    _in(walk, walk.site.client(walk.lang))
    walk.follow("a[href^='/portal/not-now']")


def refused(walk: Walk) -> None:
    not_now(walk)
    walk.press()


def other_language(walk: Walk) -> None:
    _in(walk, walk.site.client(walk.lang))
    walk.press("language", {"en": "es", "es": "en"}[walk.lang])


def form(walk: Walk) -> None:
    home(walk)
    walk.follow("form[action^='/portal/open'] button")


def out(walk: Walk) -> None:
    home_empty(walk)
    walk.follow("form[action^='/portal/out'] button")


STATES: dict[str, State] = {
    "portal-sign-in": sign_in,
    "portal-signed-out-elsewhere": signed_out,
    "portal-not-a-contact": not_a_contact,
    "portal-code": code,
    "portal-code-other-language": code_other_language,
    "portal-code-wrong": wrong_code,
    "portal-code-right": right_code,
    "portal-link": link,
    "portal-link-ended": link_ended,
    "portal-home": home,
    "portal-home-empty": home_empty,
    "portal-home-shared": home_shared,
    "portal-uses": uses,
    "portal-uses-kept": uses_kept,
    "portal-not-now": not_now,
    "portal-refused": refused,
    "portal-other-language": other_language,
    "portal-form": form,
    "portal-out": out,
}
