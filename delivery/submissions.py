"""Taking answers: every instrument of an ask, its alerts and the work that follows, in ONE transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import alerts, assignments, audit, forms, jobs, links, sittings
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import ContactPoint, ContactState
from delivery.models.messages import Dispatch
from delivery.models.results import Submission
from delivery.sheets import Sheet
from delivery.states import AssignmentState, FormState, LinkState, move
from questionnaires import answers as given
from questionnaires.answers import Answers
from questionnaires.schema import Item


@dataclass(frozen=True)
class Missed:
    """Questions that are neither answered nor left blank on purpose, by instrument key."""

    items: dict[str, list[Item]]

    def __len__(self) -> int:
        return sum(len(items) for items in self.items.values())


@dataclass(frozen=True)
class Outcome:
    """What became of a press on "Send my answers"."""

    kind: Literal["sent", "already-sent", "missed"]
    missed: Missed | None = None
    blanks: int = 0


def missed(sheet: Sheet) -> Missed:
    """What the page names once before sending."""
    found = {}
    for instrument in sheet.instruments:
        here = {item.id for item in sheet.items(instrument)}
        items = given.unanswered(instrument, sheet.answers(instrument.key))
        found[instrument.key] = [item for item in items if item.id in here]
    return Missed({key: items for key, items in found.items() if items})


def accept(session: Session, sheet: Sheet, *, blank_rest: bool = False) -> Outcome:
    """Store the answers of a sitting and spend its link; of any number of parallel calls one stores.

    With `blank_rest` what is still missing counts as left blank on purpose. Repeats, from any tab, browser
    or device, get "already-sent". Raises Conflict where the form had ended before it was begun, and
    questionnaires' BadAnswers where the draft does not fit the instrument.
    """
    form, row = sheet.form, sittings.lock(session, sheet.assignment.id)
    if row.completed_at is not None or form.state is FormState.SUBMITTED:
        return Outcome("already-sent")
    if not forms.writable(sheet):
        raise Conflict("This form has ended.")
    draft: dict[str, Answers] = {}
    for instrument in sheet.instruments:
        answers = given.check(instrument, sheet.answers(instrument.key))
        open_items = given.unanswered(instrument, answers)
        if blank_rest:
            answers.update({item.id: None for item in open_items})
            # A blank may close a gate or open a question; what is applicable is asked again.
            open_items = given.unanswered(instrument, answers)
        if open_items:
            return Outcome("missed", missed(sheet))
        asked = {item.id for item in given.applicable(instrument, answers)}
        draft[instrument.key] = {name: code for name, code in answers.items() if name in asked}
    at = now()
    late = row.state is AssignmentState.EXPIRED or (
        sheet.link is not None and links.state(sheet.link, at) in links.GRACE
    )
    if not move(
        session,
        Assignment,
        row.id,
        AssignmentState.COMPLETED,
        Assignment.completed_at.is_(None),
        completed_at=at,
        ended_at=None,
    ):
        return Outcome("already-sent")
    started = form.first_answer_at or form.created_at
    forms.settle_uses(session, form, row)
    # Before the sent answers, so that these have the last word on an alert of both.
    sittings.end(session, row, FormSession.id != form.id)
    for instrument in sheet.instruments:
        stored = _store(session, sheet, instrument.key, draft[instrument.key], started, at, late)
        alerts.raise_for(session, row, instrument, draft[instrument.key], stored)
        jobs.add(session, "score", stored.id, practice_id=row.practice_id)
    _close(session, sheet)
    who = audit.Actor("person", form.typed_by) if form.typed_by else audit.CLIENT
    tag = audit.Tag.TYPED_IN if form.typed_by else audit.Tag.SUBMITTED
    audit.record(session, row.practice_id, who, tag, row.id)
    return Outcome("sent", blanks=left_blank(sheet, draft))


def left_blank(sheet: Sheet, answers: Mapping[str, Answers]) -> int:
    """How many questions were left blank on purpose; one that counts in two instruments is one question."""
    return sum(
        answers.get(instrument.key, {}).get(item.id, "") is None
        for instrument in sheet.instruments
        for item in sheet.items(instrument)
    )


def _store(
    session: Session, sheet: Sheet, key: str, answers: Answers, started: datetime, at: datetime, late: bool
) -> Submission:
    row, form = sheet.assignment, sheet.form
    instrument = next(i for i in sheet.instruments if i.key == key)
    uses = forms.uses_chosen(session, row.respondent_id)
    # The words that were answered last, not the language of the buttons around them.
    language = sheet.language(instrument)
    stored = Submission(
        practice_id=row.practice_id,
        assignment_id=row.id,
        client_id=row.client_id,
        episode_id=row.episode_id,
        respondent_id=row.respondent_id,
        instrument_key=key,
        instrument_version=instrument.version,
        content_hash=instrument.content_hash,
        language=language,
        wording_hash=instrument.wording_hash(language),
        channel=Way.KIOSK if form.device_id is not None else row.channel,
        identity=certainty(session, row, form),
        typed_by=form.typed_by,
        started_at=started,
        answered_at=at,
        late=late,
        uses=_uses(uses),
    )
    stored.answers = answers
    session.add(stored)
    session.flush()
    return stored


def _uses(row: Any) -> dict[str, Any]:
    if row is None:
        return {"own_statistics": False, "alliance_figures": False, "wording": None}
    return {
        "own_statistics": row.own_statistics,
        "alliance_figures": row.alliance_figures,
        "wording": row.wording,
    }


def _close(session: Session, sheet: Sheet) -> None:
    """End the sitting, wipe its draft, spend the link, stop what was still to be sent."""
    row, form = sheet.assignment, sheet.form
    move(
        session,
        FormSession,
        form.id,
        FormState.SUBMITTED,
        last_at=now(),
        draft_sealed=None,
        resume_hash_sealed=None,
    )
    for link in session.scalars(select(Link).where(Link.assignment_id == row.id)):
        move(session, Link, link.id, LinkState.USED, ended_at=now(), token_id_sealed=None)
    assignments.stop_messages(session, row.id, "answered")


def certainty(session: Session, row: Assignment, form: FormSession) -> str:
    """How sure we are who answered: seen in the room, likely, or uncertain (report.md section 1)."""
    if form.typed_by is not None or form.device_id is not None:
        return "seen"
    point = session.scalars(
        select(ContactPoint)
        .join(Dispatch, Dispatch.contact_point_id == ContactPoint.id)
        .where(Dispatch.assignment_id == row.id)
        .limit(1)
    ).first()
    if point is None or point.state is not ContactState.CONFIRMED:
        return "uncertain"
    shared = session.scalars(
        select(ContactPoint.id).where(
            ContactPoint.practice_id == point.practice_id,
            ContactPoint.blind_index == point.blind_index,
            ContactPoint.respondent_id != point.respondent_id,
        )
    ).first()
    return "uncertain" if shared else "likely"


def of_assignment(session: Session, assignment_id: UUID) -> list[Submission]:
    """An ask's submissions in the order they were asked."""
    return list(
        session.scalars(
            select(Submission).where(Submission.assignment_id == assignment_id).order_by(Submission.id)
        )
    )
