"""Every state of the pages behind a link."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from bench.gallery_walk import State, Walk
from delivery import clients, links, passphrases
from delivery.db import now
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import RespondentRole
from delivery.signing import Purpose
from delivery.states import LinkState

LONG, SHORT = "phq9", "gad2"
ENGLISH_ONLY = ("pcl5", "psc17")


def _ask(walk: Walk, *instruments: str, **client: Any) -> Assignment:
    english = {} if walk.lang == "en" else {key: "en" for key in instruments if key in ENGLISH_ONLY}
    return walk.site.ask(walk.site.client(walk.lang, **client), *(instruments or (LONG,)), languages=english)


def _begun(walk: Walk, *instruments: str, **client: Any) -> Assignment:
    row = _ask(walk, *instruments, **client)
    walk.open(walk.site.link(row))
    walk.press()
    return row


def _ended(walk: Walk, to: LinkState, reason: str) -> None:
    row = _ask(walk)
    address = walk.site.link(row)
    with walk.site.service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == row.id)).one()
        if to is LinkState.EXPIRED:
            link.expires_at = now() - timedelta(minutes=1)
        else:
            links.end(session, link, to, reason)
    walk.open(address)


def home(walk: Walk) -> None:
    walk.open("/")


def start(walk: Walk) -> None:
    walk.open(walk.site.link(_ask(walk, LONG, "gad7")))


def start_uses_known(walk: Walk) -> None:
    walk.open(walk.site.link(_ask(walk, uses=(True, False, "uses-1"))))
    walk.page.locator("details summary").first.click()


def start_foreign(walk: Walk) -> None:
    walk.open(walk.site.link(_ask(walk, "pcl5", LONG)))


def _with_word(walk: Walk) -> str:
    row = _ask(walk)
    with walk.site.service.db.write() as session:
        for one in clients.respondents(session, row.client_id):
            passphrases.keep(session, walk.site.person(), one.id, passphrases.hashed("violet river"))
    return walk.site.link(row)


def start_word(walk: Walk) -> None:
    walk.open(_with_word(walk))


def start_wrong_word(walk: Walk) -> None:
    walk.open(_with_word(walk))
    walk.page.fill("#passphrase", "something else")
    walk.press()


def locked(walk: Walk) -> None:
    walk.open(_with_word(walk))
    while walk.page.locator("#passphrase").count():
        walk.page.fill("#passphrase", "something else")
        walk.press()


def whose(walk: Walk) -> None:
    email = f"family-{walk.lang}@example.net"
    walk.site.client(walk.lang, email=email)
    row = _ask(walk, email=email)
    with walk.site.service.db.write() as session:
        for one in clients.respondents(session, row.client_id):
            one.recognition_word = "Azul"
    walk.open(walk.site.link(row))


def question(walk: Walk) -> None:
    _begun(walk)
    walk.mark("1", "2", "")


def question_marked(walk: Walk) -> None:
    _begun(walk)
    walk.mark("1", "2", "")
    walk.press("go", "back")


def question_longest(walk: Walk) -> None:
    _begun(walk, "pcl5")
    walk.mark("1")


def start_teen(walk: Walk) -> None:
    born = date(now().year - 15, 3, 4)
    walk.open(walk.site.link(_ask(walk, date_of_birth=born)))


def start_parent(walk: Walk) -> None:
    walk.open(walk.site.link(_ask(walk, "psc17", role=RespondentRole.PARENT)))


def question_not_an_answer(walk: Walk) -> None:
    _begun(walk)
    walk.page.evaluate("document.querySelector('input[type=radio]').value = '77'")
    walk.page.locator("input[type=radio]").first.check(force=True)
    walk.press("go", "next")


def whole(walk: Walk) -> None:
    _begun(walk)
    walk.mark("1", "2")
    walk.press("to", "whole")


def helped(walk: Walk) -> None:
    _begun(walk)
    walk.mark(*"11111111", "2")


def review(walk: Walk) -> None:
    _begun(walk, SHORT)
    walk.mark("1", "")


def _missing(walk: Walk) -> None:
    _begun(walk, SHORT)
    walk.press("go", "next")
    walk.mark("1")


def review_missing(walk: Walk) -> None:
    _missing(walk)


def missed(walk: Walk) -> None:
    _missing(walk)
    walk.press("go", "send")


def stopped(walk: Walk) -> None:
    _begun(walk)
    walk.mark("1")
    walk.press("go", "stop")


def _sent(walk: Walk) -> str:
    """A form that has been sent; its link."""
    row = _ask(walk, SHORT)
    address = walk.site.link(row)  # afterwards nobody can tell it any more
    walk.open(address)
    walk.press()
    walk.mark("1", "")
    walk.press("go", "send")
    return address


def end(walk: Walk) -> None:
    _sent(walk)


def end_with_result(walk: Walk) -> None:
    row = _begun(walk, SHORT)
    with walk.site.service.db.write() as session:
        session.get_one(Assignment, row.id).show_result = True
    walk.mark("1", "1")
    walk.press("go", "send")


def used(walk: Walk) -> None:
    address = _sent(walk)
    walk.page.context.clear_cookies()
    walk.open(address)


def already_sent(walk: Walk) -> None:
    _begun(walk, SHORT)
    walk.mark("1")
    first, walk.page = walk.page, walk.page.context.new_page()
    walk.page.goto(first.url)
    walk.mark("")
    walk.press("go", "send")
    walk.page = first
    walk.mark("3")


def expired(walk: Walk) -> None:
    _ended(walk, LinkState.EXPIRED, "")


def taken_back(walk: Walk) -> None:
    _ended(walk, LinkState.REVOKED, "cancelled")


def newer(walk: Walk) -> None:
    _ended(walk, LinkState.SUPERSEDED, "resent")


def asked_again(walk: Walk) -> None:
    expired(walk)
    walk.press()


def not_for_me(walk: Walk) -> None:
    start(walk)
    walk.press("why", "wrong-person")


def no_more(walk: Walk) -> None:
    start(walk)
    walk.press("why", "refused")


def no_more_while_answering(walk: Walk) -> None:
    stopped(walk)
    walk.press("why", "refused")


def _unsubscribe(walk: Walk) -> None:
    row = _ask(walk)
    token = walk.site.service.tokens.make(Purpose.UNSUBSCRIBE, row.respondent_id.bytes)
    walk.open(f"/unsubscribe/{token}")


def unsubscribe(walk: Walk) -> None:
    _unsubscribe(walk)


def unsubscribed(walk: Walk) -> None:
    _unsubscribe(walk)
    walk.press()


def not_there(walk: Walk) -> None:
    walk.open("/nothing-here")


def not_a_link(walk: Walk) -> None:
    walk.open("/q/" + 22 * "A" + "." + 22 * "A")


def no_cookies(walk: Walk) -> None:
    def refused(route: Any) -> None:
        reply = route.fetch(max_redirects=0)
        walk.page.context.clear_cookies()
        kept = {name: value for name, value in reply.headers.items() if name != "set-cookie"}
        route.fulfill(response=reply, headers=kept)

    walk.page.route("**/q/*", refused)
    _begun(walk)


def other_browser(walk: Walk) -> None:
    row = _begun(walk)
    walk.mark("1")
    walk.page.context.clear_cookies()
    walk.open(walk.site.link(row))


def other_browser_wrong_code(walk: Walk) -> None:
    row = _begun(walk)
    walk.mark("1")
    walk.press("go", "stop")
    walk.follow("form[action*='/code'] button")
    walk.page.context.clear_cookies()
    walk.open(walk.site.link(row))
    walk.page.fill("#code", "AAAA BBBB")
    walk.follow("form[action*='/resume'] button")


def digits(walk: Walk) -> None:
    other_browser(walk)
    walk.follow("form[action*='/code'] button")


def wrong_digits(walk: Walk) -> None:
    digits(walk)
    walk.page.fill("#code", "000000")
    walk.press()


def resume_code(walk: Walk) -> None:
    stopped(walk)
    walk.follow("form[action*='/code'] button")


def preview(walk: Walk) -> None:
    walk.sign_in()
    walk.page.goto(walk.site.service.settings.base_url + "/console/instruments/phq9/preview")


STATES: dict[str, State] = {
    "answer-home": home,
    "answer-start": start,
    "answer-start-uses-known": start_uses_known,
    "answer-start-other-language": start_foreign,
    "answer-start-teen": start_teen,
    "answer-start-parent": start_parent,
    "answer-start-word": start_word,
    "answer-start-wrong-word": start_wrong_word,
    "answer-locked": locked,
    "answer-whose": whose,
    "answer-question": question,
    "answer-question-left-blank": question_marked,
    "answer-question-longest": question_longest,
    "answer-question-not-an-answer": question_not_an_answer,
    "answer-whole": whole,
    "answer-help": helped,
    "answer-review": review,
    "answer-review-missing": review_missing,
    "answer-missed": missed,
    "answer-stopped": stopped,
    "answer-end": end,
    "answer-end-with-result": end_with_result,
    "answer-used": used,
    "answer-already-sent": already_sent,
    "answer-expired": expired,
    "answer-taken-back": taken_back,
    "answer-newer": newer,
    "answer-asked-again": asked_again,
    "answer-not-for-me": not_for_me,
    "answer-no-more": no_more,
    "answer-no-more-while-answering": no_more_while_answering,
    "answer-unsubscribe": unsubscribe,
    "answer-unsubscribed": unsubscribed,
    "answer-not-there": not_there,
    "answer-not-a-link": not_a_link,
    "answer-no-cookies": no_cookies,
    "answer-other-browser": other_browser,
    "answer-other-browser-wrong-code": other_browser_wrong_code,
    "answer-digits": digits,
    "answer-digits-wrong": wrong_digits,
    "answer-resume-code": resume_code,
    "answer-preview": preview,
}
