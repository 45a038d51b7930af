"""A member's screening page: what it offers, to whom, and the member's own settings for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, library
from delivery.access import Caller
from delivery.errors import Invalid, NotFound
from delivery.library import Library
from delivery.models.people import Person, Practice, Role
from delivery.models.screening import ScreeningPage
from delivery.screening import origins
from delivery.screening.walks import Age
from questionnaires.schema import Instrument

SLUG: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,59}")
#: Words that an address may not be, because pages of ours are there.
TAKEN: Final = frozenset({"embed", "step", "withdraw"})
ADULT: Final = 18
TEEN: Final = 14


@dataclass(frozen=True)
class Offer:
    """An open page with everything that its visitors may know."""

    page: ScreeningPage
    practice: Practice
    person: Person
    measures: list[Instrument]

    def for_age(self, age: Age) -> list[Instrument]:
        """The measures on offer that are made for this age."""
        return [one for one in self.measures if suits(one, age)]


@dataclass(frozen=True)
class Wish:
    """What a member chose for their page. `origins` is as typed, one website on a line."""

    slug: str
    instruments: Sequence[str]
    open: bool
    takes_contact: bool
    origins: str = ""


def suits(one: Instrument, age: Age) -> bool:
    """Whether a measure is made for visitors of this age, or for those who ask for a child."""
    low, high = one.ages.low, one.ages.high
    if age == "child":
        return "parent" in one.respondents
    if "self" not in one.respondents:
        return False
    if age == "adult":
        return high is None or high >= ADULT
    return low <= TEEN and (high is None or high >= ADULT - 1)


def allowed(there: Library) -> list[Instrument]:
    """The measures that may stand on a public page: their file and their licence allow it."""
    found = (one for one in there.list() if "public" in one.settings and there.barred(one) is None)
    return sorted(found, key=lambda one: one.short_name.casefold())


def of_slug(session: Session, slug: str) -> Offer:
    """The open page at an address. NotFound for all else, always in the same words."""
    page = None
    if SLUG.fullmatch(slug):
        page = session.scalars(select(ScreeningPage).where(ScreeningPage.slug == slug)).one_or_none()
    if page is None or not page.open:
        raise NotFound
    caller = access.caller(session, page.person_id)  # NotFound where they have left
    if page.practice_id not in caller.practices(Role.CLINICIAN):
        raise NotFound
    offered = _offered(library.of(session, page.practice_id), page.instruments)
    if not offered:
        raise NotFound
    practice = session.get_one(Practice, page.practice_id)
    return Offer(page, practice, session.get_one(Person, page.person_id), offered)


def _offered(there: Library, keys: Iterable[str]) -> list[Instrument]:
    by_key = {one.key: one for one in allowed(there)}
    return [by_key[key] for key in keys if key in by_key]


def mine(session: Session, caller: Caller) -> ScreeningPage | None:
    """The caller's own page, or None while they have none."""
    return session.scalars(
        select(ScreeningPage).where(ScreeningPage.person_id == caller.person_id)
    ).one_or_none()


def change(session: Session, caller: Caller, wish: Wish, *, loopback: bool) -> ScreeningPage:
    """Make or change the caller's page. Raises Invalid field by field."""
    page = mine(session, caller)
    practice_id = caller.require(Role.CLINICIAN, page.practice_id if page else None)
    assert practice_id is not None
    slug = _slug(session, wish.slug, page)
    known = {one.key for one in allowed(library.of(session, practice_id))}
    if any(key not in known for key in wish.instruments):
        raise Invalid("A measure may not stand on a public page.", {"instruments": "Choose from the list."})
    if wish.open and not wish.instruments:
        raise Invalid(
            "The page has nothing to answer yet.",
            {"instruments": "Choose a measure before you open the page."},
        )
    sites = origins.parse(wish.origins, loopback=loopback)
    if page is None:
        page = ScreeningPage(practice_id=practice_id, person_id=caller.person_id)
        session.add(page)
    page.slug, page.open, page.takes_contact = slug, wish.open, wish.takes_contact
    page.instruments, page.origins = list(dict.fromkeys(wish.instruments)), sites
    session.flush()
    detail = {"open": page.open, "instruments": page.instruments}
    audit.record(session, practice_id, caller.actor, audit.Tag.SCREENING_CHANGED, page.id, detail)
    return page


def _slug(session: Session, typed: str, page: ScreeningPage | None) -> str:
    slug = typed.strip().lower()
    if not SLUG.fullmatch(slug) or slug in TAKEN:
        raise Invalid(
            "Check the address.",
            {"slug": "3 to 60 letters without accents, digits and single hyphens: dr-rivera."},
        )
    holder = session.scalars(select(ScreeningPage.id).where(ScreeningPage.slug == slug)).one_or_none()
    if holder is not None and (page is None or holder != page.id):
        raise Invalid("This address is taken.", {"slug": "Somebody has this one. Choose another."})
    return slug


def suggestion(known_as: str) -> str:
    """An address made of how clients know somebody: "Dr. Rivera" gives "dr-rivera"."""
    made = "-".join(re.findall(r"[a-z0-9]+", known_as.lower()))[:60].strip("-")
    return made if SLUG.fullmatch(made) else ""
