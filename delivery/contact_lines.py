"""The addresses and numbers of one who answers, as a client's page lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from delivery import contact_tests, contacts, opt_outs
from delivery.access import Caller
from delivery.contact_changes import REPLACED
from delivery.models.clients import Client, Consent, ContactPoint, Respondent
from delivery.models.messages import Dispatch


@dataclass(frozen=True)
class ContactLine:
    """A contact point with what stands for it.

    `others` counts further clients of the reader's who are reached there; `barred` is why no test can go
    there now; `asks` says that it is time to ask whether the last test arrived.
    """

    point: ContactPoint
    consents: list[Consent]
    others: int
    opted_out: bool
    test: Dispatch | None
    asks: bool
    barred: str | None

    @property
    def replaced(self) -> bool:
        """Whether another one has taken its place."""
        return self.point.state_reason == REPLACED

    @property
    def usable(self) -> bool:
        """Whether messages may go there as far as the contact point itself is concerned."""
        return self.point.state in contacts.USABLE


def lines(
    session: Session, caller: Caller, client: Client, respondent: Respondent, consents: Sequence[Consent]
) -> list[ContactLine]:
    """Oldest first, those that others have replaced at the end. The caller writes the audit row."""
    points = contacts.of_respondent(session, respondent.id)
    tests = contact_tests.newest(session, [point.id for point in points])
    found = [
        ContactLine(
            point=point,
            consents=[
                one
                for one in consents
                if one.channel == point.kind.value and one.contact_point_id in (None, point.id)
            ],
            others=contacts.others_there(session, caller, point, client.id),
            opted_out=opt_outs.stands(session, point.kind.value, point.value or "", point.practice_id),
            test=tests.get(point.id),
            asks=contact_tests.asks(tests.get(point.id)),
            barred=contact_tests.barred(session, client, respondent, point),
        )
        for point in points
    ]
    return sorted(found, key=lambda line: line.replaced)
