"""What a press on a page of a walk does. Only the newest page of a walk does anything; every other one, from
Back, a reload or a second tab, leads to the empty start page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final, get_args
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from delivery import library, throttle
from delivery.db import now, uuid7
from delivery.errors import Invalid, NotSaved, TooMany
from delivery.screening import codes, pages, prospects, runs, storing
from delivery.screening.limits import limit
from delivery.screening.walks import Age, Seals, Walk
from delivery.web.answer_form import MISSED, REVIEW, SENT, Refused, parse, step
from delivery.web.answer_page import LANGUAGES, wanted_language
from delivery.web.screen import showing
from delivery.web.screen.showing import AFTER, CODE, CONTACT, Shown
from delivery.web.surface import Problem
from delivery.web.zones import service
from questionnaires.scoring import score

#: So many starts a minute from one network begin at once; others a moment later.
STARTS: Final = 30
#: So many of those others a minute from one network; more of them wait again.
HELD_STARTS: Final = 120
MINUTE: Final = timedelta(minutes=1)
#: How long a start waits then, and how long it may be taken up after that. Seconds.
WAIT: Final = 3
TAKEN_UP: Final = 300
#: Places of a walk that has not begun.
WAITING: Final = "waiting"


def shown_for(session: Session, slug: str, *, framed: bool) -> Shown:
    """The page of a slug for this request. Raises NotFound."""
    offer = pages.of_slug(session, slug)
    there = library.of(session, offer.page.practice_id)
    return Shown(offer, there, Seals(service().settings.keys), framed)


def press(shown: Shown, fields: MultiDict[str, str]) -> Response:
    """The page that follows a press."""
    if "start" in fields:
        return _begin(shown, fields)
    walk = shown.seals.open(fields.get("token", ""), shown.offer.page.id)
    if walk is None or walk.place == WAITING:
        return showing.start(shown, wanted_language())
    try:
        if fields.get("at", "") in AFTER:
            return _after(shown, walk, fields)
        return _answer(shown, walk, fields)
    except NotSaved:
        problem = Problem("not-saved", 503, fields)
        return showing.form(shown, walk, fields.get("at", ""), then=fields.get("then", ""), problem=problem)


def _begin(shown: Shown, fields: MultiDict[str, str]) -> Response:
    lang, chosen = wanted_language(), fields.get("start", "")
    age, _, key = chosen.partition(":")
    there = {one.key: one for one in shown.offer.for_age(age)} if age in get_args(Age) else {}  # type: ignore[arg-type]
    if key not in there:
        return showing.start(shown, lang)
    held = _ticket(shown, fields)
    walk = Walk(
        page_id=shown.offer.page.id,
        run_id=held or uuid7(),
        key=key,
        version=there[key].version,
        age=age,  # type: ignore[arg-type]
        language=lang,
        began_at=now().timestamp(),
    )
    kind, most = ("held-start", HELD_STARTS) if held else ("start", STARTS)
    many = limit(_secret(), kind, network(), most, MINUTE)
    with service().db.write() as session:
        wait = many.wait(session) or (0 if many.count(session) else 1)
        began = not wait and runs.begin(session, shown.offer.page, walk.run_id)
    if wait:
        later = replace(walk, place=WAITING, began_at=walk.began_at + WAIT)
        reply = showing.start(shown, lang, 429, ticket=shown.seals.seal(later), chosen=chosen)
        reply.headers["Retry-After"] = str(WAIT)
        return reply
    return showing.form(shown, walk, "") if began else showing.start(shown, lang)


def _ticket(shown: Shown, fields: MultiDict[str, str]) -> UUID | None:
    """The run of a ticket whose wait is over: it begins once, however many others start meanwhile."""
    held = shown.seals.open(fields.get("ticket", ""), shown.offer.page.id)
    if held is None or held.place != WAITING:
        return None
    late = now().timestamp() - held.began_at
    return held.run_id if 0 <= late <= TAKEN_UP else None


def network() -> str:
    """What counts as one network for this request."""
    return throttle.site(request.remote_addr or "")


def _secret() -> bytes:
    return service().settings.keys[-1].encode()


def _answer(shown: Shown, walk: Walk, fields: MultiDict[str, str]) -> Response:
    """A page inside the form."""
    sheet, at = shown.sheet(walk), fields.get("at", "")
    try:
        taken, language = step(sheet, posted := parse(fields, sheet, ("token",))), posted.language
    except Refused as refused:
        problem = Problem(refused.reason, 422, fields, refused.place)
        return showing.form(shown, walk, at, then=fields.get("then", ""), problem=problem)
    with service().db.write() as session:
        newest = runs.take(session, walk)
        if newest and taken.place in (REVIEW, MISSED, SENT):
            runs.finish(session, shown.offer.page, walk.run_id)
    if not newest:
        return showing.start(shown, walk.language)
    walk = walk.after(
        draft=taken.draft,
        place=taken.stand,
        language=language or walk.language,
        # As the answers stand: a mark that was taken back is not spoken of.
        risk=any(score(one, dict(taken.draft.get(one.key, {}))).alerts for one in sheet.instruments),
        by_hand=walk.by_hand if taken.by_hand is None else taken.by_hand,
    )
    return showing.form(shown, walk, taken.place, then=taken.then, of=taken.of)


def _after(shown: Shown, walk: Walk, fields: MultiDict[str, str]) -> Response:
    """A page after the questions: the result, the contact, the code."""
    language, go = fields.get("lang", ""), fields.get("go", "")
    # A press on a language is that alone, whatever the page's Enter would do.
    act = None if language else {"code": _ask_code, "check": _check, "clear": _clear}.get(go)
    if act is not None and (go == "clear" or shown.offer.page.takes_contact):
        return act(shown, walk, fields)
    with service().db.write() as session:
        newest = runs.take(session, walk)
    if not newest:
        return showing.start(shown, walk.language)
    walk = walk.after(language=language if language in LANGUAGES else walk.language)
    if to := fields.get("to"):
        return showing.form(shown, walk, to)
    at = fields["at"] if language else go
    if at == CONTACT and shown.offer.page.takes_contact:
        return showing.contact(shown, walk, typed=fields)
    if at == CODE and walk.wanted is not None:
        return showing.code(shown, walk, left=codes.MOST_TRIES - walk.wanted.tries)
    return showing.result(shown, walk)


def _clear(shown: Shown, walk: Walk, _fields: MultiDict[str, str]) -> Response:
    """ "Clear it now": none of the walk's pages opens anything any more."""
    with service().db.write() as session:
        runs.end(session, walk.run_id)
    return showing.start(shown, walk.language)


def _ask_code(shown: Shown, walk: Walk, fields: MultiDict[str, str]) -> Response:
    """Send six digits to the contact that was typed. Nothing of the visitor is stored yet."""
    page, settings = shown.offer.page, service().settings
    try:
        wanted, digits = codes.read(fields.get("contact", ""), fields.get("called_by", ""), _secret())
        with service().db.write() as session:
            if not runs.take(session, walk):
                return showing.start(shown, walk.language)
            wished = codes.allow(session, page, wanted, network(), _secret())
    except Invalid as error:
        why = "name" if "called_by" in error.fields else "contact"
        return showing.contact(shown, walk, 422, typed=fields, why=why)
    except TooMany as error:
        reply = showing.contact(shown, walk, 429, typed=fields, why="often")
        reply.headers["Retry-After"] = str(error.retry_after)
        return reply
    walk = walk.after()
    try:
        codes.send(wanted, digits, shown.offer.practice, walk.language, settings, wished=wished)
    except codes.NotSent:
        return showing.contact(shown, walk, 503, typed=fields, why="provider")
    return showing.code(shown, replace(walk, wanted=wanted), left=codes.MOST_TRIES)


def _check(shown: Shown, walk: Walk, fields: MultiDict[str, str]) -> Response:
    """The digits: right ones make the record, in the transaction that takes this step."""
    wanted, token = walk.wanted, ""
    with service().db.write() as session:
        newest = runs.take(session, walk, twice=False)
        again = not newest and runs.take(session, walk)
        if newest and wanted and not codes.count_try(session, wanted, walk.run_id, _secret()):
            wanted = None
        # The second press of a double click is no try: nothing is compared but what was right before.
        compared = newest or (again and storing.stored(session, walk))
        if compared and wanted and codes.check(wanted, fields.get("code", ""), _secret()):
            client = storing.store(session, shown.offer.page, walk)
            token = prospects.withdrawal(client.id, service().tokens)
    if not (newest or again):
        return showing.start(shown, walk.language)
    if token:
        return showing.page(
            shown, "sent", walk.language, token=token, client_url=service().settings.client_url
        )
    left = codes.MOST_TRIES - wanted.tries - 1 if wanted else 0
    if wanted is None or left <= 0:
        return showing.contact(shown, walk.after(wanted=None), 410, why="over")
    walk = walk.after(wanted=replace(wanted, tries=wanted.tries + 1))
    return showing.code(shown, walk, 422, why="wrong", left=left)
