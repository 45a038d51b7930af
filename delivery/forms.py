"""A sitting at a form: begin, find again, keep each answer. Nothing here spends a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, jobs, links, renewals, sittings
from delivery.db import now
from delivery.errors import Conflict, NotFound
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import PermittedUse, Respondent
from delivery.settings import Settings
from delivery.sheets import Sheet, instruments
from delivery.signing import digest, form_key, fresh_secret, same
from delivery.states import OPEN_ASK, OPEN_LINK, AssignmentState, FormState, LinkState, move

#: A mis-tap can be changed for this long before an unfinished risk answer is told.
CHANGE_OF_MIND: Final = timedelta(minutes=2)
#: Which text about permitted uses the client saw.
USES_WORDING: Final = "uses-1"
#: Where a draft holds a choice of permitted uses before the first answer. No instrument has this key.
WAITING_USES: Final = "?uses"
#: How a sitting is named in addresses: so many characters of the URL-safe alphabet.
REF_LENGTH: Final = 12
REF: Final = re.compile(rf"[A-Za-z0-9_-]{{{REF_LENGTH}}}")
#: A browser holds at most about 180 cookies for one host.
MANY_COOKIES: Final = 200


def begin(
    session: Session,
    link: Link | None,
    assignment: Assignment,
    *,
    language: str,
    uses: tuple[bool, bool] | None = None,
    typed_by: UUID | None = None,
) -> tuple[FormSession, str]:
    """A new sitting and the secret for its browser. Harmless if a robot does it: nothing else changes.

    `uses` is (own statistics, alliance figures) where the client was asked; the choice waits in the draft
    until the first answer, so that a robot never chooses for anybody. Raises Conflict where the ask is no
    longer open.
    """
    if assignment.state not in OPEN_ASK or (link is not None and links.state(link) not in OPEN_LINK):
        raise Conflict("This form is no longer open.")
    secret = fresh_secret()
    form = FormSession(
        practice_id=assignment.practice_id,
        assignment_id=assignment.id,
        link_id=link.id if link else None,
        ref=fresh_secret()[:REF_LENGTH],
        secret_hash=digest(secret),
        language=language,
        last_at=now(),
        typed_by=typed_by,
    )
    form.draft = {}
    session.add(form)
    if uses is not None:
        remember_uses(form, uses)
    who = audit.Actor("person", typed_by) if typed_by else audit.CLIENT
    audit.record(session, form.practice_id, who, audit.Tag.FORM_BEGUN, assignment.id)
    session.flush()
    return form, secret


def remember_uses(form: FormSession, uses: tuple[bool, bool]) -> None:
    """Let a choice of permitted uses wait in the draft for the first answer."""
    own, alliance = ("yes" if use else None for use in uses)
    form.draft = {**(form.draft or {}), WAITING_USES: {"own": own, "alliance": alliance}}


def settle_uses(session: Session, form: FormSession, assignment: Assignment) -> None:
    """Keep the choice of permitted uses that waits in the draft, if any; the newest row counts."""
    draft = dict(form.draft or {})
    uses = draft.pop(WAITING_USES, None)
    if uses is None:
        return
    form.draft = draft
    session.add(
        PermittedUse(
            practice_id=assignment.practice_id,
            respondent_id=assignment.respondent_id,
            own_statistics=bool(uses["own"]),
            alliance_figures=bool(uses["alliance"]),
            wording=USES_WORDING,
            language=form.language,
            chosen_at=now(),
        )
    )
    session.flush()


def uses_chosen(session: Session, respondent_id: UUID) -> PermittedUse | None:
    """The client's latest choice, or None while never asked."""
    return session.scalars(
        select(PermittedUse)
        .where(PermittedUse.respondent_id == respondent_id)
        .order_by(PermittedUse.id.desc())
        .limit(1)
    ).first()


def find(session: Session, ref: str, secret: str | None, *, lock: bool = False) -> Sheet:
    """The form of a reference, for the browser that holds its secret. NotFound for anybody else.

    With `lock` (the ask's) two tabs that write at once wait for each other, so that neither loses an answer.
    """
    if not REF.fullmatch(ref):
        raise NotFound
    form = session.scalars(select(FormSession).where(FormSession.ref == ref)).one_or_none()
    if form is None or not secret or not same(form.secret_hash, digest(secret)):
        raise NotFound
    if lock:
        sittings.lock(session, form.assignment_id)
        session.refresh(form)
    return _sheet(session, form)


def of_browser(
    session: Session, link: Link, pairs: Mapping[str, str], *, lock: bool = False
) -> FormSession | None:
    """The open sitting on this link that one of a browser's {ref: secret} cookies belongs to.

    With `lock` the ask is held: what is written to the sitting then loses no answer of another tab.
    """
    if lock:
        sittings.lock(session, link.assignment_id)
    refs = [ref for ref in pairs if REF.fullmatch(ref)]
    rows = session.scalars(
        select(FormSession)
        .where(
            FormSession.link_id == link.id,
            FormSession.state == FormState.OPEN,
            FormSession.ref.in_(refs[:MANY_COOKIES]),  # robots may have begun thousands
        )
        .order_by(FormSession.last_at.desc())
    )
    for form in rows:
        secret = pairs.get(form.ref)
        if secret and same(form.secret_hash, digest(secret)):
            return form
    return None


def typed_in(session: Session, assignment: Assignment, person_id: UUID) -> Sheet:
    """The sitting in which a clinician types for this ask; made on first use.

    The ask is held: two tabs that open or write it at once get the same sitting, one after the other.
    """
    sittings.lock(session, assignment.id)
    form = session.scalars(
        select(FormSession)
        .where(
            FormSession.assignment_id == assignment.id,
            FormSession.typed_by == person_id,
            FormSession.state == FormState.OPEN,
        )
        .order_by(FormSession.id)
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()
    if form is None:
        form, _ = begin(session, None, assignment, language="en", typed_by=person_id)
    return _sheet(session, form)


def _sheet(session: Session, form: FormSession) -> Sheet:
    assignment = session.get(Assignment, form.assignment_id)
    assert assignment is not None
    link = session.get(Link, form.link_id) if form.link_id else None
    return Sheet(form, assignment, link, instruments(session, assignment), form.draft or {})


def check_key(secret: str, offered: str) -> None:
    """Raise NotFound unless the page was made for this browser's form (the client zone's CSRF rule)."""
    if not same(form_key(secret), offered):
        raise NotFound


def writable(sheet: Sheet, at: datetime | None = None) -> bool:
    """Whether this sitting may still be filled in and sent.

    The grace of an ended link counts from the press on Start, not from the first answer: whoever began in
    time may finish. `sittings.over` asks the same of the database.
    """
    if sheet.form.state is not FormState.OPEN or sheet.assignment.completed_at is not None:
        return False
    if sheet.link is not None:
        return links.takes_answers(sheet.link, sheet.form.created_at, at)
    return sheet.assignment.state in OPEN_ASK


def keep(
    session: Session, sheet: Sheet, key: str, answers: Mapping[str, str | None], *, place: str
) -> dict[str, dict[str, str | None]]:
    """Keep answers of one instrument in the draft. The first one begins the link and starts the ask.

    A critical answer plans a look at the draft after `CHANGE_OF_MIND`, whether or not the form is sent.
    """
    if not writable(sheet):
        raise Conflict("This form is no longer open.")
    at = now()
    form = sheet.form
    if answers:
        settle_uses(session, form, sheet.assignment)
    draft = {k: dict(v) for k, v in (form.draft or {}).items()}
    draft.setdefault(key, {}).update(answers)
    form.draft, form.place, form.last_at = draft, place, at
    if form.first_answer_at is None and answers:
        form.first_answer_at = at
        if sheet.link is not None:
            move(session, Link, sheet.link.id, LinkState.BEGUN)
        move(session, Assignment, sheet.assignment.id, AssignmentState.STARTED, started_at=at)
    instrument = next(i for i in sheet.instruments if i.key == key)
    critical = {item.id for item in instrument.items if item.critical}
    if form.typed_by is None and critical & answers.keys():
        stamp = int(at.timestamp() * 1000)
        jobs.add(
            session,
            "risk_check",
            form.id,
            practice_id=form.practice_id,
            key=f"{form.id}|{stamp}",
            due_at=at + CHANGE_OF_MIND,
        )
    return draft


def go_over(session: Session, sheet: Sheet, language: str) -> None:
    """The person reads on in another language. Answers are codes, so all of them stay.

    Where questions change their language and answers are kept already, the record says so.
    """
    form = sheet.form
    before = {one.key: sheet.language(one) for one in sheet.instruments}
    form.language = language
    after = {one.key: sheet.language(one) for one in sheet.instruments}
    if before == after or form.first_answer_at is None:
        return
    answered = {key: len(answers) for key, answers in sheet.draft.items() if key in before}
    detail = {"from": before, "to": after, "answered": answered}
    audit.record(
        session, form.practice_id, audit.CLIENT, audit.Tag.FORM_LANGUAGE, sheet.assignment.id, detail
    )


def ask_again(session: Session, link: Link, settings: Settings) -> bool:
    """ "Ask for a new link": sends one to the contact on file, at most daily and three times an ask.

    True where a message was planned. The page says the same either way. A link that ended because
    somebody died, the case was closed, or it was not for them or not wanted never re-invites.
    """
    if links.state(link) is not LinkState.EXPIRED:
        return False
    row = session.get(Assignment, link.assignment_id)
    respondent = session.get(Respondent, row.respondent_id) if row else None
    if row is None or respondent is None or row.channel not in (Way.EMAIL, Way.SMS):
        return False
    if row.completed_at or respondent.refused_at or link.renewals >= 3:
        return False
    return renewals.renew(session, row, link, respondent, settings)


def wipe_old(session: Session, limit: int = 200) -> int:
    """End sittings whose link, or ask in the room, takes no more answers, and wipe their drafts.

    A critical mark in such a draft was told long before (`CHANGE_OF_MIND`), or is told now where the worker
    that looks is late. Returns how many.
    """
    at = now()
    rows = session.execute(
        select(FormSession.assignment_id, FormSession.id)
        .join(Assignment, Assignment.id == FormSession.assignment_id)
        .where(FormSession.last_at < at - timedelta(hours=2), sittings.over(at))
        .order_by(FormSession.last_at)
        .limit(limit)
    ).all()
    old: dict[UUID, list[UUID]] = {}
    for assignment_id, form_id in rows:
        old.setdefault(assignment_id, []).append(form_id)
    return sum(
        sittings.end(session, sittings.lock(session, assignment_id), FormSession.id.in_(old[assignment_id]))
        for assignment_id in sorted(old)
    )
