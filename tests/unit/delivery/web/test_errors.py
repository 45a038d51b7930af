from __future__ import annotations

import sqlite3

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError, OperationalError

from delivery import jobs
from delivery.errors import Conflict, Invalid, LightQError
from delivery.service import Service

CONSOLE = "http://127.0.0.1:8080"
CLIENTS = "http://localhost:8080"
SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}


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


def _refused(app: Flask, error: LightQError, zone: str = CLIENTS) -> str:
    """The page that a Spanish browser gets where a view raises `error`."""

    def raising() -> str:
        raise error

    path, view = ("/", "answer.home") if zone == CLIENTS else ("/livez", "health.livez")
    app.view_functions[view] = raising
    return app.test_client().get(path, base_url=zone, headers=SPANISH).text


def test_the_words_of_a_use_case_come_in_the_language_of_the_page(app: Flask) -> None:
    page = _refused(app, Conflict("This form is no longer open."))
    assert "Este formulario ya no está abierto." in page
    assert "no longer open" not in page
    reasons = _refused(
        app, Invalid("This form has ended.", {"x": "Too many tries. Please wait a little and try again."})
    )
    assert "Demasiados intentos. Espere un poco" in reasons


def test_words_that_have_no_translation_stay_as_they_are_and_none_stay_none(app: Flask) -> None:
    assert "100% of it, %(word)s" in _refused(app, Conflict("100% of it, %(word)s"))
    assert "Content-Type" not in _refused(app, Conflict()), "the head of the catalogue is no text"


def test_the_console_says_it_in_english(app: Flask) -> None:
    assert "This form is no longer open." in _refused(app, Conflict("This form is no longer open."), CONSOLE)


def test_a_page_that_is_not_there_says_so_in_the_language_of_the_browser(app: Flask) -> None:
    page = app.test_client().get("/nothing", base_url=CLIENTS, headers=SPANISH).text
    assert "Esta página no está aquí" in page
    assert "Aquí no hay nada." in page
