"""Whether the process lives, and whether everything that it needs runs."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, jsonify, make_response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from delivery import jobs
from delivery.db import now
from delivery.errors import LightQError
from delivery.models.ledger import Heartbeat
from delivery.web.zones import service

bp = Blueprint("health", __name__)
#: Every queue has its own kind of worker (docs/adr/0003): one that is missing leaves work lying.
NEEDED = ("worker-send", "worker-bulk", "worker-score", "worker-report", "scheduler")
FRESH = timedelta(seconds=30)


@bp.get("/livez")
def livez() -> Response:
    """200 while this process answers."""
    return jsonify({"ok": True})


@bp.get("/readyz")
def readyz() -> Response:
    """200 when database, broker, workers and scheduler all run; otherwise 503 naming what does not."""
    checks = {"broker": service().bell.answers()}
    try:
        with service().db.read() as session:
            beats = session.scalars(select(Heartbeat).where(Heartbeat.at > now() - FRESH)).all()
            oldest = jobs.oldest_due(session)
        checks["database"] = True
    except (LightQError, SQLAlchemyError):
        beats, oldest = [], None
        checks["database"] = False
    for name in NEEDED:
        checks[name] = any(beat.process.startswith(f"{name}@") for beat in beats)
    waiting = (now() - oldest).total_seconds() if oldest else 0.0
    body = jsonify({"ready": all(checks.values()), "checks": checks, "oldest_due_seconds": round(waiting, 1)})
    return make_response(body, 200 if all(checks.values()) else 503)
