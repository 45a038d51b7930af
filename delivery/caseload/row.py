"""One client as a caseload file has it, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from delivery.contacts import NewContact
from delivery.models.assignments import Way
from delivery.models.clients import ContactKind, SafeFor
from questionnaires.conditions import Number

WORDING: Final = "consent-1"
#: Channels over which messages go out, and which so need a consent.
SENT: Final = (Way.EMAIL, Way.SMS)


@dataclass(frozen=True)
class PastTotal:
    """A total from before LightQ: key of the instrument, the day it was answered, the total."""

    instrument: str
    on: date
    total: Number


@dataclass(frozen=True, kw_only=True)
class Row:
    """Checked values of one row, `line` in a spreadsheet. "" or None is what the file leaves out.

    `channel` is how the client is asked; `consent_on` is the day of the signed consent to that channel.
    """

    line: int
    given_name: str = ""
    family_name: str = ""
    called_by: str = ""
    date_of_birth: date | None = None
    language: str = "en"
    time_zone: str | None = None
    email: str | None = None
    phone: str | None = None
    channel: Way = Way.IN_PERSON
    #: The file itself says in_person or kiosk; not so where there only is nothing to reach the client by.
    in_person_only: bool = False
    consent_on: date | None = None
    consent_wording: str = WORDING
    tags: tuple[str, ...] = ()
    county: str = ""
    emergency_contact: str = ""
    sex_for_scoring: str | None = None
    report_label: str = ""
    appointment: str = ""
    calendar_code: str = ""
    past: tuple[PastTotal, ...] = ()

    @property
    def contacts(self) -> list[NewContact]:
        """Contact points to add; safe for nothing where the client is asked in person only."""
        safe = SafeFor.NOTHING if self.in_person_only else SafeFor.REMINDERS
        typed = ((ContactKind.EMAIL, self.email), (ContactKind.SMS, self.phone))
        return [NewContact(kind, value, safe) for kind, value in typed if value]

    @property
    def consents(self) -> bool:
        """Whether there is a consent to record: to `channel`, in `consent_wording`, on `consent_on`."""
        return self.channel in SENT and self.consent_on is not None
