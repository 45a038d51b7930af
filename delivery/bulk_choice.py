"""What one act asks of many clients, and whom: the caseload, a tag, or those that were ticked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, audit, eligibility, library, offers
from delivery.access import Caller
from delivery.assignments import MOST_REMINDERS
from delivery.calendars import wall
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Occasion, Way
from delivery.models.clients import Client
from delivery.models.people import Practice, Role
from delivery.states import ClientState
from questionnaires.schema import Instrument

#: What measures are asked through, where each client gets it their own way: both go by link.
BY_LINK: Final = Way.EMAIL
A_YEAR: Final = timedelta(days=366)


@dataclass(frozen=True)
class Plan:
    """What a bulk send asks. Without a channel each client's own; without an occasion what fits each;
    without a day now, else at `wall_time` of that day where each client lives."""

    practice_id: UUID
    instruments: list[str]
    battery_id: UUID | None = None
    channel: Way | None = None
    occasion: Occasion | None = None
    reason: str = ""
    reminders: int = 0
    day: date | None = None
    wall_time: str = "09:00"

    def send_at(self, zone: str) -> datetime | None:
        """When it is asked of a client in this zone; None is now. Raises Invalid."""
        return wall.moment(self.day, self.wall_time, zone) if self.day else None


@dataclass(frozen=True)
class Whom:
    """The whole caseload, those with a tag, or those that were ticked."""

    tag: str = ""
    ticked: frozenset[UUID] | None = None

    def has(self, client: Client) -> bool:
        """Whether a client is meant."""
        if self.ticked is not None:
            return client.id in self.ticked
        return not self.tag or self.tag in tags(client)


def tags(client: Client) -> list[str]:
    """A client's tags."""
    return [str(one) for one in client.tags or []]


def caseload(session: Session, caller: Caller, practice_id: UUID) -> list[Client]:
    """The caller's clients of one practice that are in care, by name. Writes the audit row first."""
    caller.require(Role.CLINICIAN, practice_id)
    in_care = (ClientState.ACTIVE, ClientState.PAUSED)
    rows = session.scalars(
        access.clients(caller).where(Client.practice_id == practice_id, Client.state.in_(in_care))
    ).all()
    seen = {"clients": [str(row.id) for row in rows]}
    audit.record(session, practice_id, caller.actor, audit.Tag.CLIENT_LIST_READ, detail=seen)
    return sorted(
        rows, key=lambda c: ((c.family_name or "").casefold(), (c.given_name or "").casefold(), str(c.id))
    )


def check(session: Session, plan: Plan) -> list[Instrument]:
    """The measures of a plan, all of which a link may carry. Raises Invalid, by field."""
    there = library.of(session, plan.practice_id)
    found = offers.known(there, plan.instruments)
    if not found or len(found) != len(plan.instruments):
        raise Invalid("Choose a set or at least one measure.", {"what": "Choose at least one."})
    if faults := [why for one in found if (why := eligibility.refused(there, one, plan.channel or BY_LINK))]:
        raise Invalid(faults[0], {"what": " ".join(faults)})
    if plan.day is not None:
        zone = session.get_one(Practice, plan.practice_id).time_zone
        at = plan.send_at(zone)
        assert at is not None
        if not now() - timedelta(days=1) < at < now() + A_YEAR:
            raise Invalid("Choose another day.", {"when": "From today on, at most a year ahead."})
    if not 0 <= plan.reminders <= MOST_REMINDERS:
        raise Invalid("Choose how often to remind.", {"remind": f"At most {MOST_REMINDERS} times."})
    return found
