"""The words of a message, from the approved templates. No health data, no client's name, no measure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import escape

from channels import gsm7
from channels.base import Kind, Message
from delivery import inbox, languages, links, rendering, sign_in_links
from delivery.db import now
from delivery.errors import Conflict
from delivery.message_facts import Facts
from delivery.models.clients import Respondent
from delivery.models.messages import Purpose
from delivery.models.people import Practice
from delivery.settings import Settings
from delivery.signing import Purpose as TokenPurpose
from delivery.signing import Tokens

TEMPLATE: Final = {
    Purpose.INVITATION: "invitation",
    Purpose.REMINDER: "reminder",
    Purpose.RESULT: "result_ready",
    Purpose.RISK: "risk_alert",
    Purpose.LOCKED: "link_locked",
    Purpose.TEST: "test",
    Purpose.CODE: "code",
}
#: An invitation with a link that signs in to the client's own page.
TO_THE_PORTAL: Final = "portal"
#: Places for a name in a text: tried in turn until all is one segment.
TEXT_NAMES: Final = (20, 14, 8)
#: Stands for the link while a letter is laid out: no text of ours or theirs has this character.
LINK_HERE: Final = "\ue000"


def compose(facts: Facts, attempt_id: UUID, settings: Settings, tokens: Tokens) -> Message:
    """The finished message. Raises Conflict where its link has ended."""
    row, practice, respondent = facts.row, facts.practice, facts.respondent
    language = respondent.language if respondent else languages.ENGLISH  # who works here reads English
    values: dict[str, Any] = {
        "sender_name": practice.sender_name,
        "help_line": None,
        "word": respondent.recognition_word if respondent else None,
        "link": f"{settings.base_url}/console",
        "expires_on": "",
    }
    template = TEMPLATE[row.purpose]
    if row.purpose is Purpose.CODE:
        values["link"] = _digits(facts)  # they stand where other messages have their link
    elif facts.code is not None:
        template = TO_THE_PORTAL
        values["link"] = _sign_in(facts, settings, tokens)
    elif row.purpose in (Purpose.INVITATION, Purpose.REMINDER):
        values |= _invitation(facts, language, settings, tokens)
    if row.channel == "sms":
        return Message(
            attempt_id=str(attempt_id),
            kind="sms",
            to=facts.to,
            sender_name=practice.sender_name,
            sender_address=settings.sender_address,
            subject="",
            text=text_message(template, language, values),
            callback_url=inbox.callback_url(settings, tokens, attempt_id),
            sender=practice.sms_sender,
        )
    unsubscribe = unsubscribe_url(respondent.id, settings, tokens) if respondent is not None else None
    subject, text, html = _mail(template, language, values)
    return Message(
        attempt_id=str(attempt_id),
        kind="email",
        to=facts.to,
        sender_name=practice.sender_name,
        sender_address=settings.sender_address,
        subject=subject,
        text=text,
        html=html,
        unsubscribe_url=unsubscribe,
    )


def without_words(facts: Facts, attempt_id: UUID) -> Message:
    """What is still known of a message whose link has ended: enough to look it up."""
    kind: Kind = "sms" if facts.row.channel == "sms" else "email"
    return Message(str(attempt_id), kind, facts.to, sender_name="", sender_address="", subject="", text="")


def sender(facts: Facts) -> str | None:
    """The practice's own number or messaging service for its texts; None: the installation's."""
    return facts.practice.sms_sender if facts.row.channel == "sms" else None


def text_message(template: str, language: str, values: dict[str, Any]) -> str:
    """A text in one GSM-7 segment, in Spanish or English.

    Names are cut where a link is long. Raises ValueError where even that leaves more than one segment.
    """
    name = f"sms/{template}.{'es' if language == 'es' else 'en'}.txt"
    for places in TEXT_NAMES:
        short = {
            "sender_name": shortened(values["sender_name"], places),
            "word": shortened(values["word"], places) if values["word"] else None,
            "link": values["link"],
            "help_phone": None,
        }
        written = rendering.render(name, **short)
        if gsm7.septets(gsm7.to_gsm7(written)) <= gsm7.PLACES:
            break
    return gsm7.one_segment(written)


def shortened(name: str, places: int) -> str:
    """A sender's name or a word as a text has room for it, cut after a whole word where there is one."""
    plain = gsm7.to_gsm7(name)
    while gsm7.septets(plain) > places:
        plain = plain.rpartition(" ")[0] or plain[:-1]
    return plain


def _mail(template: str, language: str, values: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML. What differs from person to person is put in where the letter has its place."""
    link, common = values["link"], values | {"link": LINK_HERE}
    # A word that a client chose is not kept in memory with the letters of a practice.
    laid_out = _laid_out if values["word"] is None else _laid_out.__wrapped__
    subject, text, html = laid_out(template, language, tuple(common.items()))
    return subject, text.replace(LINK_HERE, link), html.replace(LINK_HERE, str(escape(link)))


@lru_cache(maxsize=256)
def _laid_out(template: str, language: str, values: tuple[tuple[str, Any], ...]) -> tuple[str, str, str]:
    words = languages.catalogue(language)
    subject, text, html = (
        rendering.render(f"email/{template}/{part}", translations=words, **dict(values))
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return " ".join(subject.split()), text, html


def sample(
    practice: Practice, respondent: Respondent, channel: str, zone: str, settings: Settings
) -> tuple[str, str]:
    """Subject (empty for a text) and words of an invitation sent now, as the console shows them."""
    values: dict[str, Any] = {
        "sender_name": practice.sender_name,
        "help_line": None,
        "word": respondent.recognition_word,
        "link": f"{settings.client_url}/q/…",
        "expires_on": _day(now() + timedelta(days=settings.link_days), zone, respondent.language),
    }
    if channel == "sms":
        return "", text_message(
            "invitation", respondent.language, values | {"link": f"{settings.client_url}/q/..."}
        )
    subject, text, _ = _mail("invitation", respondent.language, values)
    return subject, text


def _invitation(facts: Facts, language: str, settings: Settings, tokens: Tokens) -> dict[str, str]:
    token = links.token(facts.link, tokens) if facts.link else None
    if facts.link is None or token is None:
        raise Conflict("The link of this message has ended.")
    zone = facts.zone or facts.practice.time_zone
    return {"link": links.url(token, settings), "expires_on": _day(facts.link.expires_at, zone, language)}


def _digits(facts: Facts) -> str:
    """The six digits of a code."""
    digits = facts.code.digits if facts.code is not None and facts.code.expires_at > now() else None
    if digits is None:
        raise Conflict("The code of this message is over.")
    return digits


def _sign_in(facts: Facts, settings: Settings, tokens: Tokens) -> str:
    """The address that signs in to the client's own page."""
    code = facts.code
    if code is None or code.used_at is not None or code.expires_at <= now():
        raise Conflict("The link of this message has ended.")
    return sign_in_links.url(sign_in_links.token(code.id, tokens), settings)


def _day(at: datetime, zone: str, language: str) -> str:
    """ "Friday 4 December" in a zone."""
    return languages.day(at.astimezone(ZoneInfo(zone)), language)


def unsubscribe_url(respondent_id: UUID, settings: Settings, tokens: Tokens) -> str:
    """Where a mail program's own "unsubscribe" button posts to (RFC 8058)."""
    token = tokens.make(TokenPurpose.UNSUBSCRIBE, respondent_id.bytes)
    return f"{settings.client_url}/unsubscribe/{quote(token)}"
