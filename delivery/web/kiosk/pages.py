"""Pages of the tablet, and what goes to its script with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, jsonify, render_template
from flask_babel import force_locale

from delivery.db import now
from delivery.kiosk.devices import number
from delivery.languages import worded
from delivery.models.devices import KioskDevice, KioskTicket
from delivery.models.people import Practice
from delivery.sheets import Sheet
from delivery.web.answer_page import LANGUAGES
from delivery.web.surface import Surface

#: Seconds between two looks of the tablet at the server, while a form is open and otherwise.
LOOKS: Final = {True: 4, False: 15}
#: Seconds until the start page comes by itself after a page that ends something.
HOME_IN: Final = 15
WALK_UP_IN: Final = 120
SURFACE: Final = Surface("kiosk", "/kiosk", base="kiosk/base.html", hidden={"do": "answer"}, whole=False)


@dataclass(frozen=True)
class Shown:
    """What the tablet does next. `page` None: it stays as it is. `sitting` None: it holds none."""

    page: str | None
    sitting: str | None = None
    blank_in: float | None = None
    home_in: int | None = None
    language: str = ""

    def reply(self, status: int = 200) -> Response:
        """For the script."""
        reply = jsonify(
            page=self.page,
            sitting=self.sitting,
            blank_in=self.blank_in,
            home_in=self.home_in,
            look_in=LOOKS[self.sitting is not None],
            lang=self.language,
        )
        reply.status_code = status
        return reply


def show(name: str, lang: str, **values: Any) -> str:
    """A page of the tablet in a language."""
    with force_locale(lang):
        there = worded(lang)
        return render_template(
            f"kiosk/{name}.html",
            lang=there,
            chosen=lang,
            languages=LANGUAGES,
            worded=there == lang,
            **values,
        )


def start(
    device: KioskDevice, practices: list[Practice], lang: str, *, said: str = "", walk_up: bool = False
) -> Shown:
    """The code pad. `said` is why it is back: "wrong", "time", "closed", "not-me"."""
    one = practices[0].sender_name if len(practices) == 1 else device.name
    page = show(
        "pad",
        lang or "en",
        place=one,
        number=number(device),
        said=said,
        walk_up=walk_up,
        usable=bool(practices),
    )
    return Shown(page, language=lang)


def within(sheet: Sheet, secret: str, ticket: KioskTicket, page: str | None) -> Shown:
    """A page of a sitting."""
    left = (ticket.expires_at - now()).total_seconds()
    return Shown(page, f"{sheet.form.ref}.{secret}", max(left, 0.0), language=sheet.form.language)


def last(page: str, lang: str) -> Shown:
    """A page after which the start page comes by itself."""
    return Shown(page, home_in=HOME_IN, language=lang)
