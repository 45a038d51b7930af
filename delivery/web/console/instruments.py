"""The measures of a practice: the list, one measure, its file, and accepting its terms."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import domains, instrument_files, instrument_page, library
from delivery.audit import Actor
from delivery.errors import Invalid, NotFound
from delivery.models.people import Role
from delivery.web.console import rule_words
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

LONGEST_SEARCH = 100


def practices() -> list[UUID]:
    """The caller's practices, in the order of their names."""
    mine = set(caller().practices(Role.CLINICIAN, Role.OWNER))
    return [one for one in g.practices if one in mine]


def practice_id() -> UUID:
    """The practice whose library is shown: the one in the address, else the first. Raises NotFound."""
    wanted, mine = request.args.get("practice"), practices()
    found = next((one for one in mine if wanted in (None, str(one))), None)
    if found is None:
        raise NotFound
    return found


def owner(practice: UUID) -> Actor:
    """The caller as an owner of the practice. Raises Forbidden."""
    caller().require(Role.OWNER, practice)
    return caller().actor


def address(endpoint: str, **values: Any) -> str:
    """A page of the library, in the practice that is shown."""
    if len(practices()) > 1:
        values["practice"] = practice_id()
    return url_for(f"console.{endpoint}", **values)


def version() -> int | None:
    """The version in the address, if there is one. Raises NotFound for what is none."""
    typed = request.args.get("version")
    if typed is None:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 9):
        raise NotFound
    return int(typed)


def show(template: str, status: int = 200, **values: Any) -> Response:
    """A page of the library."""
    here = practice_id()
    page = render_template(
        f"console/{template}.html",
        practice=g.practices[here],
        practices=[g.practices[one] for one in practices()],
        owns=here in caller().practices(Role.OWNER),
        at=address,
        rules=rule_words,
        **values,
    )
    return make_response(page, status)


@bp.get("/instruments")
def instruments() -> Response:
    """All measures by what they measure; a search goes over names, subjects and headings."""
    sought = request.args.get("q", "")[:LONGEST_SEARCH]
    with service().db.read() as session:
        there = library.of(session, practice_id())
    found = domains.matching(there.list(), sought)
    if request.args.get("own"):
        found = [one for one in found if one.key in there.own]
    return show(
        "instruments",
        groups=domains.grouped(found),
        there=there,
        sought=sought,
        shown=len(found),
        total=len(there.list()),
    )


@bp.get("/instruments/<key>")
def instrument(key: str) -> Response:
    """Everything about one measure, each figure with its source."""
    return page(key)


def page(key: str, status: int = 200, **values: Any) -> Response:
    """The page of a measure, with what was typed there and why it was not taken."""
    with service().db.read() as session:
        found = instrument_page.read(session, practice_id(), key, version())
    texts = [(one, found.instrument.in_language(one)) for one in found.instrument.languages]
    defaults: dict[str, Any] = {"error": None, "fields": {}, "typed": {}}
    return show("instrument", status, page=found, texts=texts, **{**defaults, **values})


@bp.get("/instruments/<key>/file")
def instrument_file(key: str) -> Response:
    """One version as a LightQ file, or as a FHIR Questionnaire in one of its languages."""
    from questionnaires.fhir.questionnaire import to_fhir  # noqa: PLC0415 - pydantic, seldom needed
    from questionnaires.portable import export_file  # noqa: PLC0415

    with service().db.read() as session:
        found = instrument_files.find(session, practice_id(), key, version())
    name = f"{found.key}-{found.version}"
    if request.args.get("as") != "fhir":
        return _download(export_file(found), f"{name}.yaml", "application/yaml")
    language = request.args.get("in") or found.language
    if language is not None and language not in found.languages:
        raise NotFound
    body = json.dumps(to_fhir(found, language), ensure_ascii=False, indent=2).encode()
    name = f"{name}.{language}.fhir.json" if language else f"{name}.fhir.json"
    return _download(body, name, "application/fhir+json")


def _download(body: bytes, name: str, kind: str) -> Response:
    response = make_response(body)
    response.content_type = f"{kind}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.post("/instruments/<key>/terms")
def instrument_terms(key: str) -> Response:
    """The owner accepts the terms of a measure, once, for the practice."""
    here = practice_id()
    actor = owner(here)
    try:
        if request.form.get("agreed") != "yes":
            raise Invalid("Tick the box to accept the terms.", {"agreed": "Tick this to accept."})
        with service().db.write() as session:
            instrument_files.accept_terms(session, here, key, g.me.name, actor)
    except Invalid as error:
        return page(key, error.status, error=error, fields=error.fields)
    return redirect(address("instrument", key=key, done="terms"), 303)
