"""The console's door: most pages need a clinician's session; those of the practice, an owner's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from delivery import accounts, library
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Forbidden
from delivery.models.people import Person, Practice, Role
from delivery.web.console import message_words, sign_in_page, times, words
from delivery.web.zones import cookie_name, service

bp = Blueprint("console", __name__, url_prefix="/console")
COOKIE: Final = "console"
#: Where the addresses of an owner's pages begin.
OWNERS: Final = ("instruments", "practice", "style")
#: Where those of the front desk begin, and whose they are beside the clinicians'.
DESKS: Final = ("desk", "tablets")
DESK_ROLES: Final = (Role.FRONT_DESK, Role.OWNER)
#: The idle limit moves on at most this often, so that reading pages seldom writes.
NOTED_EVERY: Final = timedelta(minutes=1)


def resume() -> bool:
    """Put the session of the request's cookie, its person and practices into `g`; False where none stands."""
    secret = request.cookies.get(cookie_name(COOKIE))
    if not secret:
        return False
    with service().db.read() as session:
        found = accounts.resume(session, secret)
        if found is None:
            return False
        g.session_row, g.caller = found
        g.me = session.get(Person, g.caller.person_id)
        practices = session.scalars(
            select(Practice).where(Practice.id.in_(g.caller.practices(*Role))).order_by(Practice.name)
        ).all()
    g.practices = {practice.id: practice for practice in practices}
    if g.session_row.last_seen_at < now() - NOTED_EVERY:
        with service().db.write() as session:
            accounts.seen(session, g.session_row.id)
    return True


@bp.before_request
def enter() -> Response | None:
    """Ask to sign in where no session stands; refuse accounts that have no pages."""
    if request.endpoint == "console.sign_in":
        return None
    if not resume():
        return sign_in_page.instead()
    clinician = bool(caller().practices(Role.CLINICIAN))
    if request.endpoint == "console.today" and not clinician and caller().practices(*DESK_ROLES):
        return redirect(url_for("console.desk"), 303)
    if not (request.endpoint == "console.sign_out" or clinician or _owners() or _desk()):
        raise Forbidden("Your account has no pages here. Clients’ records are for their clinicians.")
    return None


def _owners() -> bool:
    """Whether this page is of the library or the practice, which owners see who treat nobody."""
    mine = bool(caller().practices(Role.OWNER))
    return mine and request.path.startswith(tuple(f"{bp.url_prefix}/{name}" for name in OWNERS))


def _desk() -> bool:
    """Whether this page is of the front desk."""
    mine = bool(caller().practices(*DESK_ROLES))
    return mine and request.path.startswith(tuple(f"{bp.url_prefix}/{name}" for name in DESKS))


def caller() -> Caller:
    """Who is signed in."""
    found: Caller = g.caller
    return found


def zone(practice_id: UUID) -> str:
    """The time zone of one of the caller's practices."""
    practice: Practice = g.practices[practice_id]
    return practice.time_zone


@bp.app_template_filter("capitalize_first")
def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


@bp.app_template_filter("parted")
def _parted(rows: list[Any], first: int) -> list[list[Any]]:
    """The first rows, and the rest where there is one."""
    return [part for part in (rows[:first], rows[first:]) if part]


def _measure(practice_id: UUID, key: str, version: int | None = None) -> str:
    if practice_id not in (libraries := g.setdefault("libraries", {})):
        with service().db.read() as session:
            libraries[practice_id] = library.of(session, practice_id)
    return words.measure(libraries[practice_id], key, version)


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    clinician = "caller" in g and bool(g.caller.practices(Role.CLINICIAN))
    return {
        "me": g.get("me"),
        "clinician": clinician,
        "owner": "caller" in g and bool(g.caller.practices(Role.OWNER)),
        "desk_here": clinician or ("caller" in g and bool(g.caller.practices(*DESK_ROLES))),
        "library": clinician or ("caller" in g and bool(g.caller.practices(Role.OWNER))),
        "when": lambda at, practice_id: times.moment(at, zone(practice_id)),
        "day": lambda at, practice_id: times.day(at, zone(practice_id)),
        "moment": times.moment,
        "date_words": times.date_words,
        "words_for": words,
        "told": message_words,
        "measure_name": _measure,
        "undo_seconds": service().settings.undo_seconds,
        "link_days": service().settings.link_days,
    }
