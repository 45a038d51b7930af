from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from delivery import opt_outs
from delivery.models.messages import OptOut
from delivery.service import Service
from tests import build

NUMBER = "+15035550123"


def _stands(service: Service, cast: build.Cast, number: str = NUMBER) -> tuple[bool, bool]:
    """Whether it stands for the practice, and for the other one."""
    with service.db.read() as session:
        both = (cast.practice, cast.other_practice)
        first, second = (opt_outs.stands(session, "sms", number, one) for one in both)
        return first, second


@pytest.mark.parametrize(("scope", "found"), [(True, (True, False)), (False, (True, True))])
def test_a_stop_holds_for_one_practice_or_for_all(
    service: Service, cast: build.Cast, scope: bool, found: tuple[bool, bool]
) -> None:
    practice = cast.practice if scope else None
    with service.db.write() as session:
        assert opt_outs.stop(session, "sms", NUMBER, "text", practice)
    assert _stands(service, cast) == found
    assert _stands(service, cast, "+15035550124") == (False, False)
    with service.db.read() as session:
        assert not opt_outs.stands(session, "email", NUMBER, cast.practice)


def test_start_ends_the_stop_of_its_own_scope_only(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        opt_outs.stop(session, "sms", NUMBER, "text")
        opt_outs.stop(session, "sms", NUMBER, "text", cast.practice)
    with service.db.write() as session:
        assert opt_outs.start(session, "sms", NUMBER)
        assert not opt_outs.start(session, "sms", NUMBER)
    assert _stands(service, cast) == (True, False)
    with service.db.write() as session:
        assert opt_outs.start(session, "sms", NUMBER, cast.practice)
    assert _stands(service, cast) == (False, False)


def test_stop_start_stop_leaves_a_row_for_each_stop(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        made = [opt_outs.stop(session, "sms", NUMBER, "text") for _ in range(3)]
        opt_outs.start(session, "sms", NUMBER)
        made.append(opt_outs.stop(session, "sms", NUMBER, "text"))
        assert session.scalar(select(func.count()).select_from(OptOut)) == 2
    assert made == [True, False, False, True]
    assert _stands(service, cast) == (True, True)


def test_of_many_stops_at_once_one_is_the_first(service: Service, cast: build.Cast) -> None:
    made: list[bool] = []

    def stop() -> None:
        with service.db.write() as session:
            made.append(opt_outs.stop(session, "sms", NUMBER, "text"))

    threads = [threading.Thread(target=stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


def test_the_table_holds_neither_the_number_nor_a_practice(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        opt_outs.stop(session, "sms", NUMBER, "text", cast.practice)
        row = session.scalars(select(OptOut)).one()
    said = " ".join(str(getattr(row, column.key)) for column in OptOut.__table__.columns)
    assert NUMBER[2:] not in said
    assert str(cast.practice) not in said
