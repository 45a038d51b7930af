"""The part of docs/reliability.md that a full fault run writes itself, between two markers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.faults_report import COLUMNS, cell, notes, total, verdict

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- written by ./lightq faults: begin -->", "<!-- written by ./lightq faults: end -->"

Json = dict[str, Any]


def write(report: Json, document: Path = DOCUMENT) -> None:
    """Put the report between the markers. Raises ValueError where one of them is missing."""
    text = document.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    document.write_text(f"{head}{BEGIN}\n\n{part(report)}\n\n{END}{tail}", encoding="utf-8")


def part(report: Json) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(report))


def _lines(report: Json) -> Iterator[str]:
    yield f"`./lightq faults` on {report['at'][:10]}, commit `{report['commit']}`, {report['machine']},"
    yield f"load {report['load']}, seed {report['seed']}, {report['database']}: **{verdict(report)}**."
    yield ""
    names = [name for name, _ in COLUMNS]
    yield _row([name.replace("_", " ") for name in names])
    yield _row(["---", *("---:" for _ in names[1:])])
    for row in [*report["rows"], total(report["rows"]), report["ledger_off"]]:
        yield _row([cell(row, name) for name in names])
    yield ""
    everything = total(report["rows"])
    planned, sent, listed = everything["messages"], everything["sent"], sum(everything["listed"].values())
    yield f"Planned {planned:,}, sent {sent:,}, not sent and listed with the reason {listed:,}:"
    yield ", ".join(f"{reason} {count}" for reason, count in sorted(everything["listed"].items())) + "."
    yield ""
    for row in report["rows"]:
        for line in notes(row):
            yield f"- {row['fault']}: {line}."
    if idle := report["idle"]:
        yield f"- Idle, {idle['messages']} sends: half were handed to the provider {idle['median_seconds']} s"
        yield f"  after they were due, 99 % {idle['p99_seconds']} s after (goal: {idle['goal_seconds']} s)."


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
