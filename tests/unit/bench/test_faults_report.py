from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import faults_document
from bench.faults_report import merged, table

KEYS = ("fault", "injections", "messages", "submits", "lost", "doubled", "wrong_person", "recovery_seconds")


def row(fault: str, **changes: Any) -> dict[str, Any]:
    plain = {"injections": 1, "messages": 10, "submits": 2, "lost": 0, "doubled": 0, "wrong_person": 0}
    more = {"recovery_seconds": 1.5, "sent": 9, "listed": {"held: quiet": 1}, "odd": [], "good": True}
    return {"fault": fault, **plain, **more, **changes}


def report(*rows: dict[str, Any], good: bool = True) -> dict[str, Any]:
    about = {"at": "2026-11-22T10:00:00+00:00", "commit": "abc", "machine": "2 cores", "load": 0.1, "seed": 7}
    idle = {"messages": 300, "median_seconds": 0.1, "p99_seconds": 0.4, "goal_seconds": 2.0}
    return {
        **about,
        "database": "SQLite",
        "broken": None,
        "rows": merged(rows),
        "idle": idle,
        "good": good,
        "ledger_off": row("ledger off", doubled=5),
    }


def test_a_fault_has_one_row_over_all_transports_with_every_agreed_key() -> None:
    rows = merged(
        [row("F14 lost"), row("F2 killed"), row("F14 lost (SMTP)", doubled=1, recovery_seconds=4.0)]
    )
    assert [one["fault"] for one in rows] == ["F2 killed", "F14 lost"]
    assert (rows[1]["messages"], rows[1]["doubled"], rows[1]["recovery_seconds"]) == (20, 1, 4.0)
    assert set(KEYS) <= set(rows[0])


def test_a_row_that_is_not_good_makes_its_sum_not_good_and_is_named() -> None:
    rows = [row("F14 lost"), row("F14 lost (SMTP)", good=False, odd=["I7: a line is missing"])]
    assert not merged(rows)[0]["good"]
    said = table(report(*rows, good=False))
    assert "I7: a line is missing" in said
    assert said.endswith("the promise did not hold")


def test_the_document_keeps_its_own_words_and_gets_the_table(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{faults_document.BEGIN}\nold\n{faults_document.END}\nafter\n")
    faults_document.write(report(row("F14 lost")), document)
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| F14 lost | 1 | 10 | 2 | 0 | 0 | 0 | 1.5 |" in text
    assert "Planned 10, sent 9, not sent and listed with the reason 1" in text


def test_a_document_without_its_markers_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text("no markers")
    with pytest.raises(ValueError, match="unpack"):
        faults_document.write(report(row("F14 lost")), document)


def test_the_document_of_the_project_has_the_markers() -> None:
    text = faults_document.DOCUMENT.read_text(encoding="utf-8")
    assert text.count(faults_document.BEGIN) == text.count(faults_document.END) == 1
