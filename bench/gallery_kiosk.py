"""Every state of the waiting-room tablet."""

from __future__ import annotations

from bench.gallery_screen import _offered
from bench.gallery_walk import State, Walk
from delivery.kiosk import devices, tickets
from delivery.models.assignments import Way
from delivery.models.devices import KioskDevice


def _enrolled(walk: Walk) -> KioskDevice:
    """A tablet of its own for this walk, at the code pad and in the walk's language."""
    site = walk.site
    with site.service.db.write() as session:
        device, code = devices.add(session, site.person(), [site.practice()], "Front room")
    walk.open("/kiosk")
    walk.page.locator("main #code").fill(code)
    walk.press()
    walk.page.locator("main .pad").wait_for()
    if walk.lang != "en":
        walk.press("lang", walk.lang, within="header")
    return device


def _type(walk: Walk, digits: str) -> None:
    walk.page.locator("main #code").fill(digits)
    walk.follow("main form .btn:not(.quiet):not(.text)")


def _called(walk: Walk, *instruments: str) -> None:
    """The desk gives a code, and the client types it."""
    site = walk.site
    device = _enrolled(walk)
    row = site.ask(site.client(walk.lang), *(instruments or ("phq9",)), way=Way.KIOSK)
    with site.service.db.write() as session:
        key = site.service.settings.keys[-1].encode()
        _, digits = tickets.make(session, site.person(), row, session.get_one(KioskDevice, device.id), key)
    _type(walk, digits)


def shell(walk: Walk) -> None:
    walk.open("/kiosk")
    walk.page.locator("main #code").wait_for()


def wrong_enrolment(walk: Walk) -> None:
    shell(walk)
    walk.page.locator("main #code").fill("AAAABBBB")
    walk.page.locator("main .btn").click()
    walk.page.locator("main [data-wrong]").wait_for()


def pad(walk: Walk) -> None:
    _enrolled(walk)


def pad_wrong(walk: Walk) -> None:
    pad(walk)
    _type(walk, "00000")


def walk_up(walk: Walk) -> None:
    _offered(walk)
    pad(walk)
    walk.press("do", "walk-up")


def begin(walk: Walk) -> None:
    _called(walk)


def not_me(walk: Walk) -> None:
    begin(walk)
    walk.press("do", "not-me")


def question(walk: Walk) -> None:
    begin(walk)
    walk.press()
    walk.mark("1", "2", "")


def risk(walk: Walk) -> None:
    begin(walk)
    walk.press()
    walk.mark(*"11111111", "2")


def fetched(walk: Walk) -> None:
    risk(walk)
    walk.press("do", "fetch")


def stopped(walk: Walk) -> None:
    question(walk)
    walk.press("go", "stop")


def review(walk: Walk) -> None:
    _called(walk, "gad2")
    walk.press()
    walk.mark("1", "")


def missed(walk: Walk) -> None:
    _called(walk, "gad2")
    walk.press()
    walk.press("go", "next")
    walk.mark("1")
    walk.press("go", "send")


def sent(walk: Walk) -> None:
    review(walk)
    walk.press("go", "send")


def paper(walk: Walk) -> None:
    row = walk.site.ask(walk.site.client(walk.lang), "gad2", way=Way.KIOSK)
    walk.sign_in()
    walk.page.goto(f"{walk.site.service.settings.base_url}/console/desk/blank/{row.id}")


def still_there(walk: Walk) -> None:
    walk.page.clock.install()
    question(walk)
    walk.page.clock.fast_forward(62_000)
    walk.page.locator("main [name=do][value=more]").wait_for()


STATES: dict[str, State] = {
    "kiosk-shell": shell,
    "kiosk-enrolment-wrong": wrong_enrolment,
    "kiosk-pad": pad,
    "kiosk-pad-wrong": pad_wrong,
    "kiosk-walk-up": walk_up,
    "kiosk-begin": begin,
    "kiosk-not-me": not_me,
    "kiosk-question": question,
    "kiosk-risk": risk,
    "kiosk-fetched": fetched,
    "kiosk-stopped": stopped,
    "kiosk-review": review,
    "kiosk-missed": missed,
    "kiosk-sent": sent,
    "kiosk-still-there": still_there,
    "kiosk-paper": paper,
}
