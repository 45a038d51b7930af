"""The pages of a walk: which template, with what, and the token that its next press brings back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, make_response, render_template
from flask_babel import force_locale

from delivery import languages, library
from delivery.screening import storing
from delivery.screening.pages import Offer
from delivery.screening.walks import Seals, Walk
from delivery.sheets import Sheet
from delivery.web import surface as surfaces
from delivery.web import theme
from delivery.web.answer_form import HELP, MISSED, REVIEW, SENT, by_place, everything
from delivery.web.answer_page import LANGUAGES, About
from delivery.web.screen import result_view, words
from delivery.web.surface import Problem, Surface

#: Places of a walk after its questions.
RESULT: Final = "result"
CONTACT: Final = "contact"
CODE: Final = "code"
AFTER: Final = (RESULT, CONTACT, CODE)


@dataclass(frozen=True)
class Shown:
    """What pages of one request have in common: whose page it is, in a frame or not, and how walks are
    sealed."""

    offer: Offer
    there: library.Library
    seals: Seals
    framed: bool

    @property
    def home(self) -> str:
        """Address of the start page."""
        return f"/screen/{self.offer.page.slug}" + ("/embed" if self.framed else "")

    @property
    def action(self) -> str:
        """Address that takes every press."""
        return f"{self.home}/step"

    @property
    def about(self) -> About:
        """What pages may say of the practice."""
        practice, person = self.offer.practice, self.offer.person
        return About(
            practice.sender_name,
            practice.phone,
            person.known_as,
            practice.reads_answers,
            practice.time_zone,
            tuple(practice.help_lines),
        )

    def surface(self, walk: Walk) -> Surface:
        """The pages inside a form, as they look here."""
        return Surface(
            name="screen",
            action=self.action,
            base="screen/base.html",
            hidden={"token": self.seals.seal(walk)},
            stops=False,
        )

    def sheet(self, walk: Walk) -> Sheet:
        """The walk as a form."""
        return storing.sheet_of(walk, self.offer.page.practice_id, self.there)


def page(shown: Shown, name: str, lang: str, status: int = 200, **values: Any) -> Response:
    """A page of our own that belongs to a member's."""
    theme.wear(shown.offer.practice)
    return render(name, lang, status, shown=shown, about=shown.about, words_for=words, **values)


def render(name: str, lang: str, status: int, **values: Any) -> Response:
    """A page in the visitor's language."""
    with force_locale(lang):
        worded = languages.worded(lang)
        text = render_template(
            f"screen/{name}.html",
            lang=worded,
            chosen=lang,
            languages=LANGUAGES,
            worded=worded == lang,
            **values,
        )
    return make_response(text, status)


def start(shown: Shown, lang: str, status: int = 200, *, ticket: str = "", chosen: str = "") -> Response:
    """The empty start page; with a `ticket`, the page that asks for a moment's patience first."""
    if ticket:
        return page(shown, "wait", lang, status, ticket=ticket, start=chosen)
    return page(shown, "start", lang, status)


def form(
    shown: Shown, walk: Walk, at: str, *, then: str = "", of: str = "", problem: Problem | None = None
) -> Response:
    """A page inside the form, or help. Where the form is through, its result."""
    sheet = shown.sheet(walk)
    if at in (REVIEW, MISSED, SENT):
        return result(shown, walk)
    if at == HELP:
        of = of if of in by_place(everything(sheet)) else ""
        return page(shown, "help", walk.language, surface=shown.surface(walk), key="", at=HELP, of=of)
    theme.wear(shown.offer.practice)
    return surfaces.show(
        shown.surface(walk),
        sheet,
        at,
        walk.language,
        key="",
        about=shown.about,
        then=then,
        of=of,
        problem=problem,
    )


def result(shown: Shown, walk: Walk, status: int = 200) -> Response:
    """What the answers come to."""
    sheet = shown.sheet(walk)
    with force_locale(walk.language):
        seen = result_view.view(sheet, walk.language, shown.offer.practice.time_zone)
    return page(
        shown, "result", walk.language, status, surface=shown.surface(walk), view=seen, walk=walk, at=RESULT
    )


def contact(
    shown: Shown, walk: Walk, status: int = 200, *, typed: Mapping[str, str] | None = None, why: str = ""
) -> Response:
    """Where the clinician can reach the visitor; `why` names what was wrong with it."""
    return page(
        shown,
        "contact",
        walk.language,
        status,
        surface=shown.surface(walk),
        typed=typed or {},
        why=why,
        walk=walk,
        at=CONTACT,
    )


def code(shown: Shown, walk: Walk, status: int = 200, *, why: str = "", left: int = 0) -> Response:
    """The six digits that were sent there."""
    return page(
        shown,
        "code",
        walk.language,
        status,
        surface=shown.surface(walk),
        walk=walk,
        why=why,
        left=left,
        at=CODE,
    )
