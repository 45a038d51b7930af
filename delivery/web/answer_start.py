"""The page behind a link, before anything has begun: what is asked, and what happens with the answers."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from delivery import forms, links, resuming, sheets
from delivery.db import now
from delivery.errors import NotFound
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Client, Respondent, RespondentRole
from delivery.passphrases import Refusal
from delivery.results import age
from delivery.web.answer_page import about, in_another_language, page, until, wanted_language
from delivery.web.zones import service
from questionnaires import sharing

#: In years; below this somebody who answers about themselves is told what their parents see.
GROWN_UP = 18


def look(session: Session, token: str) -> tuple[Link, Assignment, str]:
    """The link of a token, its ask and the page's language. NotFound, always in the same words."""
    link = links.look(session, token, service().tokens)
    row = session.get(Assignment, link.assignment_id) if link else None
    respondent = session.get(Respondent, row.respondent_id) if row else None
    if link is None or row is None or respondent is None:
        raise NotFound(
            _("This link is not valid. Check that you copied all of it, or ask the person who sent it.")
        )
    return link, row, wanted_language(respondent.language)


def start_page(
    session: Session,
    token: str,
    link: Link,
    row: Assignment,
    lang: str,
    refusal: Refusal | None = None,
    told: str = "",
) -> Response:
    """The page with Start on it; after a `refusal` it says how many tries are left and keeps the choices.

    What was begun on another device is named, and nothing of it shown. `told` is what became of a code.
    """
    chosen = sheets.instruments(session, row)
    elsewhere = sharing.asked_elsewhere(chosen)
    items = [item for one in chosen for item in one.items if (one.key, item.id) not in elsewhere]
    respondent = session.get_one(Respondent, row.respondent_id)
    facts = about(session, row)
    return page(
        "start",
        lang,
        422 if refusal or told else 200,
        token=token,
        about=facts,
        word=respondent.recognition_word,
        asks_word=respondent.passphrase_hash is not None,
        refusal=refusal,
        ticked=request.form.getlist("use"),
        questions=len(items),
        foreign=in_another_language(chosen, row, lang),
        some_skip=any(item.asked_if for item in items),
        minutes=sum(instrument.minutes for instrument in chosen),
        until=until(link.expires_at, facts.zone, lang),
        ask_uses=forms.uses_chosen(session, row.respondent_id) is None,
        sees=_who_sees(session, respondent),
        waiting=resuming.waiting(session, row),
        told=told,
    )


def _who_sees(session: Session, respondent: Respondent) -> str:
    """Who is told about who sees the answers: "teen", "parent", "teacher", or nobody in particular."""
    if respondent.role in (RespondentRole.PARENT, RespondentRole.TEACHER):
        return respondent.role.value
    if respondent.role is not RespondentRole.SELF:
        return ""
    years = age(session.get_one(Client, respondent.client_id), now().date())
    return "teen" if years is not None and years < GROWN_UP else ""
