"""What programs send. Unknown fields are refused; nothing is guessed from a near miss."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from delivery import clients, contacts
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Occasion, Way
from delivery.models.clients import ContactKind, RespondentRole, SafeFor

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def refuse(reason: str) -> PydanticCustomError:
    """An error whose words are ours."""
    return PydanticCustomError("lightq", "{reason}", {"reason": reason})


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise refuse("It holds a control character.")
    return text


def _past(at: datetime) -> datetime:
    if at > now():
        raise refuse("This lies in the future.")
    return at


Text = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Short = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
Language = Annotated[str, Field(min_length=2, max_length=8, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
PastTime = Annotated[AwareDatetime, AfterValidator(_past)]
Key = Annotated[str, Field(min_length=1, max_length=40)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NoFields(Body):
    """An empty object; the body may be left out."""


class SafeHoursBody(Body):
    """Hours that are safe at an address, in the client's time zone: from "09:00" to "17:00"."""

    start: Annotated[str, Field(alias="from")] = "00:00"
    end: Annotated[str, Field(alias="to")] = "23:59"

    @model_validator(mode="after")
    def _by_day(self) -> SafeHoursBody:
        try:
            contacts.normal_hours(self.start, self.end)
        except Invalid as error:
            raise refuse(next(iter(error.fields.values()))) from None
        return self


class ContactPointBody(Body):
    """An e-mail address, or a phone number in the form +15035550123 or as dialled in the US.

    `fallback`: it may be used when the other way does not work.
    """

    kind: ContactKind
    value: Text
    safe_for: SafeFor = SafeFor.REMINDERS
    safe_hours: SafeHoursBody | None = None
    fallback: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> ContactPointBody:
        try:
            contacts.normal_contact(self.kind, self.value)
        except Invalid as error:
            raise refuse(str(error)) from None
        return self

    def new(self) -> contacts.NewContact:
        """As the use case takes it."""
        hours = self.safe_hours
        safe = contacts.normal_hours(hours.start, hours.end) if hours else {}
        return contacts.NewContact(self.kind, self.value, self.safe_for, safe, self.fallback)


class ConsentBody(Body):
    """Agreement to a channel: which wording, when, and how it was given ("signed on paper").

    `contact` names the one address or number it is for, among the respondent's contact points; without it the
    consent is to any of them on that channel.
    """

    channel: Literal["email", "sms", "portal", "kiosk"]
    wording: Short
    given_at: PastTime
    how: Short
    contact: Text | None = None

    def new(self) -> clients.NewConsent:
        """As the use case takes it."""
        return clients.NewConsent(self.channel, self.wording, self.given_at, self.how, self.contact)


class PermittedUsesBody(Body):
    """What the client chose beside their own care, and which wording they saw."""

    own_statistics: bool
    alliance_figures: bool
    wording: Short


class RespondentBody(Body):
    """One who answers about the client."""

    role: RespondentRole = RespondentRole.SELF
    name: Text = ""
    language: Language = "en"
    contact_points: Annotated[list[ContactPointBody], Field(max_length=10)] = []
    consents: Annotated[list[ConsentBody], Field(max_length=10)] = []
    permitted_uses: PermittedUsesBody | None = None

    def new(self) -> clients.NewRespondent:
        """As the use case takes it."""
        uses = self.permitted_uses
        return clients.NewRespondent(
            role=self.role,
            name=self.name,
            language=self.language,
            contacts=[one.new() for one in self.contact_points],
            consents=[one.new() for one in self.consents],
            uses=(uses.own_statistics, uses.alliance_figures, uses.wording) if uses else None,
        )


class ClientFields(Body):
    """Facts about a client; null clears one."""

    given_name: Text | None = None
    family_name: Text | None = None
    called_by: Text | None = None
    report_label: Text | None = None
    date_of_birth: date | None = None
    sex_for_scoring: Literal["female", "male"] | None = None
    time_zone: Annotated[Text | None, Field(examples=["America/Los_Angeles"])] = None
    county: Text | None = None
    emergency_contact: Text | None = None

    def given(self) -> dict[str, Any]:
        """The fields that were sent, also those sent as null."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NewClientBody(ClientFields):
    """A new client of the caller's; all but one name is optional."""

    language: Language = "en"
    respondents: Annotated[list[RespondentBody], Field(max_length=10)] = []


class ClientChangeBody(ClientFields):
    """Changes to a client; what is not named stays as it is."""

    language: Language = "en"


class AssignmentBody(Body):
    """An ask: who answers which measures, through what, when.

    `respondent` is an id or a role ("parent"); without it the client answers. Give `instruments` or
    `battery` (an id or a name), not both. Without an occasion it is screening until something was answered
    in the episode, then progress.

    `language` is needed for a measure without an official text in the respondent's language: by key, a
    language that it has, or "interpreter" where it is answered together. `even_if_recent` asks a measure
    again within its shortest interval; `reason` says why a measure made for screening is asked for progress.

    `reminders` go out while there is no answer, `reminder_days` after the message before.
    `show_result` lets the one who answers see the result at the end.
    """

    client_id: UUID
    respondent: UUID | RespondentRole | None = None
    instruments: Annotated[list[Key], Field(min_length=1, max_length=20)] | None = None
    battery: UUID | Name | None = None
    occasion: Occasion | None = None
    language: dict[Key, Annotated[str, Field(min_length=2, max_length=11)]] = {}
    even_if_recent: bool = False
    reason: Annotated[str, Field(max_length=500), AfterValidator(_printable)] = ""
    channel: Way
    send_at: AwareDatetime | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=60)] | None = None
    reminders: Annotated[int, Field(ge=0, le=3)] = 0
    reminder_days: Annotated[int, Field(ge=1, le=30)] = 3
    show_result: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> AssignmentBody:
        if (self.instruments is None) == (self.battery is None):
            raise refuse("Give either instruments or battery.")
        return self


class ResendBody(Body):
    """Which way the same link goes once more; without `channel` as before."""

    channel: Literal["email", "sms"] | None = None


class SubmissionsQuery(Body):
    """`since`: the `next` of an earlier answer, or a time; without it from the first. `limit`: 1 to 200."""

    since: str | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def start(self) -> UUID | datetime | None:
        """The cursor or time. Raises Invalid."""
        if self.since is None:
            return None
        for kind in (UUID, datetime.fromisoformat):
            with suppress(ValueError):
                found = kind(self.since)
                if isinstance(found, UUID) or found.tzinfo is not None:
                    return found
        reason = "Give the “next” of an earlier answer, or a time such as 2026-01-31T09:00:00Z."
        raise Invalid("Some fields cannot be taken.", {"since": reason})


class TrendQuery(Body):
    """Of which measure."""

    instrument: Key
