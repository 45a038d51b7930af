from __future__ import annotations

import pytest
from sqlalchemy import select

from delivery import client_life
from delivery.errors import WrongMove
from delivery.models.assignments import Assignment
from delivery.models.clients import Episode
from delivery.models.messages import Dispatch
from delivery.service import Service
from delivery.states import AssignmentState, ClientState, DispatchState
from tests import build


@pytest.mark.parametrize(
    ("to", "reason"),
    [(ClientState.PAUSED, "paused"), (ClientState.CLOSED, "closed"), (ClientState.DECEASED, "died")],
)
def test_pausing_closing_and_death_stop_every_ask_and_message(
    service: Service, cast: build.Cast, to: ClientState, reason: str
) -> None:
    caller = cast.caller(service, cast.ada)
    row = build.ask(service, caller, cast.cy, ["phq9"])
    with service.db.write() as session:
        assert client_life.set_state(session, caller, cast.cy, to) == 1
    with service.db.read() as session:
        ask = session.get(Assignment, row.id)
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        episode = session.scalars(select(Episode).where(Episode.client_id == cast.cy)).one()
    assert ask is not None
    assert (ask.state, ask.end_reason) == (AssignmentState.CANCELLED, reason)
    assert message.state is DispatchState.CANCELLED
    assert (episode.closed_at is None) is (to is ClientState.PAUSED)


def test_nobody_comes_back_from_death(service: Service, cast: build.Cast) -> None:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        client_life.set_state(session, caller, cast.cy, ClientState.DECEASED)
    with service.db.write() as session, pytest.raises(WrongMove):
        client_life.set_state(session, caller, cast.cy, ClientState.ACTIVE)
