"""Files that an owner brings: whole measures, and words for a measure that ships without them."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from flask import redirect, request
from werkzeug.wrappers import Response

from delivery import instrument_files
from delivery.errors import Conflict, Invalid
from delivery.web.console.gate import bp
from delivery.web.console.instruments import address, owner, practice_id, show, version
from delivery.web.zones import service
from questionnaires.schema import Instrument

#: A file of 1 MB, written as text on the page that asks whether to store it.
LARGEST: Final = 1_500_000
MOST_FIELDS: Final = 3_000


def _take_more() -> None:
    """These two pages take a file. Has to be said before anything of the form is read."""
    request.max_content_length = request.max_form_memory_size = LARGEST
    request.max_form_parts = MOST_FIELDS


def _file() -> tuple[str, bytes]:
    """Name and bytes of the file that was brought. Raises Invalid."""
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        raise Invalid("Choose a file first.", {"file": "Choose a file first."})
    return brought.filename[-120:], brought.read()


@bp.route("/instruments/import", methods=["GET", "POST"])
def instrument_import() -> Response:
    """One file: first what was understood of it, then, after a press, it is stored."""
    here = practice_id()
    actor = owner(here)
    if request.method != "POST":
        return show("import", found=None, error=None, fields={})
    _take_more()
    try:
        if "content" in request.form:
            name, data = request.form.get("name", "")[-120:], _kept(request.form["content"])
            with service().db.write() as session:
                row = instrument_files.add(session, here, name, data, actor)
            return redirect(address("instrument", key=row.key, version=row.version, done="stored"), 303)
        name, data = _file()
        with service().db.read() as session:
            found = instrument_files.read(session, here, name, data)
    except (Invalid, Conflict) as error:
        fields = error.fields if isinstance(error, Invalid) else {}
        return show("import", error.status, found=None, error=error, fields=fields)
    content = base64.b64encode(data).decode()
    return show("import", found=found, name=name, content=content, error=None, fields={})


def _kept(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("This request could not be read. Choose the file again.") from None


@bp.route("/instruments/<key>/words", methods=["GET", "POST"])
def instrument_words(key: str) -> Response:
    """The words of a measure that ships without: a file, or typed in here, with the right to use them."""
    here = practice_id()
    actor = owner(here)
    with service().db.read() as session:
        instrument = instrument_files.find(session, here, key, version())
    fields: dict[str, str] = {}
    problem: Invalid | None = None
    if request.method == "POST":
        _take_more()
        try:
            file = _typed_file(instrument) if request.form.get("how") == "typed" else _file()
            statement = request.form.get("statement", "")
            with service().db.write() as session:
                instrument_files.add_words(session, here, instrument, file, statement, actor)
            there = address("instrument", key=key, version=instrument.version, done="words")
            return redirect(there, 303)
        except Invalid as error:
            problem, fields = error, error.fields
    return show(
        "instrument_words",
        problem.status if problem else 200,
        it=instrument,
        stems=instrument_files.stem_names(instrument),
        typed=request.form if problem else {},
        error=problem,
        fields=fields,
    )


def _typed_file(instrument: Instrument) -> tuple[str, bytes]:
    words = instrument_files.typed_words(instrument, request.form)
    return f"{instrument.key}-{instrument.version}.{request.form['language']}.yaml", words
