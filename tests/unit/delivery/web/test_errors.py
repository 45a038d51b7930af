from __future__ import annotations

import sqlite3

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError, OperationalError

from delivery import jobs
from delivery.service import Service

CONSOLE = "http://127.0.0.1:8080"


def _integrity(name: str) -> IntegrityError:
    orig = sqlite3.IntegrityError("what somebody typed")
    orig.sqlite_errorname = name
    return IntegrityError("INSERT", {}, orig)


@pytest.mark.parametrize(
    ("name", "status"), [("SQLITE_CONSTRAINT_UNIQUE", 409), ("SQLITE_CONSTRAINT_NOTNULL", 500)]
)
def test_two_at_once_are_a_conflict_and_any_other_broken_rule_a_fault(
    app: Flask, name: str, status: int
) -> None:
    def livez() -> str:
        raise _integrity(name)

    app.view_functions["health.livez"] = livez
    reply = app.test_client().get("/livez", base_url=CONSOLE)
    assert reply.status_code == status
    assert "somebody typed" not in reply.text


def test_a_database_that_does_not_answer_is_503_in_words(app: Flask, service: Service) -> None:
    def livez() -> str:
        with service.db.read():
            raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    app.view_functions["health.livez"] = livez
    reply = app.test_client().get("/livez", base_url=CONSOLE)
    assert reply.status_code == 503
    assert "Please try again." in reply.text
    assert "server closed" not in reply.text


def test_readiness_names_the_database_that_does_not_answer(
    app: Flask, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_session: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr(jobs, "oldest_due", silent)
    reply = app.test_client().get("/readyz", base_url=CONSOLE)
    assert reply.status_code == 503
    assert reply.json is not None
    assert reply.json["checks"]["database"] is False
