"""The console: sign in, Today, clients, sending, sets, results, answering together, and what got stuck."""

from __future__ import annotations

from delivery.web.console import (
    appointments,
    assignments,
    builder,
    builder_preview,
    bulk,
    caseload,
    clients,
    in_person,
    instrument_import,
    instruments,
    preview,
    reaching,
    results,
    schedules,
    send,
    sets,
    signing_in,
    today,
    unanswered,
    work,
)
from delivery.web.console.gate import bp

__all__ = [
    "appointments",
    "assignments",
    "bp",
    "builder",
    "builder_preview",
    "bulk",
    "caseload",
    "clients",
    "in_person",
    "instrument_import",
    "instruments",
    "preview",
    "reaching",
    "results",
    "schedules",
    "send",
    "sets",
    "signing_in",
    "today",
    "unanswered",
    "work",
]
