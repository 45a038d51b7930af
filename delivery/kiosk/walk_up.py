"""Anonymous questions for people in the waiting room who are not clients: on their own phone, never here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.models.people import Person
from delivery.models.screening import ScreeningPage


@dataclass(frozen=True)
class Square:
    """A member's page with its address, as words and as an SVG to point a phone at."""

    name: str
    url: str
    svg: str


def of_practices(session: Session, practice_ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """(slug, name) of the open pages of members who still work in these practices."""
    rows = session.execute(
        select(ScreeningPage.slug, Person.known_as)
        .join(Person, Person.id == ScreeningPage.person_id)
        .where(
            ScreeningPage.practice_id.in_(practice_ids),
            ScreeningPage.open.is_(True),
            Person.left_at.is_(None),
        )
        .order_by(Person.known_as)
    )
    return [(slug, name) for slug, name in rows]


def squares(offers: Sequence[tuple[str, str]], client_url: str) -> list[Square]:
    """The pages as they are shown."""
    return [Square(name, url := f"{client_url}/screen/{slug}", square(url)) for slug, name in offers]


def square(url: str) -> str:
    """A QR code as SVG, dark on light in every colour scheme, that scales with its box."""
    svg: str = segno.make_qr(url, error="m").svg_inline(
        scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return svg
