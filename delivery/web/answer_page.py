"""What every page of the client zone shares: language, the practice's neutral facts, and rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, abort, make_response, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from delivery import languages, links, wordings
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Client
from delivery.models.people import Person, Practice
from delivery.sheets import asked_in
from delivery.states import LinkState
from delivery.web import theme
from delivery.web.zones import cookie_name
from questionnaires.schema import Instrument

LANGUAGES: Final[dict[str, str]] = {"en": "English", "es": "Español"}
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
    #: When answers are read, as the practice chose it.
    reading: str
    zone: str
    #: Lines to call in distress: {"name", "phone", "hours"}.
    lines: tuple[Mapping[str, str], ...] = ()

    @property
    def reads(self) -> str:
        """When answers are read, in the language of the page: "on weekdays"."""
        return str(_(self.reading)) if self.reading else ""


def about(session: Session, row: Assignment) -> About:
    """The neutral facts behind an ask."""
    practice = session.get(Practice, row.practice_id)
    person = session.get(Person, row.requested_by)
    client = session.get(Client, row.client_id)
    assert practice is not None and person is not None and client is not None
    zone = client.time_zone or practice.time_zone
    theme.wear(practice)
    return About(
        practice.sender_name,
        practice.phone,
        person.known_as,
        practice.reads_answers,
        zone,
        tuple(practice.help_lines),
    )


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
    return languages.moment(at, zone, lang)


def in_another_language(instruments: list[Instrument], row: Assignment, lang: str) -> list[str]:
    """Sentences in `lang` for who will meet questions in another language; none where there are none."""
    asked = asked_in(row)
    read = [wordings.shown(one, asked.get(one.key), lang) for one in instruments]
    others = [language for language in dict.fromkeys(read) if language != lang]
    if not others:
        return []
    names = [languages.name(one, lang) for one in others]
    with force_locale(lang):
        if lang not in read and len(names) == 1:
            said = [_("The questions are in %(language)s.", language=names[0])]
        else:
            said = [_("Some of the questions are in %(language)s.", language=one) for one in names]
        free = _("If that does not suit you, you need not answer. Please tell the person who sent them.")
        return [*said, free]


def page(name: str, lang: str, status: int = 200, **values: Any) -> Response:
    """A page of the client zone. Where its words are not there in `lang` yet, it says so and is English."""
    with force_locale(lang):
        worded = languages.worded(lang)
        text = render_template(
            f"answer/{name}.html",
            lang=worded,
            chosen=lang,
            languages=LANGUAGES,
            **values,
        )
    return make_response(text, status)


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
