"""What the pages of the portal share: rendering, whose page it is, the words of days and ways."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Response, make_response, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import languages
from delivery.db import now
from delivery.models.assignments import Way
from delivery.models.clients import CareRole, CareTeam
from delivery.models.people import Person, Practice
from delivery.portal.sessions import SignedIn
from delivery.portal.trend import Trend
from delivery.web import theme
from delivery.web.answer_page import LANGUAGES, About
from delivery.web.zones import cookie_name

#: Older days are said with their year.
WITH_YEAR: Final = timedelta(days=180)
#: The cookie of a signed-in browser, and of one that waits for its code.
SIGNED_IN, ASKING = "portal", "portal-code"


def page(name: str, lang: str, status: int = 200, **values: Any) -> Response:
    """A page of the portal in a language."""
    worded = languages.worded(lang)
    with force_locale(lang):
        text = render_template(
            f"portal/{name}.html",
            lang=worded,
            chosen=lang,
            languages=LANGUAGES,
            **values,
        )
    return make_response(text, status)


def cookie(name: str) -> str:
    """The secret in one of this browser's cookies; empty where there is none."""
    return request.cookies.get(cookie_name(name), "")


def about(session: Session, who: SignedIn) -> About | None:
    """The neutral facts of the practice behind the page; None where the page is of several practices."""
    if len({point.practice_id for point in who.there}) > 1:
        return None
    practice = session.get_one(Practice, who.row.practice_id)
    reader = session.scalars(
        select(Person.known_as)
        .join(CareTeam, CareTeam.person_id == Person.id)
        .where(
            CareTeam.client_id == who.client.id,
            CareTeam.role == CareRole.PRIMARY,
            CareTeam.until_at.is_(None),
        )
        .order_by(CareTeam.from_at)
    ).first()
    theme.wear(practice)
    return About(
        practice.sender_name,
        practice.phone,
        reader or practice.sender_name,
        practice.reads_answers,
        who.client.time_zone or practice.time_zone,
        tuple(practice.help_lines),
    )


def day(at: datetime, zone: str, lang: str) -> str:
    """The day of a moment in a zone: "Monday 23 November", long ago "3 November 2025"."""
    local = at.astimezone(ZoneInfo(zone)).date()
    if at > now() - WITH_YEAR:
        return languages.day(local, lang)
    place = languages.worded(lang)
    return str(format_date(local, "long", locale="en_GB" if place == languages.ENGLISH else place))


def ends(trend: Trend, zone: str, lang: str) -> tuple[str, str]:
    """Short words for the first and the last day of a line: "3 May", "9 Nov"."""
    first, last = (
        format_date(one.at.astimezone(ZoneInfo(zone)).date(), "d MMM", locale=languages.worded(lang))
        for one in (trend.points[0], trend.points[-1])
    )
    return first, last


def by(way: Way) -> str:
    """How a form was answered."""
    words: dict[Way, str] = {
        Way.EMAIL: _("by e-mail"),
        Way.SMS: _("by text message"),
        Way.PORTAL: _("on this page"),
        Way.KIOSK: _("in the waiting room"),
        Way.IN_PERSON: _("together with your clinician"),
        Way.PUBLIC: _("on a public page"),
    }
    return words[way]
