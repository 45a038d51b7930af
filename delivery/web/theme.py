"""A practice's colour and logo on client pages: what a page wears, and the two addresses that serve it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, url_for

from delivery import theme
from delivery.errors import NotFound
from delivery.models.people import Practice
from delivery.web.zones import service

bp = Blueprint("theme", __name__, url_prefix="/theme")


def wear(practice: Practice) -> None:
    """Let the page of this request have the practice's colour and logo."""
    g.theme = _address("style", practice) if practice.colour else None
    g.logo = _address("logo", practice) if practice.logo else None


def _address(part: str, practice: Practice) -> str:
    return url_for(f"theme.{part}", practice_id=practice.id, v=theme.stamp(practice))


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"theme": g.get("theme"), "logo": g.get("logo")}


@bp.get("/<uuid:practice_id>.css")
def style(practice_id: UUID) -> Response:
    """The three tokens in the practice's colour, light and dark."""
    practice = _practice(practice_id)
    if practice.colour is None:
        raise NotFound
    return Response(theme.style(practice.colour), mimetype="text/css")


@bp.get("/<uuid:practice_id>/logo")
def logo(practice_id: UUID) -> Response:
    """The practice's logo, of the kind that its bytes say."""
    practice = _practice(practice_id)
    if practice.logo is None or practice.logo_type is None:
        raise NotFound
    return Response(practice.logo, mimetype=practice.logo_type)


def _practice(practice_id: UUID) -> Practice:
    with service().db.read() as session:
        found = session.get(Practice, practice_id)
    if found is None:
        raise NotFound
    return found
