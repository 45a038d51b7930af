"""One signed step of a tablet: what was pressed, and the page that follows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Response, jsonify
from sqlalchemy.orm import Session

from delivery import forms, sittings
from delivery.errors import NotSaved
from delivery.kiosk import calls, clock, signed, tickets, walk_up
from delivery.models.assignments import FormSession
from delivery.sheets import Sheet
from delivery.signing import digest, form_key
from delivery.web import answer_sitting
from delivery.web.answer_form import HELP, SENT, STOP, Refused
from delivery.web.answer_page import LANGUAGES, in_another_language
from delivery.web.answer_page import about as facts_of
from delivery.web.kiosk import door, pages
from delivery.web.kiosk.door import Step, bp
from delivery.web.kiosk.pages import SURFACE, Shown, last, show, start, within
from delivery.web.kiosk.sitting import Sitting, Tablet, find, tablet
from delivery.web.surface import Problem
from delivery.web.zones import service
from questionnaires import sharing


@dataclass(frozen=True)
class Turn:
    """One step on its way: where it came from, and the sitting that it belongs to, if any."""

    session: Session
    here: Tablet
    pressed: Step
    found: Sitting | None = None

    @property
    def on(self) -> Sitting:
        """The sitting of a step that has one."""
        assert self.found is not None
        return self.found


@bp.post("/step")
def step() -> Response:
    """Prove the tablet, then do what was pressed. Every reply is for the script."""
    try:
        told = door.signed()
        with service().db.write() as session:
            device_id = signed.prove(session, told).id
    except signed.NotEnrolled as error:
        return _refused(error.status, gone=True)
    except signed.Repeated as error:
        return _refused(error.status, last=error.last)
    pressed = door.read(told.body)
    try:
        with service().db.write() as session:
            return DOES.get(pressed.do, _home)(Turn(session, tablet(session, device_id), pressed)).reply()
    except Refused as refused:
        problem = Problem(refused.reason, 422, pressed.fields, refused.place)
    except NotSaved:
        problem = Problem("not-saved", 503, pressed.fields)
    with service().db.read() as session:
        turn = Turn(session, tablet(session, device_id), pressed)
        found = find(session, turn.here, pressed, lock=False)
        if found is None or found.sent:
            return _home(turn).reply()
        return _place(session, found, pressed.fields.get("at", ""), problem=problem).reply()


def _refused(status: int, **said: Any) -> Response:
    reply = jsonify(**said)
    reply.status_code = status
    return reply


def _home(turn: Turn, said: str = "", lang: str = "") -> Shown:
    """The start page; with `said`, why it is back."""
    offers = bool(walk_up.of_practices(turn.session, turn.here.granted))
    lang = lang or turn.pressed.language
    return start(turn.here.device, turn.here.practices, lang, said=said, walk_up=offers)


def _code(turn: Turn) -> Shown:
    """Digits from the pad. The same digits again from the same page find what they opened: a lost reply."""
    session, here, pressed = turn.session, turn.here, turn.pressed
    digits = "".join(sign for sign in pressed.fields.get("code", "") if sign.isascii() and sign.isdigit())
    key = service().settings.keys[-1].encode()
    if "lang" in pressed.fields:
        return _home(turn)
    if not digits or not pressed.secret:
        return _home(turn, "wrong")
    again = tickets.opened(session, here.device, digits, key, digest(pressed.secret))
    if again is not None:
        found = find(session, here, door.holding(pressed, again.ref))
        return _begun(session, found) if found else _home(turn, "time")
    opened = tickets.take(session, here.device, here.granted, digits, key, pressed.language)
    if opened is None:
        return _home(turn, "wrong")
    opened.form.secret_hash = digest(pressed.secret)
    session.flush()
    found = find(session, here, door.holding(pressed, opened.form.ref))
    assert found is not None
    return _begun(session, found)


def _begun(session: Session, found: Sitting, ticked: Sequence[str] = ()) -> Shown:
    """The page before the first question, or before going on where somebody stopped."""
    sheet, row = found.sheet, found.sheet.assignment
    lang = sheet.form.language
    elsewhere = sharing.asked_elsewhere(sheet.instruments)
    items = [item for one in sheet.instruments for item in one.items if (one.key, item.id) not in elsewhere]
    page = show(
        "begin",
        lang,
        about=facts_of(session, row),
        key=form_key(found.secret),
        goes_on=sheet.form.first_answer_at is not None,
        questions=len(items),
        some_skip=any(item.asked_if for item in items),
        minutes=sum(one.minutes for one in sheet.instruments),
        foreign=in_another_language(sheet.instruments, row, lang),
        ask_uses=forms.uses_chosen(session, row.respondent_id) is None,
        ticked=ticked,
    )
    return within(sheet, found.secret, found.ticket, page)


def _on(act: Callable[[Turn], Shown]) -> Callable[[Turn], Shown]:
    """A step that belongs to a sitting: without one, or after its end, the start page follows."""

    def checked(turn: Turn) -> Shown:
        found = find(turn.session, turn.here, turn.pressed)
        if found is None:
            return _home(turn, "time" if turn.pressed.ref else "")
        if found.sent:
            return _sent(turn.session, found)
        if not forms.writable(found.sheet):
            tickets.close(turn.session, found.ticket, "closed")
            return _home(turn, "closed")
        return act(replace(turn, found=found))

    return checked


def _begin(turn: Turn) -> Shown:
    """Start, or go on. A choice of uses waits for the first answer."""
    session, found, fields = turn.session, turn.on, turn.pressed.fields
    form = found.sheet.form
    forms.check_key(found.secret, fields.get("key", ""))
    clock.answered(found.ticket, form)
    if fields.get("lang") in LANGUAGES:
        form.language = fields["lang"]
        return _begun(session, found, fields.getlist("use"))
    if forms.uses_chosen(session, found.sheet.assignment.respondent_id) is None:
        ticked = set(fields.getlist("use"))
        forms.remember_uses(form, ("own" in ticked, "alliance" in ticked))
    return _place(session, found, "")


def _answer(turn: Turn) -> Shown:
    """A page of the form."""
    session, found = turn.session, turn.on
    clock.answered(found.ticket, found.sheet.form)
    taken = answer_sitting.take(session, found.sheet, found.secret, turn.pressed.fields, SURFACE)
    found = replace(found, sheet=_again(session, found.sheet))
    if taken.place == SENT:
        tickets.close(session, found.ticket, "sent")
        return _sent(session, found)
    return _place(session, found, taken.place, then=taken.then, of=taken.of)


def _again(session: Session, sheet: Sheet) -> Sheet:
    """The sheet with what has just been kept."""
    form = session.get_one(FormSession, sheet.form.id, populate_existing=True)
    return Sheet(form, sheet.assignment, None, sheet.instruments, form.draft or {})


def _place(
    session: Session, found: Sitting, at: str, *, then: str = "", of: str = "", problem: Problem | None = None
) -> Shown:
    """A page of the form; risk and stopping have quiet pages of their own here."""
    sheet = found.sheet
    if at in (HELP, STOP):
        page = show(
            "risk" if at == HELP else "stopped",
            sheet.form.language,
            about=facts_of(session, sheet.assignment),
            key=form_key(found.secret),
            of=of,
            asked=calls.stands(session, sheet.assignment.id),
            surface=SURFACE,
        )
        if at == STOP:
            tickets.close(session, found.ticket, "stopped")
            return last(page, sheet.form.language)
        return within(sheet, found.secret, found.ticket, page)
    reply = answer_sitting.render(session, sheet, found.secret, at, SURFACE, then=then, problem=problem)
    return within(sheet, found.secret, found.ticket, reply.get_data(as_text=True))


def _sent(session: Session, found: Sitting) -> Shown:
    """ "Please hand the tablet back": no score, no answer."""
    lang = found.sheet.form.language
    return last(show("sent", lang, about=facts_of(session, found.sheet.assignment)), lang)


def _fetch(turn: Turn) -> Shown:
    """ "Ask the desk to fetch them"."""
    found, fields = turn.on, turn.pressed.fields
    forms.check_key(found.secret, fields.get("key", ""))
    calls.make(turn.session, found.sheet.assignment, turn.here.device.id)
    clock.answered(found.ticket, found.sheet.form)
    return _place(turn.session, found, HELP, of=fields.get("of", ""))


def _not_me(turn: Turn) -> Shown:
    """ "Not for me": the code was for somebody else. What that person has answered waits for them."""
    form = turn.on.sheet.form
    if form.first_answer_at is None:
        sittings.end(turn.session, turn.on.sheet.assignment, FormSession.id == form.id)
    tickets.close(turn.session, turn.on.ticket, "not-me")
    return _home(turn, "not-me", form.language)


def _more(turn: Turn) -> Shown:
    """ "I need more time". The page stays as it is."""
    if not clock.more(turn.on.ticket, turn.on.sheet.form):
        tickets.close(turn.session, turn.on.ticket, "time-out")
        return _home(turn, "time", turn.on.sheet.form.language)
    return _as_it_is(turn.on)


def _touch(turn: Turn) -> Shown:
    """Somebody touched the screen."""
    clock.touched(turn.on.ticket)
    return _as_it_is(turn.on)


def _wiped(turn: Turn) -> Shown:
    """Nobody answered "Still there?", and the tablet has wiped its screen. What was marked there is kept."""
    if "at" in turn.pressed.fields:
        with contextlib.suppress(Refused):
            answer_sitting.take(turn.session, turn.on.sheet, turn.on.secret, turn.pressed.fields, SURFACE)
    tickets.close(turn.session, turn.on.ticket, "time-out")
    return _home(turn, "time")


def _stop(turn: Turn) -> Shown:
    """ "I am done for now", from the page that asks "Still there?"."""
    return _place(turn.session, turn.on, STOP)


def _look(turn: Turn) -> Shown:
    """The tablet looks whether all is as it was."""
    if not turn.pressed.ref:
        return Shown(None, language=turn.pressed.language)
    found = find(turn.session, turn.here, turn.pressed)
    if found is None or found.sent or not forms.writable(found.sheet):
        return _home(turn, "time")
    return _as_it_is(found)


def _as_it_is(found: Sitting) -> Shown:
    return within(found.sheet, found.secret, found.ticket, None)


def _walk_up(turn: Turn) -> Shown:
    """Anonymous questions, on the person's own phone: squares to point it at."""
    offers = walk_up.of_practices(turn.session, turn.here.granted)
    if not offers:
        return _home(turn)
    lang = turn.pressed.language
    squares = walk_up.squares(offers, service().settings.client_url)
    return Shown(show("walk_up", lang or "en", offers=squares), home_in=pages.WALK_UP_IN, language=lang)


DOES: Final[dict[str, Callable[[Turn], Shown]]] = {
    "start": _home,
    "code": _code,
    "begin": _on(_begin),
    "answer": _on(_answer),
    "fetch": _on(_fetch),
    "not-me": _on(_not_me),
    "more": _on(_more),
    "touch": _on(_touch),
    "stop": _on(_stop),
    "wiped": _on(_wiped),
    "look": _look,
    "walk-up": _walk_up,
}
