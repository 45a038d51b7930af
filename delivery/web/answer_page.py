"""What every page of the client zone shares: language, the practice's neutral facts, and rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import Response, abort, make_response, render_template, request
from flask_babel import force_locale, get_babel
from sqlalchemy.orm import Session

from delivery import links, wordings
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Client
from delivery.models.people import Person, Practice
from delivery.sheets import asked_in
from delivery.states import LinkState
from delivery.web.zones import cookie_name
from questionnaires.schema import Instrument

LANGUAGES: Final[dict[str, str]] = {"en": "English", "es": "Español"}
DAY: Final = {"en": "EEEE d MMMM", "es": "EEEE d 'de' MMMM"}
#: What the start page says, in the reader's language, where the questions are in another one.
FOREIGN: Final = {
    "en": {
        "names": {"en": "English", "es": "Spanish"},
        "all": "The questions are in %s.",
        "some": "Some of the questions are in %s.",
        "free": "If that does not suit you, you need not answer. Please tell the person who sent them.",
    },
    "es": {
        "names": {"en": "inglés", "es": "español"},
        "all": "Las preguntas están en %s.",
        "some": "Algunas preguntas están en %s.",
        "free": "Si así no le sirve, no tiene que contestar. Dígaselo a la persona que se las envió.",
    },
}
#: State of an ended link -> (page, status); trust.md 1.3.
ENDED: Final = {
    LinkState.USED: ("used", 200),
    LinkState.EXPIRED: ("ended", 410),
    LinkState.REVOKED: ("ended", 410),
    LinkState.SUPERSEDED: ("newer", 410),
    LinkState.LOCKED: ("locked", 429),
}


@dataclass(frozen=True)
class About:
    """What a client page may say of the practice: nothing of a client, a measure or a specialty."""

    sender: str
    phone: str | None
    reader: str
    reads: str
    zone: str


def about(session: Session, row: Assignment) -> About:
    """The neutral facts behind an ask."""
    practice = session.get(Practice, row.practice_id)
    person = session.get(Person, row.requested_by)
    client = session.get(Client, row.client_id)
    assert practice is not None and person is not None and client is not None
    zone = client.time_zone or practice.time_zone
    return About(practice.sender_name, practice.phone, person.known_as, practice.reads_answers, zone)


def chosen_language() -> str | None:
    """The language that this request chose with the switch in the page's header."""
    chosen = request.args.get("lang")
    return chosen if chosen in LANGUAGES else None


def wanted_language(recorded: str = "en") -> str:
    """The language chosen, else the one recorded for the person, else what the browser asks for."""
    if (chosen := chosen_language()) is not None:
        return chosen
    if recorded != "en" and recorded in LANGUAGES:  # "en" is also what stands there when nobody asked
        return recorded
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def until(at: datetime, zone: str, lang: str) -> str:
    """A moment in the client's zone and in words: "Friday 27 November, 2:05 PM"."""
    lang = _worded(lang)
    local = at.astimezone(ZoneInfo(zone))
    return f"{format_date(local, DAY[lang], lang)}, {format_time(local, 'short', locale=lang)}"


def in_another_language(instruments: list[Instrument], row: Assignment, lang: str) -> list[str]:
    """Sentences in `lang` for who will meet questions in another language; none where there are none."""
    asked = asked_in(row)
    read = [wordings.shown(one, asked.get(one.key), lang) for one in instruments]
    others = [language for language in dict.fromkeys(read) if language != lang]
    words: Any = FOREIGN.get(lang, FOREIGN["en"])
    if not others:
        return []
    sentence = words["all"] if lang not in read and len(others) == 1 else words["some"]
    return [*(sentence % words["names"].get(one, one) for one in others), words["free"]]


def page(name: str, lang: str, status: int = 200, **values: Any) -> Response:
    """A page of the client zone. Where its words are not there in `lang` yet, it says so and is English."""
    with force_locale(lang):
        worded = _worded(lang)
        text = render_template(
            f"answer/{name}.html",
            lang=worded,
            chosen=lang,
            languages=LANGUAGES,
            worded=worded == lang,
            **values,
        )
    return make_response(text, status)


def _worded(lang: str) -> str:
    """`lang` where the interface has its words, else English."""
    there = {locale.language for locale in get_babel().instance.list_translations()}
    return lang if lang in there else "en"


def ended_page(link: Link, lang: str, *, again: str | None = None) -> Response:
    """The page of a link that takes no answers any more. `again` is where a new link can be asked for."""
    name, status = ENDED[links.state(link)]
    return page(name, lang, status, again=again)


def own_cookies() -> Mapping[str, str]:
    """This browser's forms: reference -> secret."""
    start = cookie_name("f-")
    return {name[len(start) :]: value for name, value in request.cookies.items() if name.startswith(start)}


def form_content_only(*also: str) -> None:
    """Refuse a body that no form of ours can have sent."""
    if request.mimetype not in ("application/x-www-form-urlencoded", *also):
        abort(415)
