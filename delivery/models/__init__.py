"""All tables, gathered here so that migrations and the rule tests see every one."""

from __future__ import annotations

from delivery.models import (
    assignments,
    clients,
    devices,
    ledger,
    library,
    messages,
    people,
    portal,
    previews,
    results,
    schedules,
    screening,
)
from delivery.models.base import Base

__all__ = [
    "Base",
    "assignments",
    "clients",
    "devices",
    "ledger",
    "library",
    "messages",
    "people",
    "portal",
    "previews",
    "results",
    "schedules",
    "screening",
]
