from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from delivery import clients, past_totals, report_data, result_lines, result_page, results
from delivery.caseload.row import PastTotal as Typed
from delivery.models.assignments import Way
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
        assert past_totals.of_client(session, cast.cy) == [late, early]
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
