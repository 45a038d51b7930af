"""Signing in without a password: a code to the contact on file, or the press on a link in a message.

Whoever asks learns nothing from the answer: for a contact that nobody has, it is the same.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from delivery import codes, sign_in_links
from delivery.codes import Wrong
from delivery.db import now
from delivery.errors import Conflict, TooMany
from delivery.models.clients import ContactKind, ContactState
from delivery.models.portal import CodeFor
from delivery.portal import reached, sessions
from delivery.signing import Tokens, fresh_secret


def ask(session: Session, kind: ContactKind, value: str, held: str = "") -> str:
    """Send a code if the contact is on file; returns a secret for the browser either way.

    A code that left just now is not sent again; the new secret opens it if the browser `held` the old one.
    Of several people there the first with a confirmed contact gets it: the list shows what is due for all.
    """
    there = sorted(reached.at(session, kind, value), key=lambda one: one.state is not ContactState.CONFIRMED)
    if not there:
        return fresh_secret()
    try:
        if (young := codes.young(session, there[0])) is not None:
            return codes.renew(young, held)
        return codes.send(session, there[0], CodeFor.PORTAL)
    except (Conflict, TooMany):
        return fresh_secret()


def enter(session: Session, secret: str, digits: str, browser: str) -> str | None:
    """Sign in with a code; the secret of the signed-in browser, or None: these digits open nothing.

    None is returned and not raised, so that the try is counted.
    """
    found = codes.check(session, secret, digits, CodeFor.PORTAL)
    return None if isinstance(found, Wrong) else sessions.begin(session, found, browser)


def press(session: Session, token: str, tokens: Tokens, browser: str) -> str | None:
    """Sign in with the link of a message, once; None where it opens nothing any more."""
    found = sign_in_links.look(session, token, tokens, lock=True)
    if found is None:
        return None
    found.used_at = now()
    session.flush()
    return sessions.begin(session, found, browser)
