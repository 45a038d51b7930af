"""Answering together: a clinician reads the questions aloud, or types in a sheet of paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import access, audit, forms, submissions, wordings
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client
from delivery.sheets import Sheet, interpreted
from delivery.states import OPEN_ASK
from delivery.submissions import Missed
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service
from questionnaires.answers import Answers, unanswered
from questionnaires.schema import Instrument, Item

#: A question's field is its item id after this; a blank's value is this word.
FIELD, BLANK = "a:", "blank"


@dataclass(frozen=True)
class Page:
    """One instrument of the ask, and where it stands among the others."""

    sheet: Sheet
    client: Client
    instrument: Instrument
    number: int
    #: The keys of the instruments that have something to ask.
    keys: list[str]
    #: The client has never been asked what else the answers may be used for.
    ask_uses: bool

    @property
    def last(self) -> bool:
        """Whether storing comes next."""
        return self.number == len(self.keys)

    @property
    def read(self) -> Instrument:
        """The instrument in the language in which it is read aloud."""
        return wordings.worded(self.instrument, self.sheet.language(self.instrument))

    @property
    def beside(self) -> Instrument | None:
        """The official English for the clinician, where another language is read."""
        return wordings.beside(self.instrument, self.sheet.language(self.instrument))

    @property
    def interpreted(self) -> bool:
        """Whether somebody interprets."""
        return self.instrument.key in interpreted(self.sheet.assignment)

    @property
    def items(self) -> list[Item]:
        """The questions of this page, as they are read aloud."""
        here = {item.id for item in self.sheet.items(self.instrument)}
        return [item for item in self.read.items if item.id in here]


@bp.get("/assignments/<uuid:assignment_id>/answer")
def answer(assignment_id: UUID) -> str:
    """All questions of one instrument with the text to read aloud."""
    with service().db.write() as session:
        page = _open(session, assignment_id, request.args.get("form"))
    return _render(page, page.sheet.answers(page.instrument.key))


def _open(session: Session, assignment_id: UUID, key: str | None) -> Page:
    """The sitting of this clinician. Raises NotFound, Conflict where it cannot be typed in."""
    row = access.one(session, caller(), Assignment, assignment_id)
    if row.channel is not Way.IN_PERSON or row.state not in OPEN_ASK:
        raise Conflict("This form is answered already, has ended, or goes another way.")
    sheet = forms.typed_in(session, row, caller().person_id)
    audit.record(session, row.practice_id, caller().actor, audit.Tag.ASSIGNMENT_READ, row.id)
    there = {one.key: one for one in sheet.instruments if sheet.items(one)}
    keys = list(there)
    place = keys.index(key) if key in keys else 0
    client = session.get(Client, row.client_id)
    assert client is not None
    asked = forms.uses_chosen(session, row.respondent_id) is not None
    return Page(sheet, client, there[keys[place]], place + 1, keys, ask_uses=not asked)


def _render(
    page: Page,
    answers: Answers,
    *,
    missed: Missed | None = None,
    error: Invalid | None = None,
) -> str:
    open_here = unanswered(page.instrument, answers) if missed else []
    return render_template(
        "console/answer.html",
        page=page,
        answers=answers,
        missed=missed,
        missed_here={item.id for item in open_here},
        error=error,
        field=FIELD,
        blank=BLANK,
    )


@bp.post("/assignments/<uuid:assignment_id>/answer")
def keep_answers(assignment_id: UUID) -> Response:
    """Keep what was typed, then go back, on, or store everything."""
    form, go = request.form, request.form.get("go", "next")
    with service().db.write() as session:
        page = _open(session, assignment_id, form.get("form"))
        try:
            typed = _typed(page.instrument, form)
        except Invalid as error:
            kept = {**page.sheet.answers(page.instrument.key), **_known(page.instrument, form)}
            return make_response(_render(page, kept, error=error), error.status)
        if page.ask_uses:
            _remember_uses(page)
        forms.keep(session, page.sheet, page.instrument.key, typed, place=page.instrument.key)
        # The sheet was read before this page's answers were kept: read it again.
        sheet = forms.typed_in(session, page.sheet.assignment, caller().person_id)
        if go in ("store", "blank"):
            outcome = submissions.accept(session, sheet, blank_rest=go == "blank")
            if outcome.kind == "missed" and outcome.missed is not None:
                here = replace(page, sheet=sheet)
                kept = sheet.answers(page.instrument.key)
                return make_response(_render(here, kept, missed=outcome.missed), 422)
            return redirect(url_for("console.assignment", assignment_id=assignment_id), 303)
    return redirect(_next(page, go, assignment_id), 303)


def _remember_uses(page: Page) -> None:
    """Let the client's choice wait for the first answer, where both questions were answered."""
    said = [request.form.get(name) for name in ("own_statistics", "alliance_figures")]
    if all(one in ("yes", "no") for one in said):
        forms.remember_uses(page.sheet.form, (said[0] == "yes", said[1] == "yes"))


def _typed(instrument: Instrument, form: MultiDict[str, str]) -> Answers:
    """The posted answers. Raises Invalid for a repeated field, or a value that the form never offered."""
    answers: Answers = {}
    by_id = {item.id: item for item in instrument.items}
    for name in form:
        if not name.startswith(FIELD):
            continue
        item, values = by_id.get(name.removeprefix(FIELD)), form.getlist(name)
        if item is not None and item.typed_in and values == [""]:
            continue
        if item is None or len(values) != 1 or not _offered(item, values[0]):
            raise Invalid("One answer could not be read. Everything else is kept; please look again.")
        answers[item.id] = _read(item, values[0])
    return answers


def _known(instrument: Instrument, form: MultiDict[str, str]) -> Answers:
    """What can be shown again of a form that could not be read as a whole."""
    typed = {item.id: form.get(FIELD + item.id) for item in instrument.items}
    by_id = {item.id: item for item in instrument.items}
    return {
        name: _read(by_id[name], value)
        for name, value in typed.items()
        if value is not None and _offered(by_id[name], value)
    }


def _offered(item: Item, value: str) -> bool:
    return item.takes(item.normal(value)) if item.typed_in else value == BLANK or item.takes(value)


def _read(item: Item, value: str) -> str | None:
    if item.typed_in:
        return item.normal(value)
    return None if value == BLANK else value


def _next(page: Page, go: str, assignment_id: UUID) -> str:
    keys = page.keys
    place = max(0, min(len(keys) - 1, page.number - 1 + {"next": 1, "back": -1}.get(go, 0)))
    if go == "later":
        return url_for("console.assignment", assignment_id=assignment_id)
    return url_for("console.answer", assignment_id=assignment_id, form=keys[place])
