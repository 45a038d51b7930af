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

import phonenumbers
import structlog
from phonenumbers import PhoneNumberType
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
#: Codes: a day to one contact, an hour from one network, an hour from one page, an hour as texts from all.
A_DAY: Final = 3
FROM_NETWORK: Final = 10
FROM_PAGE: Final = 60
TEXTS: Final = 300
#: Numbers that cost whoever writes there, or pay who owns them.
COSTLY: Final = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
READ_SECONDS: Final = 6.0
LONGEST_NAME: Final = 60
log = structlog.get_logger()


class NotSent(Exception):
    """The provider takes no message from anybody just now."""


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
    if kind is ContactKind.SMS and not _textable(value):
        raise Invalid("No code goes to this number.", {"contact": "Write a US mobile number."})
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    wanted = Wanted(kind.value, value, normal_name(called_by), "", now().timestamp())
    return replace(wanted, code_hash=_hash(secret, wanted, digits)), digits


def _textable(value: str) -> bool:
    number = phonenumbers.parse(value)
    return (
        number.country_code == 1
        and phonenumbers.is_valid_number(number)
        and phonenumbers.number_type(number) not in COSTLY
    )


def allow(session: Session, page: ScreeningPage, wanted: Wanted, network: str, secret: bytes) -> bool:
    """Count one more code; TooMany above a limit. False where the contact wants no messages: the page that
    follows is everybody's, so that nobody can ask it who does."""
    for one in sorted(_limits(page.id, wanted, network, secret), key=lambda one: one.key):
        if wait := one.wait(session) or (0 if one.count(session) else 1):
            raise TooMany("Many codes were asked for. Please wait before you ask for another.", wait)
    return not opt_outs.stands(session, wanted.kind, wanted.value, page.practice_id)


def _limits(page_id: UUID, wanted: Wanted, network: str, secret: bytes) -> list[Limit]:
    texts = [limit(secret, "texts", "", TEXTS, timedelta(hours=1))] if wanted.kind == ContactKind.SMS else []
    return [
        *texts,
        limit(secret, "contact", f"{wanted.kind}|{_mailbox(wanted.value)}", A_DAY, timedelta(days=1)),
        limit(secret, "network", network, FROM_NETWORK, timedelta(hours=1)),
        limit(secret, "page", str(page_id), FROM_PAGE, timedelta(hours=1)),
    ]


def _mailbox(value: str) -> str:
    """The contact without "+…" in its local part: wren+1@ and wren+2@ are one mailbox."""
    local, at, domain = value.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}" if at else value


def send(
    wanted: Wanted, digits: str, practice: Practice, language: str, settings: Settings, *, wished: bool
) -> None:
    """Hand the digits over where they are `wished`, outside any transaction. Raises NotSent.

    A contact that wants no messages, one that the provider refuses and an unclear outcome all look as sent.
    """
    message = _message(wanted, digits, practice, language, settings)
    channel = _channel(wanted.kind, settings, practice)
    try:
        if wished:
            channel.send(message)
    except Refused as error:
        log.warning("screening.code", code=error.code)
        if error.stops_provider or not error.permanent:
            raise NotSent from None
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
        raise NotSent from None


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


def count_try(session: Session, wanted: Wanted, run_id: UUID, secret: bytes) -> bool:
    """Count one more try, before it is compared; False after five of them, or when their time is over."""
    if wanted.tries >= MOST_TRIES or now().timestamp() > wanted.sent_at + LIFE.total_seconds():
        return False
    return limit(secret, "tries", f"{wanted.code_hash}|{run_id}", MOST_TRIES, LIFE).count(session)


def check(wanted: Wanted, typed: str, secret: bytes) -> bool:
    """Whether these are the digits. The try is counted before."""
    digits = "".join(one for one in typed if one.isascii() and one.isdigit())
    return hmac.compare_digest(_hash(secret, wanted, digits), wanted.code_hash)


def _hash(secret: bytes, wanted: Wanted, digits: str) -> str:
    text = f"screening-code|{wanted.kind}|{wanted.value}|{digits}"
    return hmac.new(secret, text.encode(), sha256).hexdigest()
