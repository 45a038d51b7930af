"""The OpenAPI 3.1 document, made from the table of routes and the models that check and answer."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from delivery.web.api.answers import Problem
from delivery.web.api.idempotency import HEADER
from delivery.web.api.routes import ROUTES, Route

_PLACE = re.compile(r"<(uuid:)?(\w+)>")
#: What can go wrong, beside the answer: status -> where.
PROBLEMS = {
    "400": "The request could not be read, or a POST came without its key.",
    "401": "There is no valid token.",
    "403": "The account does not allow this.",
    "404": "There is nothing here, or it is not the caller's to see.",
    "409": "It is no longer in the state that this needs.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "Some fields cannot be taken; `errors` says which and why.",
    "503": "It could not be saved just now; nothing was stored.",
}


@cache
def openapi() -> dict[str, Any]:
    """The whole document."""
    models: set[type[BaseModel]] = {Problem}
    for one in ROUTES:
        models.update(model for model in (one.answer, one.body) if model)
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(m, "validation") for m in ordered], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, Any] = {}
    for one in ROUTES:
        paths.setdefault(path(one), {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LightQ",
            "version": "1",
            "description": "Clients, asks and results of one clinician in one practice.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def path(one: Route) -> str:
    """A route's path as the document writes it."""
    return _PLACE.sub(r"{\2}", one.rule)


def _operation(one: Route) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "uuid"} if uuid else {"type": "string"},
        }
        for uuid, name in _PLACE.findall(one.rule)
    ]
    if one.query:
        shape = one.query.model_json_schema()
        parameters += [
            {"name": name, "in": "query", "required": name in shape.get("required", []), "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    if one.method == "POST":
        schema = {"type": "string", "minLength": 1, "maxLength": 200}
        parameters.append({"name": HEADER, "in": "header", "required": True, "schema": schema})
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": " ".join((one.view.__doc__ or "").split()),
        "parameters": parameters,
        "responses": {
            str(one.status): {"description": "Done.", "content": _content(one.answer)},
            **{status: _problem(words) for status, words in PROBLEMS.items()},
        },
    }
    if one.body:
        needed = any(field.is_required() for field in one.body.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": _content(one.body)}
    return operation


def _content(model: type[BaseModel] | None) -> dict[str, Any]:
    if model is None:
        return {"application/pdf": {}}
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}
