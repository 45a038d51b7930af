"""What an owner may change of what clients see, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from delivery import audit, practices
from delivery.errors import Forbidden, Invalid
from delivery.models.ledger import AuditEvent
from delivery.models.people import Practice
from delivery.practices import Face
from delivery.service import Service
from tests import build

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def change(service: Service, cast: build.Cast, person: Any = None, **changes: Any) -> Practice:
    """Change the practice as Ada, or as `person`."""
    caller = cast.caller(service, person or cast.ada)
    with service.db.write() as session:
        now = practices.face(session.get_one(Practice, cast.practice))
        return practices.change(session, caller, cast.practice, replace(now, **changes))


def stored(service: Service, cast: build.Cast) -> Practice:
    with service.db.read() as session:
        return session.get_one(Practice, cast.practice)


def test_everything_is_stored_and_the_audit_log_names_what_changed(
    service: Service, cast: build.Cast
) -> None:
    line = {"name": "Alder crisis line", "phone": "503 555 0100", "hours": "day and night"}
    change(
        service,
        cast,
        sender_name=" Alder Street ",
        phone="503-555-0118",
        reads_answers="every day",
        colour="#1B4F72",
        help_lines=[line, {}, {"name": "  "}],
        logo=PNG,
    )
    row = stored(service, cast)
    assert (row.sender_name, row.phone, row.reads_answers) == ("Alder Street", "503-555-0118", "every day")
    assert (row.colour, row.logo_type, row.help_lines) == ("#1b4f72", "image/png", [line])
    with service.db.read() as session:
        event = session.query(AuditEvent).filter_by(tag=audit.Tag.PRACTICE_CHANGED).one()
    assert set(event.detail["changed"]) == {
        "sender_name", "phone", "reads_answers", "colour", "help_lines", "logo",
    }  # fmt: skip


def test_a_logo_stays_until_it_is_taken_away(service: Service, cast: build.Cast) -> None:
    change(service, cast, logo=PNG)
    change(service, cast, phone="503 555 0100")
    assert stored(service, cast).logo == PNG
    change(service, cast, logo=b"")
    assert stored(service, cast).logo is None and stored(service, cast).logo_type is None


def test_nothing_is_noted_where_nothing_changed(service: Service, cast: build.Cast) -> None:
    change(service, cast)
    with service.db.read() as session:
        assert session.query(AuditEvent).filter_by(tag=audit.Tag.PRACTICE_CHANGED).count() == 0


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"sender_name": ""}, {"sender_name"}),
        ({"sender_name": "see www.example.org"}, {"sender_name"}),
        ({"phone": "call me"}, {"phone"}),
        ({"phone": "5" * 33}, {"phone"}),
        ({"reads_answers": "whenever"}, {"reads_answers"}),
        ({"colour": "#ffd700"}, {"colour"}),
        ({"logo": b"<svg/>"}, {"logo"}),
        ({"help_lines": [{"name": "Line", "phone": "", "hours": ""}]}, {"phone-0"}),
        (
            {"help_lines": [{}, {"name": "", "phone": "503 555 0100", "hours": "x" * 61}]},
            {"name-1", "hours-1"},
        ),
        ({"phone": "x", "colour": "x", "logo": b"x"}, {"phone", "colour", "logo"}),
    ],
)
def test_what_cannot_be_used_is_named_field_by_field_and_nothing_is_stored(
    service: Service, cast: build.Cast, changes: dict[str, Any], fields: set[str]
) -> None:
    before = practices.face(stored(service, cast))
    with pytest.raises(Invalid) as refused:
        change(service, cast, **changes)
    assert set(refused.value.fields) == fields
    assert practices.face(stored(service, cast)) == before


def test_only_an_owner_changes_it(service: Service, cast: build.Cast) -> None:
    for person in (cast.bo, cast.desk, cast.stranger):
        with pytest.raises(Forbidden):
            change(service, cast, person, phone="503 555 0100")


def test_an_earlier_wording_of_when_answers_are_read_may_stay(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        session.get_one(Practice, cast.practice).reads_answers = "on Tuesdays"
    change(service, cast, phone="503 555 0100")
    assert stored(service, cast).reads_answers == "on Tuesdays"


def test_the_face_of_a_practice_is_what_is_stored(service: Service, cast: build.Cast) -> None:
    assert practices.face(stored(service, cast)) == Face("Alder Street Office", "", "on weekdays", "", [])
