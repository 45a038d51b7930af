"""Clients and those who answer for them: adding, finding and changing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, consents, contacts
from delivery.access import Caller
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.clients import (
    CareRole,
    CareTeam,
    Client,
    ContactKind,
    ContactPoint,
    PermittedUse,
    Respondent,
    RespondentRole,
)
from delivery.models.people import Practice, Role

#: Fields that `add` and `change` take, beside names.
FIELDS = (
    "called_by",
    "report_label",
    "date_of_birth",
    "sex_for_scoring",
    "county",
    "address",
    "emergency_contact",
    "tags",
)
LONGEST = 200


class NewConsent(NamedTuple):
    """An agreement to a channel; for `contact` alone, or where none is named for any address on it."""

    channel: str
    wording: str
    given_at: datetime
    how: str
    contact: str | None = None


@dataclass(frozen=True)
class NewRespondent:
    """One who answers, with contacts and consents."""

    role: RespondentRole = RespondentRole.SELF
    name: str = ""
    language: str = "en"
    contacts: list[NewContact] = field(default_factory=list)
    #: As `NewConsent`, or (channel, wording, given at, how).
    consents: Sequence[NewConsent | tuple[str, str, datetime, str]] = ()
    #: (own statistics, alliance figures, wording), or None while the client has not chosen.
    uses: tuple[bool, bool, str] | None = None


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    """Values without outer spaces, empty ones as None; Invalid where one is too long or out of range."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        cleaned = value.strip() or None if isinstance(value, str) else value
        if isinstance(cleaned, str) and len(cleaned) > LONGEST:
            raise Invalid("That is too long.", {name: f"At most {LONGEST} characters."})
        out[name] = cleaned
    if out.get("sex_for_scoring") not in (None, "female", "male"):
        raise Invalid("Sex used for scoring", {"sex_for_scoring": "female, male, or leave it out"})
    born = out.get("date_of_birth")
    if born is not None and not (date(1890, 1, 1) <= born <= now().date()):
        raise Invalid("Date of birth", {"date_of_birth": "Check the year."})
    return out


def label(given: str | None, family: str | None) -> str:
    """How reports name a client unless told otherwise: "Elena R."."""
    return " ".join(filter(None, [given, f"{family[0]}." if family else None])) or "Client"


def add(
    session: Session,
    caller: Caller,
    *,
    given_name: str = "",
    family_name: str = "",
    language: str = "en",
    time_zone: str | None = None,
    interpreter: bool = False,
    respondents: list[NewRespondent] | None = None,
    practice_id: UUID | None = None,
    **fields: Any,
) -> Client:
    """A new client on the caller's caseload, who is its primary clinician. Raises Invalid field by field."""
    practice = caller.require(Role.CLINICIAN, practice_id)
    assert practice is not None
    names = _clean({"given_name": given_name, "family_name": family_name, **fields})
    if not (names["given_name"] or names["family_name"]):
        raise Invalid("A client needs a name.", {"given_name": "Write a name; a nickname will do."})
    if time_zone:
        _check_zone(time_zone)
    client = Client(
        practice_id=practice, language=language, time_zone=time_zone or None, interpreter=interpreter
    )
    for name, value in names.items():
        setattr(client, name, value)
    client.report_label = names.get("report_label") or label(client.given_name, client.family_name)
    session.add(client)
    session.flush()
    session.add(
        CareTeam(
            practice_id=practice,
            client_id=client.id,
            person_id=caller.person_id,
            role=CareRole.PRIMARY,
            from_at=now(),
        )
    )
    for new in respondents or [NewRespondent(language=language)]:
        add_respondent(session, caller, client, new)
    audit.record(session, practice, caller.actor, audit.Tag.CLIENT_ADDED, client.id)
    return client


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid("Time zone", {"time_zone": "Write it like America/Los_Angeles."}) from None


def add_respondent(session: Session, caller: Caller, client: Client, new: NewRespondent) -> Respondent:
    """One more who answers about the client."""
    row = Respondent(
        practice_id=client.practice_id, client_id=client.id, role=new.role, language=new.language
    )
    row.name = new.name.strip() or None
    session.add(row)
    session.flush()
    points = [contacts.add(session, row, contact) for contact in new.contacts]
    session.flush()
    for one in new.consents:
        given = NewConsent(*one)
        consents.give(
            session,
            row,
            given.channel,
            given_at=given.given_at,
            how=given.how,
            wording=given.wording,
            recorded_by=caller.person_id,
            point=_meant(points, given) if given.contact else None,
        )
    if new.uses is not None:
        own, alliance, wording = new.uses
        session.add(
            PermittedUse(
                practice_id=client.practice_id,
                respondent_id=row.id,
                own_statistics=own,
                alliance_figures=alliance,
                wording=wording,
                language=new.language,
                chosen_at=now(),
            )
        )
    session.flush()
    return row


def _meant(points: Iterable[ContactPoint], given: NewConsent) -> ContactPoint:
    """The contact point that a consent names. Raises Invalid where it is none of these."""
    for point in points:
        if point.kind.value == given.channel:
            value = contacts.normal_contact(ContactKind(given.channel), given.contact or "")
            if value == point.value:
                return point
    raise Invalid("Consent", {"consents": "It names an address that is not among the contact points."})


def caseload(session: Session, caller: Caller, words: str = "") -> list[Client]:
    """The caller's clients by name: whose names hold every word, or who are reached at just this contact.

    Names are opened here, in memory. Writes the audit row of the read before anything is returned.
    """
    reached = contacts.reached_at(session, caller, words)
    found = [c for c in session.scalars(access.clients(caller)) if c.id in reached or _matches(c, words)]
    found.sort(key=lambda c: ((c.family_name or "").casefold(), (c.given_name or "").casefold(), str(c.id)))
    for practice_id in caller.practices(Role.CLINICIAN):
        mine = [str(c.id) for c in found if c.practice_id == practice_id]
        audit.record(session, practice_id, caller.actor, audit.Tag.CLIENT_LIST_READ, detail={"clients": mine})
    return found


def _matches(client: Client, words: str) -> bool:
    names = " ".join(filter(None, [client.given_name, client.family_name, client.called_by])).casefold()
    return all(word in names for word in words.casefold().split())


def change(session: Session, caller: Caller, client_id: UUID, **fields: Any) -> Client:
    """Change fields of a client. Raises NotFound, Invalid."""
    client = access.client(session, caller, client_id)
    if fields.get("time_zone"):
        _check_zone(fields["time_zone"])
    for name, value in _clean(fields).items():
        setattr(client, name, value)
    if not (client.given_name or client.family_name):
        raise Invalid("A client needs a name.", {"given_name": "Write a name; a nickname will do."})
    audit.record(
        session,
        client.practice_id,
        caller.actor,
        audit.Tag.CLIENT_CHANGED,
        client.id,
        {"fields": sorted(fields)},
    )
    return client


def respondents(session: Session, client_id: UUID) -> list[Respondent]:
    """Those who answer about a client, the client first."""
    rows = session.scalars(select(Respondent).where(Respondent.client_id == client_id)).all()
    return sorted(rows, key=lambda r: (r.role != RespondentRole.SELF, str(r.id)))


def zone(session: Session, client: Client) -> str:
    """IANA zone of a client: their own, or the practice's."""
    practice = session.get(Practice, client.practice_id)
    assert practice is not None
    return client.time_zone or practice.time_zone
