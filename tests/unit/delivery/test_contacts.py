from __future__ import annotations

import pytest

from delivery import clients, contacts
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.errors import Invalid
from delivery.models.clients import ContactKind, ContactState
from delivery.service import Service
from tests import build


@pytest.mark.parametrize(
    ("kind", "typed", "normal"),
    [
        (ContactKind.EMAIL, "  Elena@Example.ORG ", "elena@example.org"),
        (ContactKind.SMS, "(503) 555-0118", "+15035550118"),
        (ContactKind.SMS, "+44 20 7946 0018", "+442079460018"),
    ],
)
def test_contacts_are_kept_in_one_spelling(kind: ContactKind, typed: str, normal: str) -> None:
    assert contacts.normal_contact(kind, typed) == normal


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (ContactKind.EMAIL, "elena"),
        (ContactKind.EMAIL, ""),
        (ContactKind.SMS, "12"),
        (ContactKind.SMS, "abc"),
    ],
)
def test_what_is_no_contact_is_refused_without_repeating_it(kind: ContactKind, typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        contacts.normal_contact(kind, typed)
    assert not typed or typed not in str(caught.value)


@pytest.mark.parametrize(
    "typed", ["ELENA@example.org", " elena@example.org ", "(503) 555-0118", "503.555.0118"]
)
def test_a_new_contact_is_unconfirmed_and_found_again_by_any_spelling_in_its_practice(
    service: Service, cast: build.Cast, typed: str
) -> None:
    new = [NewContact(ContactKind.EMAIL, "Elena@Example.org"), NewContact(ContactKind.SMS, "503 555 0118")]
    ada, stranger = cast.caller(service, cast.ada), cast.caller(service, cast.stranger)
    with service.db.write() as session:
        made = clients.add(session, ada, given_name="Elena", respondents=[NewRespondent(contacts=new)])
        (who,) = clients.respondents(session, made.id)
        points = contacts.of_respondent(session, who.id)
    assert {point.state for point in points} == {ContactState.UNCONFIRMED}
    with service.db.read() as session:
        assert contacts.reached_at(session, ada, typed) == {made.id}
        assert contacts.reached_at(session, stranger, typed) == set()
        assert contacts.reached_at(session, cast.caller(service, cast.desk), typed) == set()


@pytest.mark.parametrize("typed", ["", "Elena", "elena@", "12", "someone.else@example.org"])
def test_what_is_no_contact_or_nobody_s_finds_nobody(service: Service, cast: build.Cast, typed: str) -> None:
    with service.db.read() as session:
        assert contacts.reached_at(session, cast.caller(service, cast.ada), typed) == set()
