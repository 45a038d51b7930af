"""What a text that somebody sent us brings about. Its words are read once and kept nowhere.

`hear` runs in the provider's request: the opt-out is written there, before anything else is sent. `tell`
runs later, in a worker: the lines for the clinicians of whoever has that number.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels import gsm7
from channels.twilio_hooks import Inbound
from delivery import crypto, inbox, letters, notices, opt_outs, rendering
from delivery.inbound import Meaning, Wish, meaning
from delivery.models.clients import Client, ContactKind, ContactPoint, ContactState, Respondent
from delivery.models.messages import NoticeKind
from delivery.models.people import Practice
from delivery.settings import Settings
from delivery.states import ClientState

SMS: Final = ContactKind.SMS.value
HOW: Final = "text"
#: Practices asked about at a time.
CHUNK: Final = 400


def hear(session: Session, text: Inbound, settings: Settings) -> str:
    """Act on a text and give the words to answer with; "" for none, as to a repeat."""
    own = session.scalars(select(Practice).where(Practice.sms_number == text.to)).one_or_none()
    scope = own.id if own is not None else None
    found = meaning(text.text)
    if not inbox.keep_text(session, text.sid, _left_to_tell(session, text, found, scope)):
        return ""
    stood = opt_outs.stands(session, SMS, text.sender, scope)
    template = _act(session, text.sender, found, scope, stood)
    if found.crisis:
        template = "help"
    return _words(template, found.language, own, settings) if template else ""


def _act(session: Session, number: str, found: Meaning, scope: UUID | None, stood: bool) -> str | None:
    """Write or end the opt-out; the template that answers. Who has opted out gets no answer but to help."""
    if found.stops:
        first = opt_outs.stop(session, SMS, number, HOW, scope)  # of several at once, one is
        return "opted_out" if first and not stood else None
    if found.wish is Wish.HELP:
        return "help"
    if found.wish is Wish.START and opt_outs.start(session, SMS, number, scope):
        stood = opt_outs.stands(session, SMS, number, scope)
        return None if stood else "started"
    return None if stood else "not_read"


def _left_to_tell(
    session: Session, text: Inbound, found: Meaning, scope: UUID | None
) -> dict[str, Any] | None:
    """What `tell` needs: the number, the practice asked, which lines; None where there is none to write."""
    tell = []
    if found.wish is Wish.WRONG_NUMBER:
        tell = [NoticeKind.WRONG_PERSON]
    elif found.wish in (Wish.STOP, Wish.START):
        tell = [NoticeKind.OPTED_OUT]
    if found.crisis or found.wish in (Wish.HELP, Wish.OTHER):
        # On a number of many practices nobody can say whom the text was for.
        scope = scope or _only_practice(session)
        tell += [NoticeKind.TEXT_REPLY] if scope else []
    if not tell:
        return None
    return {"number": text.sender, "practice": str(scope) if scope else None, "tell": tell}


def _only_practice(session: Session) -> UUID | None:
    found = session.scalars(select(Practice.id).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _words(template: str, language: str, own: Practice | None, settings: Settings) -> str:
    name = own.sender_name if own is not None else settings.sender_name
    phone = own.phone if own is not None else None
    path, short = f"sms/{template}.{language}.txt", letters.shortened(name, letters.TEXT_NAMES[0])
    try:
        return gsm7.one_segment(rendering.render(path, sender_name=short, help_phone=phone).strip())
    except ValueError:  # a telephone number written at length
        return gsm7.one_segment(rendering.render(path, sender_name=short, help_phone=None).strip())


def tell(session: Session, body: dict[str, Any]) -> None:
    """Write the lines that a text left to write, by how things stand now: the order does not matter."""
    number, practice = body["number"], body["practice"]
    points = _points(session, number, UUID(practice) if practice else None)
    clients = {client_id for _, client_id in points}
    for kind in (NoticeKind(one) for one in body["tell"]):
        if kind is NoticeKind.TEXT_REPLY:
            if len(clients) == 1:
                point, client_id = points[0]
                notices.add(session, point.practice_id, client_id, kind, point.id)
            continue
        for point, client_id in points:
            if kind is NoticeKind.WRONG_PERSON:
                point.state, point.state_reason = ContactState.BLOCKED, "wrong-person"
            elif not opt_outs.stands(session, SMS, number, point.practice_id):
                notices.take_back(session, kind, point.id)
                continue
            notices.add(session, point.practice_id, client_id, kind, point.id)


def _points(session: Session, number: str, practice_id: UUID | None) -> list[tuple[ContactPoint, UUID]]:
    """Contact points with this number and their clients, in one practice or all, of clients in care."""
    practices = [practice_id] if practice_id else list(session.scalars(select(Practice.id)))
    found: list[tuple[ContactPoint, UUID]] = []
    for first in range(0, len(practices), CHUNK):
        some = practices[first : first + CHUNK]
        index = {one: crypto.vault().blind(one, SMS, number) for one in some}
        rows = session.execute(
            select(ContactPoint, Respondent.client_id)
            .join(Respondent, Respondent.id == ContactPoint.respondent_id)
            .join(Client, Client.id == Respondent.client_id)
            .where(
                ContactPoint.practice_id.in_(index),
                ContactPoint.blind_index.in_(index.values()),
                Client.state.in_((ClientState.ACTIVE, ClientState.PAUSED)),
            )
            .order_by(ContactPoint.id)
        )
        found += [(row[0], row[1]) for row in rows]
    return found
