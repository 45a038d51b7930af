from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from delivery import audit, clients, past_totals, report_data, result_lines, result_page, results
from delivery.caseload.row import PastTotal as Typed
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.assignments import Way
from delivery.models.ledger import AuditEvent
from delivery.models.results import EpisodeSummary, Submission
from delivery.models.schedules import PastTotal
from delivery.service import Service
from tests import build

ROOT = Path(__file__).resolve().parents[3]
#: What may know of totals that were entered by hand: where they come in, and the one page that lists them.
MAY_KNOW = {
    "delivery/past_totals.py",
    "delivery/models/schedules.py",
    "delivery/web/console/caseload.py",
    *(f"delivery/caseload_{part}.py" for part in ("known", "look", "import")),
    "templates/console/client_past.html",
}


def _add(service: Service, cast: build.Cast, *totals: Typed) -> None:
    with service.db.write() as session:
        (who,) = clients.respondents(session, cast.cy)
        past_totals.add(session, who, totals, cast.ada)


def test_totals_are_listed_newest_first_and_each_client_has_their_own(
    service: Service, cast: build.Cast
) -> None:
    early, late = (
        Typed("phq9", date(2025, 11, 3), 17),
        Typed("gad7", date(2026, 1, 12), 9),
    )
    _add(service, cast, early, late)
    with service.db.read() as session:
        assert [one.past for one in past_totals.of_client(session, cast.cy)] == [late, early]
        assert past_totals.of_clients(session, [cast.cy])[cast.cy] == [late, early]
        assert past_totals.of_client(session, cast.bo_client) == []
        rows = session.scalars(select(PastTotal)).all()
    assert {row.entered_by for row in rows} == {cast.ada}


def test_a_total_is_sealed(service: Service, cast: build.Cast) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    with service.db.read() as session:
        row = session.scalars(select(PastTotal)).one()
        raw: Any = row.total_sealed  # type: ignore[attr-defined]
    assert b"17" not in raw[15:]
    assert len(raw) > 31


def _one(service: Service, cast: build.Cast) -> past_totals.Kept:
    with service.db.read() as session:
        (found,) = past_totals.of_client(session, cast.cy)
        return found


def _audited(service: Service) -> list[Any]:
    with service.db.read() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.tag == audit.Tag.CLIENT_CHANGED.value))
        return [(row.actor, row.subject_id, row.detail) for row in rows]


def test_a_wrong_total_is_corrected_with_a_reason_that_the_audit_log_keeps(
    service: Service, cast: build.Cast
) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    kept, ada = _one(service, cast), cast.caller(service, cast.ada)
    with service.db.write() as session:
        past_totals.correct(session, ada, cast.cy, kept.id, " 7 ", "2025-11-04", "  read   wrong from paper ")
    assert _one(service, cast) == past_totals.Kept(kept.id, Typed("phq9", date(2025, 11, 4), 7))
    detail = {
        "past_total": str(kept.id),
        "was": {"measure": "phq9", "on": "2025-11-03", "total": 17},
        "is": {"measure": "phq9", "on": "2025-11-04", "total": 7},
        "reason": "read wrong from paper",
    }
    assert _audited(service) == [(str(ada.actor), cast.cy, detail)]


def test_a_wrong_total_is_taken_away_and_the_audit_log_keeps_what_it_was(
    service: Service, cast: build.Cast
) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    kept, ada = _one(service, cast), cast.caller(service, cast.ada)
    with service.db.write() as session:
        past_totals.remove(session, ada, cast.cy, kept.id, "another client's sheet")
    with service.db.read() as session:
        assert past_totals.of_client(session, cast.cy) == []
    ((_, subject, detail),) = _audited(service)
    assert (subject, detail["was"]["total"], detail["reason"]) == (cast.cy, 17, "another client's sheet")
    with pytest.raises(NotFound), service.db.write() as session:
        past_totals.remove(session, ada, cast.cy, kept.id, "twice")


@pytest.mark.parametrize(
    ("total", "on", "reason", "marked"),
    [
        ("28", "2025-11-03", "why", {"total"}),
        ("", "2025-11-03", "why", {"total"}),
        ("7", "next week", "why", {"on"}),
        ("7", "2099-01-01", "why", {"on"}),
        ("7", "1901-01-01", "why", {"on"}),
        ("7", "2025-11-03", "  ", {"reason"}),
        ("x", "x", "", {"total", "on", "reason"}),
    ],
)
def test_what_cannot_be_is_marked_and_changes_nothing(
    service: Service, cast: build.Cast, total: str, on: str, reason: str, marked: set[str]
) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    kept, ada = _one(service, cast), cast.caller(service, cast.ada)
    with pytest.raises(Invalid) as caught, service.db.write() as session:
        past_totals.correct(session, ada, cast.cy, kept.id, total, on, reason)
    assert set(caught.value.fields) == marked
    assert (_one(service, cast), _audited(service)) == (kept, [])


def test_nothing_is_taken_away_without_a_reason(service: Service, cast: build.Cast) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    kept, ada = _one(service, cast), cast.caller(service, cast.ada)
    with pytest.raises(Invalid), service.db.write() as session:
        past_totals.remove(session, ada, cast.cy, kept.id, "")
    assert (_one(service, cast), _audited(service)) == (kept, [])


def test_two_totals_of_one_measure_never_stand_on_one_day(service: Service, cast: build.Cast) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17), Typed("phq9", date(2025, 12, 3), 9))
    ada = cast.caller(service, cast.ada)
    with service.db.read() as session:
        late, early = past_totals.of_client(session, cast.cy)
    with pytest.raises(Conflict), service.db.write() as session:
        past_totals.correct(session, ada, cast.cy, late.id, "9", "2025-11-03", "wrong month")
    with service.db.read() as session:
        assert past_totals.of_client(session, cast.cy) == [late, early]


def test_only_who_may_read_the_record_changes_a_total(service: Service, cast: build.Cast) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    kept, bo = _one(service, cast), cast.caller(service, cast.bo)
    with pytest.raises(NotFound), service.db.write() as session:
        past_totals.correct(session, bo, cast.cy, kept.id, "7", "2025-11-03", "why")
    with pytest.raises(NotFound), service.db.write() as session:
        past_totals.remove(session, bo, cast.cy, kept.id, "why")
    with pytest.raises(NotFound), service.db.write() as session:
        past_totals.remove(session, bo, cast.bo_client, kept.id, "by way of another client")
    assert _one(service, cast) == kept


def test_the_clients_page_corrects_and_takes_away(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    _add(service, cast, Typed("phq9", date(2025, 11, 3), 17))
    kept, page = _one(service, cast), f"/console/clients/{cast.cy}"
    address = f"{page}/past-totals/{kept.id}"
    assert address in console.get(page).text
    wrong = console.post(address, data={"total": "99", "on": "2025-11-03", "reason": "", "do": "keep"})
    assert wrong.status_code == 422
    assert "A total of PHQ-9 is from 0 to 27." in wrong.text
    assert "Write why, in a few words." in wrong.text
    assert 'value="99"' in wrong.text
    right = {"total": "7", "on": "2025-11-03", "reason": "read wrong", "do": "keep"}
    assert console.post(address, data=right).status_code == 303
    assert _one(service, cast).past.total == 7
    assert console.post(address, data={"reason": "not hers", "do": "remove"}).status_code == 303
    assert address not in console.get(page).text


def _everything(service: Service, cast: build.Cast, submission_id: UUID) -> dict[str, Any]:
    """All that is made of a result: the report, its page, its line, and the summary worked out anew."""
    with service.db.write() as session:
        submission = session.get_one(Submission, submission_id)
        instrument = results.instrument_of(session, submission)
        summary = results.summarise(session, submission, instrument)
        session.flush()
        page = result_page.read(session, cast.caller(service, cast.ada), submission_id)
        return {
            "report": report_data.assemble(session, submission_id),
            "lines": [
                (one.value, one.band, one.reading) for one in result_lines.lines(session, [submission])
            ],
            "scales": page.scales,
            "findings": page.findings,
            "summary": summary.summary,
            "summaries": len(session.scalars(select(EpisodeSummary)).all()),
        }


def test_past_totals_never_count(service: Service, cast: build.Cast) -> None:
    ada = cast.caller(service, cast.ada)
    for code in ("3", "1"):
        (stored,) = build.answer(
            service, build.ask(service, ada, cast.cy, ["phq9"], Way.IN_PERSON), cast.ada, code
        )
        with service.db.write() as session:
            results.store(session, stored.id)
    before = _everything(service, cast, stored.id)
    assert before["summary"], "there is something to change"
    _add(service, cast, *(Typed("phq9", date(2025, month, 1), 27 - month) for month in range(1, 13)))
    after = _everything(service, cast, stored.id)
    for part, found in before.items():
        assert after[part] == found, part


def test_nothing_else_reads_them() -> None:
    reading = {
        str(path.relative_to(ROOT))
        for folder in ("delivery", "workers", "templates")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".py", ".html", ".txt")
        and any(word in path.read_text(encoding="utf-8") for word in ("PastTotal", "past_total"))
    }
    assert {one for one in reading if not one.startswith("delivery/caseload/")} <= MAY_KNOW
    assert "delivery/past_totals.py" in reading
