"""The console: sign in, Today, clients, sending, sets, results, answering together, and what got stuck."""

from __future__ import annotations

from delivery.web.console import (
    assignments,
    builder,
    builder_preview,
    clients,
    in_person,
    instrument_import,
    instruments,
    preview,
    results,
    send,
    sets,
    signing_in,
    today,
    work,
)
from delivery.web.console.gate import bp

__all__ = [
    "assignments",
    "bp",
    "builder",
    "builder_preview",
    "clients",
    "in_person",
    "instrument_import",
    "instruments",
    "preview",
    "results",
    "send",
    "sets",
    "signing_in",
    "today",
    "work",
]
