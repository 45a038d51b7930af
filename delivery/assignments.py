"""Asking: an assignment with its link, its message and the work to send it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import access, audit, eligibility, jobs, links, sittings
from delivery.access import Caller
from delivery.audit import Actor
from delivery.db import now
from delivery.eligibility import Wish
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.assignments import Assignment, Link, Occasion, Schedule, Way
from delivery.models.clients import Client, ContactPoint, Episode, Respondent
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
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
    session: Session, caller: Caller, wanted: Ask, settings: Settings, *, undo: bool = True
) -> Assignment:
    """Plan an ask; with `undo` its message waits `undo_seconds`. Raises NotFound, Invalid, Conflict."""
    client = lock(session, access.client(session, caller, wanted.client_id).id)
    if wanted.reminders:
        raise Invalid("Reminders are not in this version yet.", {"reminders": "Leave it at 0."})
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
    )
    session.add(row)
    session.flush()
    if wanted.channel in (Way.EMAIL, Way.SMS):
        point = eligibility.reachable(session, respondent, wanted.channel)
        links.issue(session, row)
        wait = timedelta(seconds=settings.undo_seconds if undo else 0)
        plan_message(session, row, point, Purpose.INVITATION, "invitation", send_at + wait)
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


def plan_message(
    session: Session, row: Assignment, point: ContactPoint, purpose: Purpose, key: str, due_at: datetime
) -> Dispatch:
    """A planned message to the client of an assignment, and the work to send it."""
    dispatch = Dispatch(
        practice_id=row.practice_id,
        purpose=purpose,
        recipient=RecipientKind.CLIENT,
        assignment_id=row.id,
        respondent_id=row.respondent_id,
        contact_point_id=point.id,
        channel=point.kind.value,
        business_key=f"{key}|{row.id}",
        due_at=due_at,
    )
    session.add(dispatch)
    session.flush()
    jobs.add(session, "send", dispatch.id, practice_id=row.practice_id, due_at=due_at)
    return dispatch


def resend(session: Session, caller: Caller, assignment_id: UUID) -> Dispatch:
    """Send the same link once more, because a person asked. Raises NotFound, Conflict."""
    row = access.one(session, caller, Assignment, assignment_id)
    lock(session, row.client_id)
    if row.state not in OPEN_ASK or row.channel not in (Way.EMAIL, Way.SMS):
        raise Conflict("This form is no longer open, so there is nothing to send again.")
    waiting = session.scalars(
        select(Dispatch.id).where(
            Dispatch.assignment_id == row.id,
            Dispatch.state.in_(UNSENT),
            Dispatch.recipient == RecipientKind.CLIENT,
        )
    ).first()
    if waiting:
        raise Conflict("A message for this form is already on its way.")
    respondent = session.get(Respondent, row.respondent_id)
    assert respondent is not None
    point = eligibility.reachable(session, respondent, row.channel)
    number = len(session.scalars(select(Dispatch.id).where(Dispatch.assignment_id == row.id)).all())
    if row.expires_at <= now() or not _open_link(session, row.id):
        row.expires_at = max(row.expires_at, now() + timedelta(days=7))
        links.issue(session, row)
    return plan_message(session, row, point, Purpose.INVITATION, f"again-{number}", now())


def _open_link(session: Session, assignment_id: UUID) -> Link | None:
    rows = session.scalars(select(Link).where(Link.assignment_id == assignment_id)).all()
    return next((link for link in rows if links.state(link) in (LinkState.OPEN, LinkState.BEGUN)), None)


def cancel(session: Session, caller: Caller, assignment_id: UUID) -> None:
    """Take an ask back: its unsent messages and its link end. Raises NotFound, Conflict."""
    row = access.one(session, caller, Assignment, assignment_id)
    if not end(session, caller.actor, row, AssignmentState.CANCELLED, "cancelled"):
        raise Conflict("This form is already answered or has ended.")


def end(session: Session, actor: Actor, row: Assignment, to: AssignmentState, reason: str) -> bool:
    """End an open ask with everything that hangs on it; False where it was not open."""
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


def stop_messages(session: Session, assignment_id: UUID, reason: str) -> None:
    """Cancel what has not left yet. A message whose call to the provider is under way keeps its own end."""
    unsent = (
        Dispatch.assignment_id == assignment_id,
        Dispatch.state.in_(UNSENT),
        Dispatch.recipient == RecipientKind.CLIENT,
    )
    # The lock first, in a statement of its own: the second one then sees what a worker has just committed.
    session.execute(select(Dispatch.id).where(*unsent).with_for_update())
    under_way = select(Attempt.id).where(Attempt.dispatch_id == Dispatch.id, Attempt.state == "attempting")
    session.execute(
        update(Dispatch)
        .where(*unsent, ~under_way.exists())
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
    return sum(end(session, actor, row, AssignmentState.CANCELLED, reason) for row in rows)


def expire_due(session: Session, limit: int = 200) -> int:
    """End asks whose time has passed; returns how many."""
    rows = session.scalars(
        select(Assignment).where(Assignment.state.in_(OPEN_ASK), Assignment.expires_at <= now()).limit(limit)
    ).all()
    return sum(end(session, audit.WORKER, row, AssignmentState.EXPIRED, "time") for row in rows)
