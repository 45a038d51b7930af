"""Six digits to the contact that a visitor typed, sent before anything of theirs is stored.

The message goes straight to the provider, past the ledger: there is no row that it could hang on, and
none is wanted. The digits live as a keyed hash in the visitor's own sealed token.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from channels import gsm7
from channels.base import Channel, Message, OutcomeUnknown, Refused
from channels.registry import ChannelConfigError, build
from delivery import channel_settings, contacts, letters, local_post, opt_outs, rendering
from delivery.db import now, uuid7
from delivery.errors import Invalid, TooMany
from delivery.models.clients import ContactKind
from delivery.models.people import Practice
from delivery.models.screening import ScreeningPage
from delivery.screening.limits import Limit, limit
from delivery.screening.walks import Wanted
from delivery.settings import Settings

LIFE: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
DIGITS: Final = 6
#: Codes: a day to one contact, an hour from one network, an hour from one page.
A_DAY: Final = 3
FROM_NETWORK: Final = 10
FROM_PAGE: Final = 60
READ_SECONDS: Final = 6.0
LONGEST_NAME: Final = 60
log = structlog.get_logger()


class NotSent(Exception):
    """The provider took no message just now; `here` says that it is this contact that gets none."""

    def __init__(self, *, here: bool) -> None:
        super().__init__("no code was sent")
        self.here = here


def normal_name(typed: str) -> str:
    """A name to be called by, as it is kept. Raises Invalid."""
    name = " ".join(typed.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        words = f"At most {LONGEST_NAME} characters."
        raise Invalid("The name is too long.", {"called_by": words})
    return name


def read(typed: str, called_by: str, secret: bytes) -> tuple[Wanted, str]:
    """What a visitor typed, and the digits to send there. Raises Invalid."""
    kind = contacts.kind_of(typed)
    value = contacts.normal_contact(kind, typed)
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    wanted = Wanted(kind.value, value, normal_name(called_by), "", now().timestamp())
    return replace(wanted, code_hash=_hash(secret, wanted, digits)), digits


def allow(session: Session, page: ScreeningPage, wanted: Wanted, network: str, secret: bytes) -> None:
    """Count one more code; TooMany above a limit. NotSent where the contact wants no messages."""
    if opt_outs.stands(session, wanted.kind, wanted.value, page.practice_id):
        raise NotSent(here=True)
    for one in sorted(_limits(page.id, wanted, network, secret), key=lambda one: one.key):
        if wait := one.wait(session) or (0 if one.count(session) else 1):
            raise TooMany("Many codes were asked for. Please wait before you ask for another.", wait)


def _limits(page_id: UUID, wanted: Wanted, network: str, secret: bytes) -> list[Limit]:
    contact = f"{wanted.kind}|{wanted.value}"
    return [
        limit(secret, "contact", contact, A_DAY, timedelta(days=1)),
        limit(secret, "network", network, FROM_NETWORK, timedelta(hours=1)),
        limit(secret, "page", str(page_id), FROM_PAGE, timedelta(hours=1)),
    ]


def send(wanted: Wanted, digits: str, practice: Practice, language: str, settings: Settings) -> None:
    """Hand the digits over, outside any transaction. Raises NotSent; an unclear outcome counts as sent."""
    message = _message(wanted, digits, practice, language, settings)
    channel = _channel(wanted.kind, settings, practice)
    try:
        channel.send(message)
    except Refused as error:
        log.warning("screening.code", code=error.code)
        raise NotSent(here=error.permanent and not error.stops_provider) from None
    except OutcomeUnknown:
        log.warning("screening.code", code="unknown")
    finally:
        channel.close()


def _channel(kind: str, settings: Settings, practice: Practice) -> Channel:
    config = replace(channel_settings.of(settings), read_timeout=READ_SECONDS)
    post = local_post.passing
    try:
        return build(config, lambda one: post.keep(one, practice.id, practice.time_zone), post.find)[kind]
    except ChannelConfigError:
        raise NotSent(here=False) from None


def _message(wanted: Wanted, digits: str, practice: Practice, language: str, settings: Settings) -> Message:
    lang = "es" if language == "es" else "en"
    sms = wanted.kind == ContactKind.SMS.value
    subject, text = "", _text(practice.sender_name, digits, lang)
    if not sms:
        name = f"screen/mail.{lang}.txt"
        whole = rendering.render(name, sender_name=practice.sender_name, code=digits)
        subject, text = whole.split("\n\n", 1)
    return Message(
        attempt_id=str(uuid7()),
        kind="sms" if sms else "email",
        to=wanted.value,
        sender_name=practice.sender_name,
        sender_address=settings.sender_address,
        subject=subject,
        text=text,
        sender=practice.sms_sender if sms else None,
    )


def _text(sender_name: str, digits: str, lang: str) -> str:
    name = letters.shortened(sender_name, letters.TEXT_NAMES[0])
    return gsm7.one_segment(rendering.render(f"screen/text.{lang}.txt", sender_name=name, code=digits))


def check(wanted: Wanted, typed: str, secret: bytes) -> bool:
    """Whether these are the digits. Raises TooMany after five tries, or when their time is over."""
    if wanted.tries >= MOST_TRIES or now().timestamp() > wanted.sent_at + LIFE.total_seconds():
        raise TooMany("This code has ended. Please ask for a new one.")
    digits = "".join(one for one in typed if one.isascii() and one.isdigit())
    return hmac.compare_digest(_hash(secret, wanted, digits), wanted.code_hash)


def _hash(secret: bytes, wanted: Wanted, digits: str) -> str:
    text = f"screening-code|{wanted.kind}|{wanted.value}|{digits}"
    return hmac.new(secret, text.encode(), sha256).hexdigest()
