"""One turn: the row that makes it happen once, and the ask, in one transaction."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from delivery import access, assignments, audit, jobs, links, notices
from delivery.assignments import Ask
from delivery.db import insert, now, uuid7
from delivery.errors import Invalid, LightQError, NotFound, NotSaved
from delivery.models.assignments import Assignment, Link
from delivery.models.messages import NoticeKind
from delivery.models.schedules import Occurrence, Outcome, Schedule
from delivery.schedules.turns import Turn
from delivery.settings import Settings
from delivery.states import OPEN_ASK, SUPERSEDABLE, AssignmentState, LinkState, move

NOT_YOURS: Final = "Whoever planned this is no longer on the client’s care team."
ODD: Final = "Something went wrong here. Nothing was sent."
#: Why an ask ended that a newer one of its schedule replaces.
NEWER: Final = "newer"
_LONGEST: Final = 200
log = structlog.get_logger()


def note(
    session: Session,
    row: Schedule,
    turn: Turn,
    outcome: Outcome,
    reason: str | None = None,
    assignment_id: UUID | None = None,
) -> UUID | None:
    """Keep what became of a turn; None where somebody else has dealt with it."""
    fresh = insert(session, Occurrence).values(
        id=uuid7(),
        created_at=now(),
        practice_id=row.practice_id,
        schedule_id=row.id,
        key=turn.key,
        due_at=turn.due_at,
        outcome=outcome,
        assignment_id=assignment_id,
        reason=reason,
    )
    found: UUID | None = session.scalars(
        fresh.on_conflict_do_nothing().returning(Occurrence.id)
    ).one_or_none()
    return found


def ask(session: Session, row: Schedule, turn: Turn, settings: Settings) -> None:
    """Ask what the schedule says, as whoever planned it. What may not be asked is kept with the reason, a
    line tells the clinicians, and the schedule goes on."""
    occurrence_id = note(session, row, turn, Outcome.MADE)
    if occurrence_id is None:
        return
    made = session.get_one(Occurrence, occurrence_id)
    try:
        with session.begin_nested():
            made.assignment_id = _ask(session, row, turn, settings)
        return
    except (NotSaved, OperationalError):
        raise
    except NotFound:
        why = NOT_YOURS
    except LightQError as error:
        why = words(error)
    except Exception as error:  # the other clients’ turns go on; what went wrong is in the log
        log.error("schedule.turn", error=jobs.where(error))
        why = ODD
    session.refresh(made)
    made.outcome, made.assignment_id, made.reason = Outcome.BLOCKED, None, why[:_LONGEST]
    notices.add(session, row.practice_id, row.client_id, NoticeKind.NOT_PLANNED)


def words(error: LightQError) -> str:
    """All that stands in the way, in plain words."""
    reasons = list(dict.fromkeys(error.fields.values())) if isinstance(error, Invalid) else []
    return " ".join(reasons) if len(reasons) > 1 else str(error)


def wanted(row: Schedule) -> Ask:
    """The ask of a schedule. How often it repeats was decided when it was planned."""
    return Ask(
        client_id=row.client_id,
        instruments=list(row.instruments),
        channel=row.channel,
        respondent_id=row.respondent_id,
        battery_id=row.battery_id,
        occasion=row.occasion,
        languages=row.languages,
        even_if_recent=True,
        reason=row.reason or "",
        expires_in_days=row.expires_in_days,
        reminders=row.reminders,
        reminder_days=row.reminder_days,
    )


def _ask(session: Session, row: Schedule, turn: Turn, settings: Settings) -> UUID:
    caller = access.caller(session, row.requested_by, row.practice_id)
    access.client(session, caller, row.client_id)
    _supersede(session, row)
    made = assignments.ask(
        session, caller, wanted(row), settings, undo=False, lane="bulk", schedule=(row.id, turn.key)
    )
    session.flush()
    return made.id


def _supersede(session: Session, row: Schedule) -> None:
    """End the schedule's ask that has no answer yet; its link speaks of a newer message.

    Answers that were begun in time are still taken, within the grace of a superseded link.
    """
    open_asks = session.scalars(
        select(Assignment).where(Assignment.schedule_id == row.id, Assignment.state.in_(OPEN_ASK))
    ).all()
    assignments.hold_messages(session, [old.id for old in open_asks])  # before the audit log, as workers do
    for old in open_asks:
        for link in session.scalars(
            select(Link).where(Link.assignment_id == old.id, Link.state.in_(SUPERSEDABLE))
        ).all():
            if not links.end(session, link, LinkState.SUPERSEDED, NEWER):
                move(session, Link, link.id, LinkState.SUPERSEDED, Link.state == LinkState.LOCKED)
        assignments.end(session, audit.WORKER, old, AssignmentState.EXPIRED, NEWER)
