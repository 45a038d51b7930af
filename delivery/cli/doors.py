"""The ways to a form that need no link of a message: the client's own page, and the waiting-room tablet."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from delivery.cli.browser import Browser, Form, Page
from delivery.cli.tablet import Tablet
from delivery.settings import Settings

CODE: Final = re.compile(r"\b\d{6}\b")
DIGITS: Final = re.compile(r'class="callcode[^"]*"[^>]*>\s*([\w ]+?)\s*<')


class NoWay(Exception):
    """A page did not lead on; the text names it."""


def portal(settings: Settings, address: str, letter: Callable[[], dict[str, Any]]) -> tuple[Browser, Page]:
    """Sign in with the code of the message that `letter` waits for, and open the form that is due."""
    phone = Browser(settings.client_url)
    page = phone.open("/portal/sign-in")
    page = phone.press(page, _form(page, "/portal/sign-in"), contact=address)
    found = CODE.search(letter()["text"])
    page = phone.press(page, _form(page, "/portal/code"), code=found.group() if found else "")
    form = _form(page, "/portal/open")
    return phone, phone.press(page, form, form.buttons[0])


def enrolled(settings: Settings, console: Browser) -> Tablet:
    """A new tablet, for every practice of the member who is signed in."""
    page = console.open("/console/tablets")
    form = _form(page, "/console/tablets")
    page = console.press(page, form, name="Walk")
    found = DIGITS.search(page.text)
    tablet = Tablet(settings.client_url)
    if found is None or not tablet.enrol(found.group(1).replace(" ", "")):
        raise NoWay("the tablet’s code")
    return tablet


def kiosk(console: Browser, tablet: Tablet, assignment_id: str, walk: random.Random) -> None:
    """The desk gives a code; the client answers to the end, and hands the tablet back."""
    page = console.open(f"/console/desk/{assignment_id}")
    form = _form(page, f"/console/desk/{assignment_id}/tablet")
    page = console.press(page, form, form.buttons[0])
    found = DIGITS.search(page.text)
    page = tablet.step(("do", "code"), ("code", found.group(1) if found else ""))
    for _ in range(200):
        onward = next((f for f in page.forms if _goes_on(f)), None)
        if onward is None:
            break
        page = tablet.step(*_filled(onward, walk))
    else:
        raise NoWay(f"the tablet’s page “{page.title}”")


def _goes_on(form: Form) -> bool:
    values = {value for _, value in form.buttons}
    return dict(form.fields).get("do") == "begin" or bool(values & {"next", "send"})


def _filled(form: Form, walk: random.Random) -> list[tuple[str, str]]:
    fields = list(form.fields)
    fields += [(name, walk.choice([one for one in values if one])) for name, values in form.radios.items()]
    button = next((b for word in ("send", "next") for b in form.buttons if b[1] == word), None)
    return [*fields, *([button] if button else [])]


def _form(page: Page, action: str) -> Form:
    """The form that goes there. Raises NoWay."""
    here = urlsplit(page.url).path
    found = next((f for f in page.forms if (f.action.partition("?")[0] or here) == action), None)
    if found is None:
        raise NoWay(f"the page “{page.title}” ({page.status})")
    return found
