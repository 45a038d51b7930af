"""A sitting: who may open it, what it keeps, and what a first answer starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, select, update

from delivery import assignments, audit, declining, forms, sittings
from delivery.db import now
from delivery.errors import Conflict, NotFound
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import PermittedUse
from delivery.models.ledger import AuditEvent, OutboxEntry
from delivery.service import Service
from delivery.sheets import Sheet
from delivery.signing import form_key, fresh_secret
from delivery.states import AssignmentState, FormState, LinkState
from tests import build


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9", "gad2"])


def begin(service: Service, asked: Assignment, uses: tuple[bool, bool] | None = None) -> tuple[str, str]:
    with service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == asked.id)).one()
        row = session.get(Assignment, asked.id)
        assert row is not None
        form, secret = forms.begin(session, link, row, language="en", uses=uses)
        return form.ref, secret


def test_only_the_browser_with_the_secret_finds_the_form(service: Service, asked: Assignment) -> None:
    ref, secret = begin(service, asked)
    with service.db.read() as session:
        assert forms.find(session, ref, secret).form.ref == ref
        for wrong in ("", None, secret[:-1], secret.swapcase()):
            with pytest.raises(NotFound):
                forms.find(session, ref, wrong)
        with pytest.raises(NotFound):
            forms.find(session, "nothing", secret)


def test_a_browser_is_recognised_by_its_cookie_among_many_sittings(
    service: Service, asked: Assignment
) -> None:
    pairs = [begin(service, asked) for _ in range(5)]
    with service.db.read() as session:
        link = session.scalars(select(Link)).one()
        found = forms.of_browser(session, link, {"other": "x", pairs[3][0]: pairs[3][1]})
        assert found is not None and found.ref == pairs[3][0]
        assert forms.of_browser(session, link, {pairs[3][0]: pairs[2][1]}) is None
        assert forms.of_browser(session, link, {}) is None


def test_the_forms_key_is_the_one_of_its_secret(service: Service, asked: Assignment) -> None:
    _ref, secret = begin(service, asked)
    forms.check_key(secret, form_key(secret))
    with pytest.raises(NotFound):
        forms.check_key(secret, "")


def test_the_first_answer_begins_the_link_and_starts_the_ask(service: Service, asked: Assignment) -> None:
    ref, secret = begin(service, asked)
    with service.db.write() as session:
        sheet = forms.find(session, ref, secret)
        forms.keep(session, sheet, "phq9", {}, place="phq9:phq9_2")
        assert (sheet.link.state, sheet.assignment.state) == (LinkState.OPEN, AssignmentState.PLANNED)  # type: ignore[union-attr]
        draft = forms.keep(session, sheet, "phq9", {"phq9_2": None}, place="phq9:phq9_3")
        assert draft == {"phq9": {"phq9_2": None}}
        assert (sheet.link.state, sheet.assignment.state) == (LinkState.BEGUN, AssignmentState.STARTED)  # type: ignore[union-attr]
        assert sheet.form.place == "phq9:phq9_3"


def test_answers_of_several_instruments_are_kept_side_by_side(service: Service, asked: Assignment) -> None:
    ref, secret = begin(service, asked)
    with service.db.write() as session:
        sheet = forms.find(session, ref, secret)
        forms.keep(session, sheet, "phq9", {"phq9_1": "1"}, place="")
        forms.keep(session, sheet, "gad2", {"gad2_1": "2"}, place="")
        draft = forms.keep(session, sheet, "phq9", {"phq9_1": "3"}, place="")
    assert draft == {"phq9": {"phq9_1": "3"}, "gad2": {"gad2_1": "2"}}


def test_every_change_of_a_critical_answer_plans_a_look_two_minutes_later(
    service: Service, asked: Assignment
) -> None:
    ref, secret = begin(service, asked)
    start = now()
    for seconds, code in ((0, "3"), (10, "0")):
        with (
            time_machine.travel(start + timedelta(seconds=seconds), tick=False),
            service.db.write() as session,
        ):
            sheet = forms.find(session, ref, secret)
            forms.keep(session, sheet, "phq9", {"phq9_9": code}, place="")
            forms.keep(session, sheet, "phq9", {"phq9_1": code}, place="")
    with service.db.read() as session:
        due = [e.due_at for e in session.scalars(select(OutboxEntry)) if e.kind == "risk_check"]
    assert [round((at - start).total_seconds()) for at in sorted(due)] == [120, 130]


def test_a_choice_of_uses_waits_for_the_first_answer(service: Service, asked: Assignment) -> None:
    ref, secret = begin(service, asked, uses=(False, True))
    with service.db.write() as session:
        sheet = forms.find(session, ref, secret)
        assert forms.uses_chosen(session, asked.respondent_id) is None
        forms.keep(session, sheet, "gad2", {"gad2_1": "0"}, place="")
        chosen = forms.uses_chosen(session, asked.respondent_id)
        assert chosen is not None and (chosen.own_statistics, chosen.alliance_figures) == (False, True)
        forms.keep(session, sheet, "gad2", {"gad2_2": "0"}, place="")
        assert len(session.scalars(select(PermittedUse)).all()) == 1
        assert forms.WAITING_USES not in (sheet.form.draft or {})


def test_an_ended_ask_keeps_nothing_more(service: Service, asked: Assignment) -> None:
    ref, secret = begin(service, asked)
    with service.db.write() as session:
        sheet = forms.find(session, ref, secret)
        assert sheet.link is not None
        declining.decline(session, sheet.link, "wrong-person")
    with service.db.write() as session:
        sheet = forms.find(session, ref, secret)
        assert not forms.writable(sheet)
        with pytest.raises(Conflict):
            forms.keep(session, sheet, "phq9", {"phq9_1": "1"}, place="")
        assert sheet.form.draft is None


def test_a_clinician_typing_keeps_one_sitting_and_raises_no_timer(
    service: Service, asked: Assignment
) -> None:
    with service.db.write() as session:
        row = session.get(Assignment, asked.id)
        assert row is not None
        sheet = forms.typed_in(session, row, asked.requested_by)
        forms.keep(session, sheet, "phq9", {"phq9_9": "3"}, place="")
        assert forms.typed_in(session, row, asked.requested_by).form.id == sheet.form.id
        assert [e.kind for e in session.scalars(select(OutboxEntry)) if e.kind == "risk_check"] == []
        assert len(session.scalars(select(FormSession)).all()) == 1
        assert replace(sheet, draft={}).answers("phq9") == {}


@pytest.mark.parametrize(
    "ref",
    ["", "a\x00bcdefghijk", "elevenchars", "thirteenchars", "with a space", "äbcdefghijkl", "abcdefghijkl\n"],
)
def test_a_reference_that_no_sitting_can_have_never_reaches_the_database(
    service: Service, asked: Assignment, ref: str
) -> None:
    asking: list[str] = []
    with service.db.read() as session:
        link = session.scalars(select(Link)).one()
        event.listen(service.db.engine, "before_cursor_execute", lambda *a: asking.append(str(a[3])))
        with pytest.raises(NotFound):
            forms.find(session, ref, "secret")
        assert asking == []
        assert forms.of_browser(session, link, {ref: "secret"}) is None
        assert not any(ref and ref in values for values in asking)


def test_whoever_began_in_time_may_give_the_first_answer_within_the_grace(
    service: Service, asked: Assignment
) -> None:
    end = asked.expires_at
    with time_machine.travel(end - timedelta(minutes=5)):
        ref, secret = begin(service, asked)
    for minutes, place in ((5, "phq9_1"), (15, "phq9_2")):
        with time_machine.travel(end + timedelta(minutes=minutes)), service.db.write() as session:
            forms.keep(session, forms.find(session, ref, secret), "phq9", {place: "1"}, place="")
    with time_machine.travel(end + timedelta(minutes=121)), service.db.write() as session:
        sheet = forms.find(session, ref, secret)
        assert sheet.draft["phq9"] == {"phq9_1": "1", "phq9_2": "1"}
        with pytest.raises(Conflict):
            forms.keep(session, sheet, "phq9", {"phq9_3": "1"}, place="")


def test_many_old_sittings_on_a_living_link_do_not_keep_the_others(
    service: Service, asked: Assignment, cast: build.Cast
) -> None:
    for _ in range(5):
        begin(service, asked)
    short = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"], expires_in_days=1)
    ref, _secret = begin(service, short)
    with time_machine.travel(now() + timedelta(days=3)):
        with service.db.write() as session:
            assert forms.wipe_old(session, limit=2) == 1
        with service.db.read() as session:
            rows = session.scalars(select(FormSession).where(FormSession.state == FormState.ENDED))
            assert [form.ref for form in rows] == [ref]


def test_a_typed_draft_is_wiped_once_its_ask_has_ended(
    service: Service, cast: build.Cast, asked: Assignment
) -> None:
    who = cast.caller(service, cast.ada)
    row = build.ask(service, who, cast.cy, ["phq9"], way=Way.IN_PERSON)
    with service.db.write() as session:
        sheet = forms.typed_in(session, session.get_one(Assignment, row.id), cast.ada)
        forms.keep(session, sheet, "phq9", {"phq9_1": "3"}, place="")
    with time_machine.travel(row.expires_at - timedelta(hours=1)), service.db.write() as session:
        assert forms.wipe_old(session) == 0, "the ask is open still"
    with time_machine.travel(row.expires_at + timedelta(hours=1)):
        with service.db.write() as session:
            assignments.expire_due(session)
            assert forms.wipe_old(session) == 1
        with service.db.read() as session:
            form = session.get_one(FormSession, sheet.form.id)
            assert (form.state, form.draft) == (FormState.ENDED, None)


@pytest.mark.parametrize("state", LinkState)
@pytest.mark.parametrize("swept", [None, 30, 90], ids=lambda minutes: f"swept {minutes}")
def test_what_is_wiped_is_exactly_what_can_no_longer_be_filled_in(
    service: Service, asked: Assignment, state: LinkState, swept: int | None
) -> None:
    """Sittings begun around the end of a link, looked at around the end of each grace."""
    end = asked.expires_at
    for minutes in (-180, -1, 0, 1, 45):
        at = end + timedelta(minutes=minutes)
        with time_machine.travel(at, tick=False), service.db.write() as session:
            session.add(_sitting(session.scalars(select(Link)).one()))
    ended = None if swept is None else end + timedelta(minutes=swept - 60)
    with service.db.write() as session:
        session.execute(update(Link).values(state=state, ended_at=ended))
    for minutes in (-30, 0, 29, 31, 59, 60, 61, 89, 91, 119, 120, 121):
        at = end + timedelta(minutes=minutes)
        with service.db.read() as session, time_machine.travel(at, tick=False):
            over = set(
                session.scalars(
                    select(FormSession.id)
                    .join(Assignment, Assignment.id == FormSession.assignment_id)
                    .where(sittings.over(at))
                )
            )
            link = session.scalars(select(Link)).one()
            row = session.get_one(Assignment, asked.id)
            for form in session.scalars(select(FormSession)):
                writable = forms.writable(Sheet(form, row, link, [], {}))
                assert (form.id in over) is not writable, f"begun {form.created_at - end}, {minutes} minutes"


def _sitting(link: Link) -> FormSession:
    return FormSession(
        practice_id=link.practice_id,
        assignment_id=link.assignment_id,
        link_id=link.id,
        ref=fresh_secret()[:12],
        secret_hash=b"",
        last_at=now(),
    )


def test_the_log_names_who_began_a_sitting(service: Service, asked: Assignment, cast: build.Cast) -> None:
    begin(service, asked)
    with service.db.write() as session:
        forms.typed_in(session, session.get_one(Assignment, asked.id), cast.ada)
    with service.db.read() as session:
        begun = select(AuditEvent.actor).where(AuditEvent.tag == audit.Tag.FORM_BEGUN)
        assert list(session.scalars(begun.order_by(AuditEvent.number))) == ["client", f"person:{cast.ada}"]
