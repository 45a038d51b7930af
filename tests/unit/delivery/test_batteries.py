from __future__ import annotations

import pytest
from sqlalchemy import select

from delivery import access, batteries
from delivery.errors import Forbidden, Invalid, NotFound
from delivery.models.assignments import Assignment, Way
from delivery.models.ledger import AuditEvent
from delivery.service import Service
from tests import build


def test_a_new_practice_starts_with_three_sets(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        batteries.add_first(session, cast.practice)
    with service.db.read() as session:
        found = {row.name: batteries.keys(row) for row in batteries.of_practice(session, cast.practice)}
    assert found == {
        "Intake": ["phq9", "gad7", "audit_c"],
        "Trauma intake": ["pcptsd5", "pcl5", "phq9"],
        "Weekly": ["phq9", "gad7"],
    }


def test_a_set_holds_any_measure_also_one_that_cannot_be_sent_now(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        row = batteries.add(session, cast.practice, " In  the room ", ["asq", "isi"])
    assert (row.name, batteries.keys(row)) == ("In the room", ["asq", "isi"])


@pytest.mark.parametrize(
    ("name", "keys", "field"),
    [
        ("", ["phq9"], "name"),
        ("   ", ["phq9"], "name"),
        ("x" * 81, ["phq9"], "name"),
        ("weekly", ["phq9"], "name"),
        ("New", [], "instruments"),
        ("New", ["phq9", "phq9"], "instruments"),
        ("New", ["nonsense"], "instruments"),
    ],
)
def test_a_set_that_cannot_be_kept_says_why(
    service: Service, cast: build.Cast, name: str, keys: list[str], field: str
) -> None:
    with service.db.write() as session:
        batteries.add(session, cast.practice, "Weekly", ["phq9"])
    with pytest.raises(Invalid) as caught, service.db.write() as session:
        batteries.add(session, cast.practice, name, keys)
    assert list(caught.value.fields) == [field]


def test_a_set_that_was_put_away_is_found_no_more_and_keeps_its_name(
    service: Service, cast: build.Cast
) -> None:
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        row = batteries.make(session, ada, cast.practice, "Weekly", ["phq9"])
        assert batteries.find(session, cast.practice, "WEEKLY").id == row.id
        assert batteries.find(session, cast.practice, str(row.id)).id == row.id
    with service.db.write() as session:
        batteries.put_away(session, ada, row.id)
    with pytest.raises(Invalid, match="no such battery"), service.db.read() as session:
        batteries.find(session, cast.practice, "weekly")
    with pytest.raises(Invalid) as caught, service.db.write() as session:
        batteries.add(session, cast.practice, "Weekly", ["gad7"])
    assert "put away" in caught.value.fields["name"]
    with service.db.write() as session:
        batteries.put_away(session, ada, row.id, away=False)
        assert batteries.find(session, cast.practice, "weekly").id == row.id


def test_changing_a_set_changes_nothing_that_was_sent(service: Service, cast: build.Cast) -> None:
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        row = batteries.make(session, ada, cast.practice, "Weekly", ["phq9", "gad7"])
    asked = build.ask(service, ada, cast.cy, batteries.keys(row), Way.IN_PERSON, battery_id=row.id)
    with service.db.write() as session:
        changed = batteries.change(session, ada, row.id, "Every week", ["phq2"])
    assert (changed.name, batteries.keys(changed)) == ("Every week", ["phq2"])
    with service.db.read() as session:
        kept = session.get_one(Assignment, asked.id)
        assert [one["key"] for one in kept.instruments] == ["phq9", "gad7"]
        assert kept.battery_id == row.id


def test_only_clinicians_of_the_practice_make_or_see_its_sets(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        mine = batteries.make(session, cast.caller(service, cast.ada), cast.practice, "Weekly", ["phq9"])
    for person in (cast.stranger, cast.desk):
        with service.db.write() as session:
            caller = access.caller(session, person)
            with pytest.raises(NotFound):
                batteries.change(session, caller, mine.id, "Stolen", ["gad7"])
            with pytest.raises(Forbidden):
                batteries.make(session, caller, cast.practice, "Mine", ["gad7"])
            with pytest.raises(Invalid):
                batteries.find(session, cast.other_practice, mine.id)


def test_who_made_and_changed_a_set_is_on_record(service: Service, cast: build.Cast) -> None:
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        row = batteries.make(session, ada, cast.practice, "Weekly", ["phq9"])
        batteries.change(session, ada, row.id, "Weekly", ["gad7"])
        batteries.put_away(session, ada, row.id)
    with service.db.read() as session:
        tags = session.scalars(select(AuditEvent.tag).where(AuditEvent.subject_id == row.id)).all()
    assert tags == ["console:battery:made", "console:battery:changed", "console:battery:changed"]
