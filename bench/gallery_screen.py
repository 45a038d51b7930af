"""Every state of a member's public page."""

from __future__ import annotations

import re

from sqlalchemy import select

from bench.gallery_walk import State, Walk
from delivery import local_post
from delivery.models.clients import Client
from delivery.models.screening import ScreeningPage
from delivery.screening import pages, prospects
from delivery.screening.pages import Wish

HERE = "/screen/dr-rivera"


def _offered(walk: Walk) -> None:
    with walk.site.service.db.write() as session:
        if session.scalars(select(ScreeningPage)).first() is None:
            wish = Wish(
                "dr-rivera", ["phq9", "gad7"], open=True, takes_contact=True, origins="http://localhost"
            )
            pages.change(session, walk.site.person(), wish, loopback=True)


def start(walk: Walk) -> None:
    _offered(walk)
    walk.open(HERE)


def start_teen(walk: Walk) -> None:
    start(walk)
    walk.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")


def embed(walk: Walk) -> None:
    _offered(walk)
    walk.open(HERE + "/embed")


def embed_question(walk: Walk) -> None:
    embed(walk)
    walk.press("start", "adult:gad7")


def step_address(walk: Walk) -> None:
    _offered(walk)
    walk.open(HERE + "/step")


def waiting(walk: Walk) -> None:
    start(walk)
    for _ in range(40):
        walk.press("start", "adult:gad7")
        if not walk.page.locator("input[type=radio]").count():
            return
        walk.open(HERE)


def question(walk: Walk) -> None:
    start(walk)
    walk.press("start", "adult:phq9")
    walk.mark("1", "")


def whole(walk: Walk) -> None:
    question(walk)
    walk.press("to", "whole")


def helped(walk: Walk) -> None:
    start(walk)
    walk.press("start", "adult:phq9")
    walk.mark(*"11111111", "2")


def _answered(walk: Walk, *codes: str) -> None:
    start(walk)
    walk.press("start", "adult:gad7")
    walk.mark(*codes)


def result(walk: Walk) -> None:
    _answered(walk, *"1213121")


def result_mild(walk: Walk) -> None:
    _answered(walk, *"0010000")


def result_risk(walk: Walk) -> None:
    helped(walk)
    walk.press("go", "next")
    walk.mark("2")


def result_no_total(walk: Walk) -> None:
    _answered(walk, *"12", "", "", "", "", "")


def contact(walk: Walk) -> None:
    result(walk)
    walk.press("go", "contact")


def contact_wrong(walk: Walk) -> None:
    contact(walk)
    walk.page.fill("#contact", "wren@nowhere")
    walk.press("go", "code")


def code(walk: Walk) -> None:
    contact(walk)
    walk.page.fill("#contact", f"visitor-{next(walk.site.numbers)}@example.net")
    walk.press("go", "code")


def code_wrong(walk: Walk) -> None:
    code(walk)
    walk.page.fill("#code", "000000")
    walk.press("go", "check")


def sent(walk: Walk) -> None:
    code(walk)
    with walk.site.service.db.write() as session:
        newest = local_post.passing.letters(session)[0]
    digits = re.findall(r"\b\d{6}\b", newest.text)
    walk.page.fill("#code", digits[0])
    walk.press("go", "check")


def cleared(walk: Walk) -> None:
    result(walk)
    walk.press("go", "clear")


def _withdrawal(walk: Walk) -> str:
    sent(walk)
    with walk.site.service.db.read() as session:
        found = session.scalars(
            select(Client)
            .where(Client.prospect_until.is_not(None))
            .order_by(Client.created_at.desc())
            .limit(1)
        ).one()
    return "/screen/withdraw/" + prospects.withdrawal(found.id, walk.site.service.tokens)


def withdraw(walk: Walk) -> None:
    walk.open(_withdrawal(walk))


def withdrawn(walk: Walk) -> None:
    withdraw(walk)
    walk.press()


def not_there(walk: Walk) -> None:
    walk.open("/screen/nobody-here")


STATES: dict[str, State] = {
    "screen-start": start,
    "screen-start-all-ages": start_teen,
    "screen-embed": embed,
    "screen-embed-question": embed_question,
    "screen-step-address": step_address,
    "screen-question": question,
    "screen-whole": whole,
    "screen-help": helped,
    "screen-result": result,
    "screen-result-mild": result_mild,
    "screen-result-risk": result_risk,
    "screen-result-no-total": result_no_total,
    "screen-contact": contact,
    "screen-contact-wrong": contact_wrong,
    "screen-code": code,
    "screen-code-wrong": code_wrong,
    "screen-sent": sent,
    "screen-cleared": cleared,
    "screen-withdraw": withdraw,
    "screen-withdrawn": withdrawn,
    "screen-not-there": not_there,
    "screen-wait": waiting,
}
