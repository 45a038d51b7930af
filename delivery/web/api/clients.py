"""Clients and their episodes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, client_life, clients, contacts
from delivery.access import Caller
from delivery.errors import Invalid, NotFound
from delivery.models.clients import Client, Consent, Episode, PermittedUse, Respondent
from delivery.models.results import EpisodeSummary
from delivery.states import ClientState
from delivery.web.api import answers, reach_answers
from delivery.web.api.routes import route
from delivery.web.api.schemas import ClientChangeBody, NewClientBody, NoFields


@route("POST", "/clients", body=NewClientBody, answer=answers.ClientMade, status=201)
def add_client(session: Session, caller: Caller, body: NewClientBody) -> answers.ClientMade:
    """Add a client to the caller's caseload."""
    fields = {name: value for name, value in body.given().items() if name != "respondents"}
    client = clients.add(session, caller, **fields, respondents=[one.new() for one in body.respondents])
    rows = sorted(clients.respondents(session, client.id), key=lambda row: row.id)
    made = [answers.RespondentMade(id=row.id, role=row.role) for row in rows]
    return answers.ClientMade(id=client.id, state=client.state, respondents=made)


@route("GET", "/clients/<uuid:client_id>", answer=answers.ClientShown)
def show_client(session: Session, caller: Caller, client_id: UUID) -> answers.ClientShown:
    """A client's record, without answers."""
    client = access.client(session, caller, client_id)
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_READ, client.id)
    return _shown(session, client)


@route("PATCH", "/clients/<uuid:client_id>", body=ClientChangeBody, answer=answers.ClientShown)
def change_client(
    session: Session, caller: Caller, client_id: UUID, body: ClientChangeBody
) -> answers.ClientShown:
    """Change what is named; null clears a field."""
    client = clients.change(session, caller, client_id, **body.given())
    if not (client.given_name or client.family_name):
        raise Invalid("A client needs a name.", {"given_name": "One of the two names has to stay."})
    return _shown(session, client)


def _move(session: Session, caller: Caller, client_id: UUID, to: ClientState) -> answers.ClientMoved:
    stopped = client_life.set_state(session, caller, client_id, to)
    return answers.ClientMoved(id=client_id, state=to, stopped=stopped)


@route("POST", "/clients/<uuid:client_id>/pause", body=NoFields, answer=answers.ClientMoved)
def pause_client(session: Session, caller: Caller, client_id: UUID, body: NoFields) -> answers.ClientMoved:  # noqa: ARG001
    """Stop everything for now: open asks, messages and links end."""
    return _move(session, caller, client_id, ClientState.PAUSED)


@route("POST", "/clients/<uuid:client_id>/resume", body=NoFields, answer=answers.ClientMoved)
def resume_client(session: Session, caller: Caller, client_id: UUID, body: NoFields) -> answers.ClientMoved:  # noqa: ARG001
    """Go on after a pause."""
    return _move(session, caller, client_id, ClientState.ACTIVE)


@route("POST", "/clients/<uuid:client_id>/close", body=NoFields, answer=answers.ClientMoved)
def close_client(session: Session, caller: Caller, client_id: UUID, body: NoFields) -> answers.ClientMoved:  # noqa: ARG001
    """End the care of a client and the open episode."""
    return _move(session, caller, client_id, ClientState.CLOSED)


@route("POST", "/clients/<uuid:client_id>/died", body=NoFields, answer=answers.ClientMoved)
def note_death(session: Session, caller: Caller, client_id: UUID, body: NoFields) -> answers.ClientMoved:  # noqa: ARG001
    """Note a death; nothing is ever sent again."""
    return _move(session, caller, client_id, ClientState.DECEASED)


@route("GET", "/episodes/<uuid:episode_id>", answer=answers.EpisodeShown)
def show_episode(session: Session, caller: Caller, episode_id: UUID) -> answers.EpisodeShown:
    """A course of care with what its measures say so far."""
    episode = session.get(Episode, episode_id)
    if episode is None:
        raise NotFound
    access.client(session, caller, episode.client_id)
    audit.record(
        session,
        episode.practice_id,
        caller.actor,
        audit.Tag.CLIENT_READ,
        episode.client_id,
        {"episode": str(episode.id)},
    )
    rows = session.scalars(
        select(EpisodeSummary)
        .where(EpisodeSummary.practice_id == episode.practice_id, EpisodeSummary.episode_id == episode.id)
        .order_by(EpisodeSummary.id)
    )
    return answers.EpisodeShown(
        id=episode.id,
        client_id=episode.client_id,
        opened_at=episode.opened_at,
        closed_at=episode.closed_at,
        close_reason=episode.close_reason,
        setting=episode.setting,
        mandated=episode.mandated,
        payer=episode.payer,
        diagnosis_group=episode.diagnosis_group,
        summaries=[
            answers.Summary(
                instrument=row.instrument_key,
                respondent_id=row.respondent_id,
                updated_at=row.updated_at,
                summary=row.summary,
            )
            for row in rows
        ],
    )


def _shown(session: Session, client: Client) -> answers.ClientShown:
    episode = session.scalars(
        select(Episode.id).where(Episode.client_id == client.id, Episode.closed_at.is_(None))
    ).first()
    return answers.ClientShown(
        id=client.id,
        state=client.state,
        given_name=client.given_name,
        family_name=client.family_name,
        called_by=client.called_by,
        report_label=client.report_label,
        date_of_birth=client.date_of_birth,
        sex_for_scoring=client.sex_for_scoring,
        language=client.language,
        time_zone=client.time_zone,
        county=client.county,
        emergency_contact=client.emergency_contact,
        open_episode=episode,
        respondents=[_respondent(session, row) for row in clients.respondents(session, client.id)],
    )


def _respondent(session: Session, row: Respondent) -> answers.Respondent:
    consents = session.scalars(select(Consent).where(Consent.respondent_id == row.id).order_by(Consent.id))
    uses = session.scalars(
        select(PermittedUse).where(PermittedUse.respondent_id == row.id).order_by(PermittedUse.id.desc())
    ).first()
    return answers.Respondent(
        id=row.id,
        role=row.role,
        name=row.name,
        language=row.language,
        refused_at=row.refused_at,
        contact_points=[
            reach_answers.ContactPoint(
                id=p.id,
                kind=p.kind,
                value=p.value or "",
                safe_for=p.safe_for,
                safe_hours=p.safe_hours,
                fallback=p.fallback,
                state=p.state,
                state_reason=p.state_reason,
                confirmed_at=p.confirmed_at,
                confirmed_how=p.confirmed_how,
            )
            for p in contacts.of_respondent(session, row.id)
        ],
        consents=[
            reach_answers.Consent(
                channel=c.channel,
                contact_point_id=c.contact_point_id,
                wording=c.wording,
                given_at=c.given_at,
                how=c.how,
                withdrawn_at=c.withdrawn_at,
            )
            for c in consents
        ],
        permitted_uses=reach_answers.PermittedUses(
            own_statistics=uses.own_statistics,
            alliance_figures=uses.alliance_figures,
            wording=uses.wording,
            chosen_at=uses.chosen_at,
        )
        if uses
        else None,
    )
