"""Sending, for tests: clients with addresses and numbers, providers that follow a script, a clock that stands
still until it is moved, and the providers' own words about what became of a message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import func, select

from channels import sendgrid_hooks, twilio_hooks
from channels.base import Event, EvidenceSource, Kind, Message, OutcomeUnknown, Receipt, Refused
from delivery import clients, consents, contacts, events, messages
from delivery.access import Caller
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now, uuid7
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, ContactKind, ContactPoint, ContactState, Respondent
from delivery.models.messages import Attempt, Breaker, Dispatch, Purpose
from delivery.service import Service
from tests import build
from workers import drain
from workers.context import Context

#: Tuesday, noon in Portland.
NOON = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
PORTLAND = "America/Los_Angeles"
NUMBER, OTHER_NUMBER = "+15035550123", "+15035550199"
SIGNED = datetime(2026, 1, 5, tzinfo=UTC)
Step = str | Refused | Callable[[Message], None]


class Provider:
    """A channel that does what `script` says for each send, and knows what it took."""

    def __init__(self, kind: Kind, provider: str, evidence: EvidenceSource = "look_up") -> None:
        self.kind, self.provider, self.evidence = kind, provider, evidence
        self.script: list[Step] = []
        self.calls = 0
        self.taken: list[Message] = []
        #: What a look-up answers, beside what was taken: True: it can't say.
        self.silent = False
        self.looked: list[tuple[Message, frozenset[str]]] = []

    def send(self, message: Message) -> Receipt:
        self.calls += 1
        step = self.script.pop(0) if self.script else "ok"
        if isinstance(step, Refused):
            raise step
        if step != "never arrived":
            self.taken.append(message)
        if callable(step):
            step(message)
        if step in ("never arrived", "reply lost"):
            raise OutcomeUnknown("no reply")
        return Receipt(self.provider, f"ref-{message.attempt_id}")

    def look_up(
        self, message: Message, since: datetime, claimed: frozenset[str] = frozenset()
    ) -> Receipt | Literal["not_found"] | None:
        self.looked.append((message, claimed))
        if self.silent or self.evidence != "look_up":
            return None
        there = any(one.attempt_id == message.attempt_id for one in self.taken)
        return Receipt(self.provider, f"ref-{message.attempt_id}") if there else "not_found"

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class Scene:
    """A service at work, with a cast, two providers and a clock."""

    service: Service
    cast: build.Cast
    ada: Caller
    clock: time_machine.Traveller
    texts: Provider = field(default_factory=lambda: Provider("sms", "twilio"))
    mails: Provider = field(default_factory=lambda: Provider("email", "sendgrid", "events"))

    @property
    def here(self) -> Context:
        return Context(self.service, {"sms": self.texts, "email": self.mails})

    def later(self, **span: float) -> None:
        """Let time pass, then work off what is due."""
        self.clock.shift(timedelta(**span))
        self.work()

    def at(self, moment: datetime) -> None:
        """Move the clock to a moment, then work off what is due."""
        self.clock.move_to(moment)
        self.work()

    def work(self) -> None:
        for queue in ("send", "bulk"):
            drain.drain(queue)

    def person(self, name: str = "Tex", caller: Caller | None = None, **more: Any) -> UUID:
        """A client with `sms` and/or `email`, agreed to unless `agreed` is False; `fallback` names kinds that
        may stand in. Further words go to every contact point (`safe_for`, `safe_hours`)."""
        zone, agreed = more.pop("zone", PORTLAND), more.pop("agreed", True)
        language, may = more.pop("language", "en"), more.pop("fallback", ())
        values = {ContactKind(kind): more.pop(kind) for kind in ("sms", "email") if kind in more}
        points = [
            NewContact(kind, value, fallback=kind.value in may, **more) for kind, value in values.items()
        ]
        given = [(kind.value, consents.WORDING, SIGNED, consents.ON_PAPER) for kind in values if agreed]
        with self.service.db.write() as session:
            client = clients.add(
                session,
                caller or self.ada,
                given_name=name,
                family_name="Quillfeather",
                time_zone=zone,
                respondents=[NewRespondent(language=language, contacts=points, consents=given)],
            )
            for respondent in clients.respondents(session, client.id):
                for point in contacts.of_respondent(session, respondent.id):
                    point.state = ContactState.CONFIRMED
            return client.id

    def ask(self, client: UUID, way: Way = Way.SMS, caller: Caller | None = None, **more: Any) -> Dispatch:
        """Ask GAD-7; the planned message."""
        row = build.ask(self.service, caller or self.ada, client, ["gad7"], way, **more)
        return self.messages(row.id)[0]

    def remind(self, first: Dispatch, purpose: Purpose = Purpose.REMINDER, **more: Any) -> Dispatch:
        """One more message for the ask of a first one, as the scheduler plans it."""
        with self.service.db.write() as session:
            ask = session.get_one(Assignment, first.assignment_id)
            point = session.get_one(ContactPoint, first.contact_point_id)
            key = f"reminder-{uuid7().hex}"
            return messages.plan(session, ask, point, purpose, key, now(), **{"lane": "bulk", **more})

    def row(self, message: Dispatch) -> Dispatch:
        """A message as it stands."""
        with self.service.db.read() as session:
            return session.get_one(Dispatch, message.id)

    def state(self, message: Dispatch) -> str:
        return self.row(message).state.value

    def messages(self, assignment_id: UUID | None) -> list[Dispatch]:
        """All messages of an ask, oldest first."""
        with self.service.db.read() as session:
            found = select(Dispatch).where(Dispatch.assignment_id == assignment_id).order_by(Dispatch.id)
            return list(session.scalars(found))

    def beside(self, message: Dispatch) -> list[Dispatch]:
        """The other messages of the same ask."""
        return [one for one in self.messages(message.assignment_id) if one.id != message.id]

    def attempts(self, message: Dispatch) -> list[Attempt]:
        with self.service.db.read() as session:
            found = select(Attempt).where(Attempt.dispatch_id == message.id).order_by(Attempt.number)
            return list(session.scalars(found))

    def point(self, message: Dispatch) -> ContactPoint:
        with self.service.db.read() as session:
            return session.get_one(ContactPoint, message.contact_point_id)

    def respondent(self, client: UUID) -> Respondent:
        with self.service.db.read() as session:
            (found,) = clients.respondents(session, client)
            return found

    def breaker(self, provider: str, sender: str = "") -> Breaker | None:
        with self.service.db.read() as session:
            return session.get(Breaker, (provider, sender))

    def zone_of(self, client: UUID) -> str | None:
        with self.service.db.read() as session:
            return session.get_one(Client, client).time_zone

    def count(self, model: Any, *where: Any) -> int:
        with self.service.db.read() as session:
            return session.scalar(select(func.count()).select_from(model).where(*where)) or 0

    def tell(self, event: Event) -> None:
        """Apply what a provider reports."""
        with self.service.db.write() as session:
            events.reported(session, event)

    def texted(self, message: Dispatch, status: str, code: str = "", number: int = -1) -> None:
        """Twilio's own callback about an attempt (the newest, unless its place is named)."""
        self.tell(text_event(self.attempts(message)[number], status, code))

    def mailed(self, message: Dispatch, event: str, number: int = -1, **more: Any) -> None:
        """SendGrid's own event about an attempt."""
        self.tell(mail_event(self.attempts(message)[number], event, **more))


def text_event(attempt: Attempt, status: str, code: str = "") -> Event:
    """What Twilio posts about an attempt, read as the hook reads it."""
    reference = attempt.reference if (attempt.reference or "").startswith("SM") else f"SM{attempt.id.hex}"
    form = {"MessageSid": reference or "", "MessageStatus": status, "ErrorCode": code}
    return twilio_hooks.status(form, str(attempt.id))


def mail_event(attempt: Attempt, event: str, **more: Any) -> Event:
    """What SendGrid posts about an attempt, read as the hook reads it."""
    one = {
        "event": event,
        "timestamp": int(now().timestamp()),
        "sg_message_id": "M",
        "sg_event_id": f"{event}-{attempt.id}",
        sendgrid_hooks.ATTEMPT_ARG: str(attempt.id),
        **more,
    }
    (found,) = sendgrid_hooks.events(json.dumps([one]).encode())
    return found


@contextmanager
def scene(service: Service, patch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Everybody at noon."""
    with time_machine.travel(NOON, tick=False) as clock:
        cast = build.cast(service)
        made = Scene(service, cast, cast.caller(service, cast.ada), clock)
        patch.setattr(drain, "context", lambda: made.here)
        yield made
