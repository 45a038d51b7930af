"""The word agreed in person: how it is compared, kept, changed, and counted."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from delivery import links, passphrases
from delivery.errors import Invalid, NotFound
from delivery.models.assignments import Link
from delivery.models.clients import Respondent
from delivery.models.ledger import AuditEvent, OutboxEntry
from delivery.models.messages import Dispatch, Purpose
from delivery.models.people import Person
from delivery.passphrases import Refusal
from delivery.service import Service
from delivery.states import LinkState
from tests import build

WORD = "Blue Heron"


@pytest.fixture
def link_id(service: Service, cast: build.Cast) -> UUID:
    """A link of Cy's, who agreed on a word."""
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    agree(service, cast, passphrases.hashed(WORD))
    with service.db.read() as session:
        return session.scalars(select(Link.id).where(Link.assignment_id == row.id)).one()


def agree(service: Service, cast: build.Cast, hashed: str | None, by: UUID | None = None) -> None:
    caller = cast.caller(service, by or cast.ada)
    with service.db.write() as session:
        who = session.scalars(select(Respondent.id).where(Respondent.client_id == cast.cy)).one()
        passphrases.keep(session, caller, who, hashed)


def attempt(service: Service, cast: build.Cast, link_id: UUID, word: str) -> Refusal | None:
    with service.db.read() as session:
        link = session.get_one(Link, link_id)
        cy = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        held = passphrases.compare(passphrases.hold(link, cy, word), word)
    with service.db.write() as session:
        link = session.get_one(Link, link_id)
        cy = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        return passphrases.admit(session, link, cy, held)


def link_now(service: Service, link_id: UUID) -> Link:
    with service.db.read() as session:
        return session.get_one(Link, link_id)


def told(service: Service) -> list[Dispatch]:
    with service.db.read() as session:
        return list(session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.LOCKED)))


@pytest.mark.parametrize(
    "typed", ["blue heron", " BLUE  HERON\t", "BlueHeron", "ｂｌｕｅ heron", "b l u e heron"]
)
def test_capitals_and_spaces_do_not_count(typed: str) -> None:
    assert passphrases.compare(passphrases.hashed(WORD), typed).right


@pytest.mark.parametrize("typed", ["blue herons", "blue-heron", "heron blue", "", "blue hero", "x" * 10_000])
def test_another_word_is_not_the_word(typed: str) -> None:
    assert not passphrases.compare(passphrases.hashed(WORD), typed).right


def test_both_ways_to_write_an_accented_letter_are_one() -> None:
    assert passphrases.compare(passphrases.hashed("c\u00e1lido"), "ca\u0301lido").right


@pytest.mark.parametrize("word", ["", "   ", "abc", " a b c ", "x" * 101])
def test_a_word_has_four_to_a_hundred_letters_without_its_spaces(word: str) -> None:
    with pytest.raises(Invalid) as refused:
        passphrases.hashed(word)
    assert "4 to 100" in refused.value.fields["passphrase"]


def test_only_an_argon2id_hash_is_kept_and_that_sealed(service: Service, cast: build.Cast) -> None:
    agree(service, cast, passphrases.hashed(WORD))
    with service.db.read() as session:
        row = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        sealed: bytes = row.passphrase_hash_sealed  # type: ignore[attr-defined]
        assert (row.passphrase_hash or "").startswith("$argon2id$")
        assert b"argon2" not in sealed


def test_setting_changing_and_removing_are_each_a_line_of_the_audit_log(
    service: Service, cast: build.Cast
) -> None:
    agree(service, cast, None)  # there was none: nothing happened
    for hashed in (passphrases.hashed(WORD), passphrases.hashed("other word"), None):
        agree(service, cast, hashed)
    with service.db.read() as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "console:client:changed").order_by(AuditEvent.number)
        )
        details = [event.detail or {} for event in events]
    assert [detail["did"] for detail in details] == ["set", "changed", "removed"]
    assert not any("$argon2" in str(detail) or "eron" in str(detail) for detail in details)


@pytest.mark.parametrize("who", ["bo", "stranger", "desk"])
def test_whoever_is_not_on_the_care_team_sets_no_word(service: Service, cast: build.Cast, who: str) -> None:
    with pytest.raises(NotFound):
        agree(service, cast, passphrases.hashed(WORD), by=getattr(cast, who))


def test_the_right_word_lets_in_and_counts_nothing(service: Service, cast: build.Cast, link_id: UUID) -> None:
    assert attempt(service, cast, link_id, "blueheron") is None
    assert link_now(service, link_id).wrong_tries == 0


def test_a_page_sent_without_a_word_uses_up_no_try(service: Service, cast: build.Cast, link_id: UUID) -> None:
    for nothing in ("", "   ", "\t\n"):
        assert attempt(service, cast, link_id, nothing) == Refusal(left=5, wrong=False)
    assert link_now(service, link_id).wrong_tries == 0


def test_the_fifth_wrong_word_locks_for_good_and_tells_the_clinician(
    service: Service, cast: build.Cast, link_id: UUID
) -> None:
    found = [attempt(service, cast, link_id, f"wrong {n}") for n in range(5)]
    assert found == [Refusal(left, wrong=True) for left in (4, 3, 2, 1, 0)]
    link = link_now(service, link_id)
    assert (link.state, link.wrong_tries, link.end_reason) == (LinkState.LOCKED, 5, "wrong-words")
    assert link.token_id is None and link.ended_at is not None
    assert attempt(service, cast, link_id, WORD) is None, "its own page tells; nothing is counted"
    assert link_now(service, link_id).wrong_tries == 5
    (message,) = told(service)
    assert message.person_id == cast.ada
    with service.db.read() as session:
        tags = session.scalars(select(AuditEvent.tag).where(AuditEvent.subject_id == link_id)).all()
        assert session.scalars(select(OutboxEntry.id).where(OutboxEntry.subject_id == message.id)).one()
    assert tags.count("client:link:locked") == 1


def test_four_wrong_words_and_the_right_one_are_no_lock_and_the_count_stays(
    service: Service, cast: build.Cast, link_id: UUID
) -> None:
    for n in range(4):
        attempt(service, cast, link_id, f"wrong {n}")
    assert attempt(service, cast, link_id, WORD) is None
    assert link_now(service, link_id).wrong_tries == 4
    assert attempt(service, cast, link_id, "wrong again") == Refusal(left=0, wrong=True)
    assert link_now(service, link_id).state is LinkState.LOCKED


def test_a_word_that_was_changed_in_the_moment_of_a_try_counts_nothing(
    service: Service, cast: build.Cast, link_id: UUID
) -> None:
    held = passphrases.compare(passphrases.hashed("the word of before"), "wrong")
    with service.db.write() as session:
        cy = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        refusal = passphrases.admit(session, session.get_one(Link, link_id), cy, held)
    assert refusal == Refusal(left=5, wrong=False)
    assert link_now(service, link_id).wrong_tries == 0


def test_without_a_word_everybody_is_let_in(service: Service, cast: build.Cast, link_id: UUID) -> None:
    agree(service, cast, None)
    for typed in ("", "anything at all"):
        assert attempt(service, cast, link_id, typed) is None
    assert link_now(service, link_id).wrong_tries == 0


def test_two_locks_in_a_day_are_told_in_one_message(
    service: Service, cast: build.Cast, link_id: UUID
) -> None:
    second = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq2"])
    with service.db.read() as session:
        other = session.scalars(select(Link.id).where(Link.assignment_id == second.id)).one()
    for one in (link_id, other):
        for n in range(5):
            attempt(service, cast, one, f"wrong {n}")
    assert len(told(service)) == 1


def test_who_wants_no_messages_gets_none(service: Service, cast: build.Cast, link_id: UUID) -> None:
    with service.db.write() as session:
        session.get_one(Person, cast.ada).routine_mail = "none"
    for n in range(5):
        attempt(service, cast, link_id, f"wrong {n}")
    assert told(service) == []
    assert link_now(service, link_id).state is LinkState.LOCKED


def test_locked_asks_are_told_apart_from_others(service: Service, cast: build.Cast, link_id: UUID) -> None:
    asked = link_now(service, link_id).assignment_id
    with service.db.read() as session:
        assert links.locked(session, [asked]) == set()
    for n in range(5):
        attempt(service, cast, link_id, f"wrong {n}")
    with service.db.read() as session:
        assert links.locked(session, [asked, UUID(int=1)]) == {asked}
