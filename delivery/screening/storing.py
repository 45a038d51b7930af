"""A visitor sends their screening: from here on there is a record of them, for a time.

The answers go the same way as everybody's, so that score, alerts, report and hand-off follow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import audit, clients, consents, contacts, forms, library, sheets, submissions, wordings
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models.assignments import Assignment, FormSession, Occasion, Way
from delivery.models.clients import (
    CareRole,
    CareTeam,
    Client,
    ContactKind,
    ContactPoint,
    ContactState,
    Episode,
    Respondent,
    RespondentRole,
)
from delivery.models.screening import ScreeningPage
from delivery.screening import counts
from delivery.screening.walks import Walk, Wanted
from delivery.sheets import Sheet
from delivery.states import AssignmentState

#: So long a visitor's record is kept unless the member makes them a client.
KEPT: Final = timedelta(days=60)
#: Which words the visitor agreed to be written to, and how they did.
WORDING: Final = "screening-contact-1"
HOW: Final = "typed on the public page, checked by a code"
#: Stands in place of a name where none was typed.
NAMELESS: Final = "Visitor"


def sheet_of(walk: Walk, practice_id: UUID, there: library.Library) -> Sheet:
    """The walk as the pages of a form take it. Its rows are made up and belong to no session."""
    instrument = there.get(walk.key, walk.version)
    at = now()
    row = Assignment(
        practice_id=practice_id,
        instruments=[_asked(walk, there)],
        channel=Way.PUBLIC,
        occasion=Occasion.SCREENING,
        state=AssignmentState.STARTED,
        send_at=at,
        expires_at=at,
    )
    form = FormSession(
        practice_id=practice_id,
        assignment_id=row.id,
        ref="",
        language=walk.language,
        place=walk.place,
        by_hand=walk.by_hand,
        last_at=at,
    )
    return Sheet(form, row, None, [instrument], walk.draft)


def _asked(walk: Walk, there: library.Library) -> dict[str, object]:
    instrument = there.get(walk.key, walk.version)
    language = walk.language if wordings.fits(instrument, walk.language) else instrument.language
    return {"key": walk.key, "version": walk.version, "language": language or wordings.ENGLISH}


def store(session: Session, page: ScreeningPage, walk: Walk) -> Client:
    """The record of a visitor whose contact is checked. It has the run's own id: a press that comes twice
    makes one."""
    if (there := session.get(Client, walk.run_id)) is not None:
        return there
    assert walk.wanted is not None
    client = _client(session, page, walk)
    respondent = _respondent(session, client, walk)
    _point(session, respondent, walk.wanted)
    episode = Episode(practice_id=page.practice_id, client_id=client.id, opened_at=now())
    session.add(episode)
    session.flush()
    row = _ask(session, page, walk, respondent, episode)
    form, _secret = forms.begin(session, None, row, language=walk.language)
    form.draft, form.first_answer_at = walk.draft, datetime.fromtimestamp(walk.began_at, UTC)
    sheet = Sheet(form, row, None, sheets.instruments(session, row), walk.draft)
    # What has no answer was named on the result page before this press.
    accepted = submissions.accept(session, sheet, blank_rest=True)
    assert accepted.kind == "sent"
    counts.add(session, page, "contacted")
    audit.record(session, page.practice_id, audit.CLIENT, audit.Tag.SCREENING_SENT, client.id)
    return client


def stored(session: Session, walk: Walk) -> bool:
    """Whether this walk has made its record already."""
    return session.get(Client, walk.run_id) is not None


def _client(session: Session, page: ScreeningPage, walk: Walk) -> Client:
    assert walk.wanted is not None
    at = now()
    client = Client(
        practice_id=page.practice_id, id=walk.run_id, language=walk.language, prospect_until=at + KEPT
    )
    name = walk.wanted.called_by
    client.given_name = name or NAMELESS
    client.called_by = name or None
    client.report_label = clients.label(client.given_name, None)
    session.add(client)
    session.flush()
    session.add(
        CareTeam(
            practice_id=page.practice_id,
            client_id=client.id,
            person_id=page.person_id,
            role=CareRole.PRIMARY,
            from_at=at,
        )
    )
    return client


def _respondent(session: Session, client: Client, walk: Walk) -> Respondent:
    """Nothing is sent to somebody who only asked to be called: no form, no reminder."""
    role = RespondentRole.PARENT if walk.age == "child" else RespondentRole.SELF
    row = Respondent(
        practice_id=client.practice_id,
        client_id=client.id,
        role=role,
        language=walk.language,
        in_person_only=True,
    )
    session.add(row)
    session.flush()
    return row


def _point(session: Session, respondent: Respondent, wanted: Wanted) -> ContactPoint:
    kind = ContactKind(wanted.kind)
    point = contacts.add(session, respondent, NewContact(kind, wanted.value))
    point.state, point.confirmed_at, point.confirmed_how = ContactState.CONFIRMED, now(), "code"
    session.flush()
    consents.give(session, respondent, kind.value, given_at=now(), how=HOW, wording=WORDING, point=point)
    return point


def _ask(
    session: Session, page: ScreeningPage, walk: Walk, respondent: Respondent, episode: Episode
) -> Assignment:
    began = datetime.fromtimestamp(walk.began_at, UTC)
    row = Assignment(
        practice_id=page.practice_id,
        client_id=respondent.client_id,
        episode_id=episode.id,
        respondent_id=respondent.id,
        instruments=[_asked(walk, library.of(session, page.practice_id))],
        occasion=Occasion.SCREENING,
        channel=Way.PUBLIC,
        state=AssignmentState.STARTED,
        requested_by=page.person_id,
        send_at=began,
        sent_at=began,
        started_at=began,
        expires_at=now() + timedelta(days=1),
    )
    session.add(row)
    session.flush()
    return row
