"""The console: sign in, Today, clients, sending, results, answering together, and what got stuck."""

from __future__ import annotations

from delivery.web.console import assignments, clients, in_person, results, send, signing_in, today, work
from delivery.web.console.gate import bp

__all__ = ["assignments", "bp", "clients", "in_person", "results", "send", "signing_in", "today", "work"]
