"""What providers call: Twilio about a text and with texts that people send, SendGrid about e-mails.

Each call is proved by the provider's signature over the public address or the raw body, kept once, and
answered; the work is a worker's. Nothing of a body or a number is ever logged.
"""

from __future__ import annotations

from typing import Final, NoReturn
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import structlog
from flask import Blueprint, Response, abort, request

from channels import sendgrid_hooks, twilio_hooks
from delivery import inbox, replies
from delivery.db import now
from delivery.web.zones import service

bp = Blueprint("hooks", __name__, url_prefix="/hooks")
log = structlog.get_logger()
#: Bytes of a body: Twilio sends a form, SendGrid a batch of events.
FORM_BYTES: Final = 256 * 1024
BATCH_BYTES: Final = 2 * 1024 * 1024
FORM_FIELDS: Final = 200


@bp.post("/twilio/status")
def twilio_status() -> Response:
    """What became of the text of the attempt that the address names."""
    form = _twilio_form()
    attempt = inbox.attempt_of(service().tokens, request.args.get("a", ""))
    if attempt is None:
        _refuse("twilio", "attempt")
    try:
        event = twilio_hooks.status(form, str(attempt))
    except ValueError:
        _unread("twilio")
    with service().db.write() as session:
        inbox.keep_events(session, "twilio", [event])
    return Response(status=204)


@bp.post("/twilio/inbound")
def twilio_inbound() -> Response:
    """A text that somebody sent us; the answer is what Twilio sends back (TwiML)."""
    form = _twilio_form()
    try:
        text = twilio_hooks.inbound(form)
    except ValueError:
        _unread("twilio")
    with service().db.write() as session:
        words = replies.hear(session, text, service().settings)
    answer = f"<Message>{escape(words)}</Message>" if words else ""
    xml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{answer}</Response>'
    return Response(xml, mimetype="text/xml")


@bp.post("/sendgrid")
def sendgrid() -> Response:
    """A batch of events about e-mails: all of it is kept, or none."""
    settings = service().settings
    keys = settings.sendgrid_webhook_keys.split()
    if settings.email != "sendgrid" or not keys:
        abort(404)
    raw = _body("application/json", BATCH_BYTES)
    signature = request.headers.get("X-Twilio-Email-Event-Webhook-Signature", "")
    timestamp = request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")
    if not sendgrid_hooks.genuine(keys, raw, signature, timestamp, now()):
        _refuse("sendgrid", "signature")
    try:
        events = sendgrid_hooks.events(raw)
    except ValueError:
        _unread("sendgrid")
    with service().db.write() as session:
        inbox.keep_events(session, "sendgrid", events)
    return Response(status=204)


def _twilio_form() -> dict[str, str]:
    """The form of a call that Twilio made for our account; anything else ends here."""
    settings = service().settings
    if settings.sms != "twilio" or not settings.twilio_auth_token:
        abort(404)
    raw = _body("application/x-www-form-urlencoded", FORM_BYTES)
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError:  # not UTF-8, or too many fields
        _unread("twilio")
    form = dict(pairs)
    # The public address, never the Host header: it is what Twilio was told, and what it signed.
    query = request.query_string.decode("latin-1")
    url = f"{settings.base_url}{request.path}" + (f"?{query}" if query else "")
    signature = request.headers.get("X-Twilio-Signature")
    if not twilio_hooks.genuine(settings.twilio_auth_token, url, form, signature):
        _refuse("twilio", "signature")
    if form.get("AccountSid") != settings.twilio_account_sid:
        _refuse("twilio", "account")
    return form


def _body(mimetype: str, limit: int) -> bytes:
    """The raw body; 415 for another type, 413 where it is larger, also where it did not say so."""
    if request.mimetype != mimetype:
        abort(415)
    request.max_content_length = limit
    return request.get_data(cache=False)


def _refuse(source: str, why: str) -> NoReturn:
    log.warning("hook.refused", source=source, why=why)
    abort(Response(status=403))


def _unread(source: str) -> NoReturn:
    """Signed, but not in a shape that the provider documents."""
    log.error("hook.unread", source=source)
    abort(400)
