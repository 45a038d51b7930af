"""Asking: an assignment with its link, its message and the work to send it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import access, audit, eligibility, links, messages, sign_in_links, sittings
from delivery.access import Caller
from delivery.audit import Actor
from delivery.db import now
from delivery.eligibility import Wish
from delivery.errors import Conflict, Invalid, NotFound
from delivery.messages import Lane
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.clients import Client, Episode, Respondent
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
from delivery.models.schedules import Schedule
from delivery.settings import Settings
from delivery.states import OPEN_ASK, UNSENT, AssignmentState, ClientState, DispatchState, LinkState, move


@dataclass(frozen=True)
class Ask:
    """What a clinician asks for; `eligibility.Wish` says what `languages` and `reason` are for.

    Without an occasion it is screening until something was answered in the episode, then progress.
    """

    client_id: UUID
    instruments: list[str]
    channel: Way
    respondent_id: UUID | None = None
    battery_id: UUID | None = None
    occasion: Occasion | None = None
    languages: Mapping[str, str] = field(default_factory=dict)
    even_if_recent: bool = False
    reason: str = ""
    send_at: datetime | None = None
    expires_in_days: int | None = None
    reminders: int = 0
    reminder_days: int = 3
    #: The one who answers may see the result at the end.
    show_result: bool = False


#: Reminders of one ask, at most.
MOST_REMINDERS: Final = 3


def open_episode(session: Session, client: Client, person_id: UUID) -> Episode:
    """The client's open episode; the first ask without one opens it."""
    episode = session.scalars(
        select(Episode).where(Episode.client_id == client.id, Episode.closed_at.is_(None))
    ).first()
    if episode is None:
        episode = Episode(
            practice_id=client.practice_id, client_id=client.id, opened_at=now(), opened_by=person_id
        )
        session.add(episode)
        session.flush()
    return episode


def ask(
    session: Session,
    caller: Caller,
    wanted: Ask,
    settings: Settings,
    *,
    undo: bool = True,
    lane: Lane = "interactive",
    schedule: tuple[UUID, str] | None = None,
) -> Assignment:
    """Plan an ask; with `undo` its message waits `undo_seconds`. `schedule`: its id and the local date.

    Raises NotFound, Invalid, Conflict.
    """
    client = lock(session, access.client(session, caller, wanted.client_id).id)
    if client.state is not ClientState.ACTIVE:
        raise Conflict("This client is paused or closed: nothing is sent.")
    respondent = _respondent(session, client, wanted.respondent_id)
    wish = wish_of(session, caller, wanted)
    chosen = eligibility.choose(session, client, respondent, wish)
    at = now()
    if wanted.send_at is not None and wanted.send_at > at + timedelta(days=366):
        raise Invalid("That is more than a year ahead.", {"send_at": "Choose a nearer time."})
    send_at = max(at, wanted.send_at or at)
    days = wanted.expires_in_days or settings.link_days
    if not 1 <= days <= 60:
        raise Invalid("A link lives 1 to 60 days.", {"expires_in_days": "1 to 60"})
    if not 0 <= wanted.reminders <= MOST_REMINDERS or not 1 <= wanted.reminder_days <= 30:
        raise Invalid(
            "Check the reminders.", {"reminders": f"0 to {MOST_REMINDERS}, each after 1 to 30 days."}
        )
    row = Assignment(
        practice_id=client.practice_id,
        client_id=client.id,
        episode_id=open_episode(session, client, caller.person_id).id,
        respondent_id=respondent.id,
        battery_id=wanted.battery_id,
        instruments=chosen,
        occasion=wish.occasion,
        channel=wanted.channel,
        requested_by=caller.person_id,
        created_at=at,
        send_at=send_at,
        expires_at=send_at + timedelta(days=days),
        reminders=wanted.reminders,
        reminder_days=wanted.reminder_days,
        show_result=wanted.show_result,
        schedule_id=schedule[0] if schedule else None,
        occurrence=schedule[1] if schedule else None,
    )
    session.add(row)
    session.flush()
    if wanted.channel in (Way.EMAIL, Way.SMS, Way.PORTAL):
        point = eligibility.reachable(session, respondent, wanted.channel)
        links.issue(session, row)
        wait = timedelta(seconds=settings.undo_seconds if undo else 0)
        due = send_at + wait
        page = sign_in_links.make(session, point, due).id if wanted.channel is Way.PORTAL else None
        messages.plan(session, row, point, Purpose.INVITATION, "invitation", due, lane=lane, code_id=page)
    decided = _decided(wanted)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.ASSIGNMENT_MADE, row.id, decided)
    return row


def wish_of(session: Session, caller: Caller, wanted: Ask) -> Wish:
    """The part of an ask that decides whether it may go out."""
    return Wish(
        instruments=wanted.instruments,
        channel=wanted.channel,
        occasion=wanted.occasion or eligibility.usual_occasion(session, wanted.client_id),
        asked_by=caller.person_id,
        languages=wanted.languages,
        even_if_recent=wanted.even_if_recent,
        reason=wanted.reason,
    )


def _decided(wanted: Ask) -> dict[str, Any] | None:
    """What the audit line keeps of decisions that go against what a measure is made for."""
    said = {"even_if_recent": wanted.even_if_recent, "reason": wanted.reason.strip()}
    return {name: value for name, value in said.items() if value} or None


def lock(session: Session, client_id: UUID) -> Client:
    """The client, held until the transaction ends: asks of one client, and its end, come one by one."""
    # "key_share": rows that point at the client may still be inserted, so a submit need not wait.
    return session.get_one(Client, client_id, with_for_update={"key_share": True}, populate_existing=True)


def _respondent(session: Session, client: Client, respondent_id: UUID | None) -> Respondent:
    rows = session.scalars(select(Respondent).where(Respondent.client_id == client.id)).all()
    if respondent_id is None:
        rows = [r for r in rows if r.role.value == "self"] or rows
    else:
        rows = [r for r in rows if r.id == respondent_id]
    if not rows:
        raise NotFound
    if rows[0].refused_at is not None:
        raise Conflict("The client said “I don’t want these forms now”. Talk about it first.")
    return rows[0]


def cancel(session: Session, caller: Caller, assignment_id: UUID) -> None:
    """Take an ask back: its unsent messages and its link end. Raises NotFound, Conflict."""
    row = access.one(session, caller, Assignment, assignment_id)
    if not end(session, caller.actor, row, AssignmentState.CANCELLED, "cancelled"):
        raise Conflict("This form is already answered or has ended.")


def end(session: Session, actor: Actor, row: Assignment, to: AssignmentState, reason: str) -> bool:
    """End an open ask with everything that hangs on it; False where it was not open."""
    hold_messages(session, [row.id])
    moved = move(
        session,
        Assignment,
        row.id,
        to,
        Assignment.state.in_(OPEN_ASK),
        ended_at=now(),
        end_reason=reason,
    )
    if not moved:
        return False
    if to is not AssignmentState.EXPIRED:
        sittings.end(session, row)  # risk answers that were marked are told before the draft goes
    stop_messages(session, row.id, reason)
    state = LinkState.EXPIRED if to is AssignmentState.EXPIRED else LinkState.REVOKED
    links.end_all(session, row.id, state, reason)
    audit.record(session, row.practice_id, actor, audit.Tag.ASSIGNMENT_ENDED, row.id, {"reason": reason})
    return True


def hold_messages(session: Session, assignment_ids: Iterable[UUID]) -> list[UUID]:
    """Lock the messages of asks that have not left, before anything else of the asks, as workers do.

    Whoever ends several asks locks all their messages first: each end also locks the practice's audit log.
    """
    unsent = (
        Dispatch.assignment_id.in_(list(assignment_ids)),
        Dispatch.state.in_(UNSENT),
        Dispatch.recipient == RecipientKind.CLIENT,
    )
    return list(session.scalars(select(Dispatch.id).where(*unsent).order_by(Dispatch.id).with_for_update()))


def stop_messages(session: Session, assignment_id: UUID, reason: str) -> None:
    """Cancel what has not left yet. A message whose call to the provider is under way keeps its own end."""
    # The lock first, in a statement of its own: the second one then sees what a worker has just committed.
    held = hold_messages(session, [assignment_id])
    under_way = select(Attempt.id).where(Attempt.dispatch_id == Dispatch.id, Attempt.state == "attempting")
    session.execute(
        update(Dispatch)
        .where(Dispatch.id.in_(held), ~under_way.exists())
        .values(state=DispatchState.CANCELLED, code=reason)
    )


def stop_all(
    session: Session, actor: Actor, client_id: UUID, reason: str, *, respondent_id: UUID | None = None
) -> int:
    """End every open ask and schedule of a client, or of one respondent; returns how many asks ended."""
    plans = update(Schedule).where(
        Schedule.stopped_at.is_(None),
        Schedule.episode_id.in_(select(Episode.id).where(Episode.client_id == client_id)),
    )
    asks = select(Assignment).where(Assignment.client_id == client_id, Assignment.state.in_(OPEN_ASK))
    if respondent_id is not None:
        plans = plans.where(Schedule.respondent_id == respondent_id)
        asks = asks.where(Assignment.respondent_id == respondent_id)
    session.execute(plans.values(stopped_at=now(), stop_reason=reason))
    rows = session.scalars(asks.order_by(Assignment.id)).all()
    hold_messages(session, [row.id for row in rows])
    return sum(end(session, actor, row, AssignmentState.CANCELLED, reason) for row in rows)


def expire_due(session: Session, limit: int = 200) -> int:
    """End asks whose time has passed; returns how many."""
    rows = session.scalars(
        select(Assignment).where(Assignment.state.in_(OPEN_ASK), Assignment.expires_at <= now()).limit(limit)
    ).all()
    hold_messages(session, [row.id for row in rows])
    return sum(end(session, audit.WORKER, row, AssignmentState.EXPIRED, "time") for row in rows)
