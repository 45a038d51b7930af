"""The library in the console: list, page, preview, terms, words, import, export; and who may."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from delivery import access, instrument_files, library, people, previews, report_page
from delivery.audit import Actor
from delivery.db import now
from delivery.models.ledger import AuditEvent
from delivery.models.library import InstrumentFile, TermsAccepted
from delivery.models.people import Grant, Person, Practice, Role
from delivery.models.previews import Preview
from delivery.service import Service
from questionnaires.content import content
from questionnaires.portable import export_file
from tests import answering, build, own_measure
from tests.clinician import signed_in
from workers import pdf

RIGHT = "Licence 17 of the holder, 3 March 2026"
PAGES = (
    "/console/instruments",
    "/console/instruments/phq9",
    "/console/instruments/phq9/preview",
    "/console/instruments/phq9/file",
)
OWNERS = ("/console/instruments/import", "/console/instruments/epds/words")


@pytest.fixture
def ada(console: FlaskClient) -> FlaskClient:
    """An owner who also treats people."""
    return console


@pytest.fixture
def bo(app: Flask, cast: build.Cast) -> FlaskClient:
    """A clinician who owns nothing."""
    return signed_in(app, "bo@example.org")


def _upload(
    browser: FlaskClient, path: str, data: bytes, name: str = "own.yaml", **fields: str
) -> TestResponse:
    """What a browser posts from a form with a file (the test client would leave large ones open)."""
    parts = [(f'name="{field}"', value.encode()) for field, value in fields.items()]
    parts.append((f'name="file"; filename="{name}"', data))
    body = b"".join(
        f"--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in parts
    )
    return browser.post(path, data=body + b"--edge--\r\n", content_type="multipart/form-data; boundary=edge")


def _store(browser: FlaskClient, data: bytes, name: str = "own.yaml") -> TestResponse:
    fields = {"name": name, "content": base64.b64encode(data).decode()}
    return browser.post("/console/instruments/import", data=fields)


def _tags(service: Service) -> list[str]:
    with service.db.read() as session:
        return list(session.scalars(select(AuditEvent.tag)))


def _files(service: Service) -> list[InstrumentFile]:
    with service.db.read() as session:
        return list(session.scalars(select(InstrumentFile)))


# Who may


def test_clinicians_see_the_library_and_the_front_desk_does_not(
    app: Flask, ada: FlaskClient, bo: FlaskClient
) -> None:
    desk = signed_in(app, "desk@example.org")
    for path in PAGES:
        assert (ada.get(path).status_code, bo.get(path).status_code) == (200, 200), path
        assert desk.get(path).status_code == 403, path
    for path in OWNERS:
        assert ada.get(path).status_code == 200, path
        assert (bo.get(path).status_code, desk.get(path).status_code) == (403, 403), path


def test_an_owner_who_treats_nobody_sees_the_library_and_nothing_else(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        bo = session.get_one(Person, cast.bo)
        people.grant(session, bo, Role.OWNER, session.get_one(Practice, cast.practice))
        grant = select(Grant).where(Grant.person_id == bo.id, Grant.role == Role.CLINICIAN)
        session.scalars(grant).one().until_at = now()
    browser = signed_in(app, "bo@example.org")
    for path in (*PAGES, *OWNERS):
        assert browser.get(path).status_code == 200, path
    assert browser.get("/console/clients").status_code == 403
    assert "Clients" not in browser.get("/console/instruments").text


def test_only_owners_accept_store_and_add(bo: FlaskClient, service: Service) -> None:
    acts = [
        bo.post("/console/instruments/who5/terms", data={"agreed": "yes"}),
        _upload(bo, "/console/instruments/import", own_measure.file()),
        _store(bo, own_measure.file()),
        _upload(bo, "/console/instruments/epds/words", b"x", statement=RIGHT),
    ]
    assert [act.status_code for act in acts] == [403] * 4
    assert (
        "<button"
        not in bo.get("/console/instruments/who5").text.split("Terms to accept")[1].split("<section")[0]
    )
    assert "Add its words" not in bo.get("/console/instruments/epds").text
    assert "Import a file" not in bo.get("/console/instruments").text
    assert _files(service) == []


def test_another_practice_sees_nothing_of_it(app: Flask, ada: FlaskClient, cast: build.Cast) -> None:
    _store(ada, own_measure.file())
    stranger = signed_in(app, "sam@example.org")
    assert stranger.get("/console/instruments/own_mood").status_code == 404
    assert stranger.get(f"/console/instruments?practice={cast.practice}").status_code == 404
    assert "Mood" not in re.findall(r">([^<>]+)</a>", stranger.get("/console/instruments").text)


def test_somebody_of_two_practices_chooses_whose_library(
    app: Flask, service: Service, cast: build.Cast, ada: FlaskClient
) -> None:
    with service.db.write() as session:
        ada_row = session.get_one(Person, cast.ada)
        people.grant(session, ada_row, Role.CLINICIAN, session.get_one(Practice, cast.other_practice))
    _store(ada, own_measure.file())
    both = signed_in(app, "ada@example.org")
    here, there = (f"?practice={one}" for one in (cast.practice, cast.other_practice))
    page = both.get(f"/console/instruments{here}").text
    assert f"/console/instruments/own_mood{here}" in page
    assert "Birch House" in page
    assert both.get(f"/console/instruments/own_mood{there}").status_code == 404
    assert both.get(f"/console/instruments/import{there}").status_code == 403


# The list


def test_the_list_holds_every_measure_with_what_it_needs_and_whether_it_can_be_sent(
    ada: FlaskClient,
) -> None:
    page = ada.get("/console/instruments").text
    for one in library.shipped().list():
        assert f'href="/console/instruments/{one.key}"' in page
    assert "Depression and mood" in page
    assert "10 questions, 3 minutes, English, Spanish. Can be sent." in page
    assert "Its terms have to be accepted first." in page
    assert "Can be used together only." in page


def test_the_list_is_found_through_words_and_own_ones_are_marked(ada: FlaskClient) -> None:
    _store(ada, own_measure.file())
    page = ada.get("/console/instruments?q=mood+form").text
    assert "our own" in page
    assert "/console/instruments/phq9" not in page
    own = ada.get("/console/instruments?own=1").text
    assert "own_mood" in own and "gad7" not in own
    assert "No measure fits these words." in ada.get("/console/instruments?q=zzz").text


def test_the_list_asks_the_database_no_more_for_more_measures(ada: FlaskClient, service: Service) -> None:
    asked: list[str] = []
    ada.get("/console/instruments")
    event.listen(service.db.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    ada.get("/console/instruments?q=phq2")
    few = len(asked)
    ada.get("/console/instruments")
    assert few == len(asked) - few < 10


# One measure


def test_the_page_gives_every_figure_with_its_source(ada: FlaskClient) -> None:
    page = ada.get("/console/instruments/phq9").text
    one = library.shipped().get("phq9")
    with_source = [one.scales[0], *one.screens, *one.categories, *one.change]
    for source in (*(part.source for part in with_source), one.licence.holder, "30 of 30", "44249-1"):
        assert str(source).replace("&", "&amp;")[:60].replace('"', "&#34;") in page, source
    for words in ("moderately severe", "By link", "7 days at the soonest", "official", "First version"):
        assert words in page
    assert page.count("Not checked with its source; decides nothing.") == 1


def test_every_shipped_measure_has_its_page_and_its_questions(ada: FlaskClient) -> None:
    for one in library.shipped().list():
        reply = ada.get(f"/console/instruments/{one.key}")
        assert reply.status_code == 200, one.key
        passed = re.search(r"(\d+) of (\d+) reference cases pass", reply.text)
        assert passed is not None and passed[1] == passed[2], one.key


def test_a_measure_or_version_that_is_not_there_is_not_found(ada: FlaskClient) -> None:
    for path in ("nothing", "phq9?version=9", "phq9?version=x", "phq9/preview?n=11", "phq9/preview?n=0"):
        assert ada.get(f"/console/instruments/{path}").status_code == 404, path
    for path in ("phq9/preview?in=xx", "epds/preview", "phq9/file?as=fhir&in=xx"):
        assert ada.get(f"/console/instruments/{path}").status_code == 404, path


def test_an_old_version_stays_to_be_seen(ada: FlaskClient) -> None:
    _store(ada, own_measure.file())
    newer = own_measure.content(version=2)
    newer["texts"]["en"]["items"]["own_mood_1"] = "quite sad"
    _store(ada, json.dumps(newer).encode())
    assert "quite sad" in ada.get("/console/instruments/own_mood").text
    old = ada.get("/console/instruments/own_mood?version=1").text
    assert "quite sad" not in old
    assert "This is an older version." in old
    assert "No reference cases: imported by Alder Street Office." in old
    assert "added by Ada Rowan" in old


# Preview


def test_every_question_of_the_preview_is_reached_with_next_and_nothing_is_kept(
    ada: FlaskClient, service: Service
) -> None:
    before = _tags(service)
    path = "/console/instruments/phq9/preview?version=1&n=1&in=es"
    seen = []
    while "/preview" in path:
        page = ada.get(path)
        seen.append(re.search(r'<h1 id="question"[^>]*>(.*?)</h1>', page.text)[1])  # type: ignore[index]
        action = re.search(r'action="([^"]+)"', page.text)[1].replace("&amp;", "&")  # type: ignore[index]
        path = ada.post(action, data={"go": "next", "answer": "0"}).location
    assert path == "/console/instruments/phq9?version=1"
    assert seen == [item.text for item in library.shipped().get("phq9").in_language("es").items]
    skipped = ada.get("/console/instruments/audit/preview?n=3").text
    assert "Clients see this question only if: question 1 scores 1 or more." in skipped
    assert _tags(service) == before


def test_the_preview_goes_back_stops_and_says_what_it_is(ada: FlaskClient) -> None:
    here = "/console/instruments/phq9/preview"
    assert ada.post(f"{here}?n=3&in=en", data={"go": "back"}).location.endswith("n=2&in=en")
    assert ada.post(f"{here}?n=1&in=en", data={"go": "back"}).location.endswith("n=1&in=en")
    assert ada.post(f"{here}?n=3&in=en", data={"go": "blank"}).location.endswith("n=4&in=en")
    assert ada.post(f"{here}?n=3&in=%0d%0aX", data={"go": "next"}).status_code == 404
    stopped = ada.post(f"{here}?n=3&in=en", data={"go": "stop"}).location
    assert stopped == "/console/instruments/phq9?version=1"
    page = ada.get(f"{here}?n=10").text
    assert "Nothing you mark here is kept." in page
    assert "Clients see this question only if: 1 or more of questions 1 to 9 at 1 or more." in page
    assert 'class="client phone"' in page
    notice = library.shipped().get("phq9").licence.notice
    assert notice in ada.get(here).text


def test_the_example_pdf_is_asked_for_waited_for_and_opened(ada: FlaskClient, service: Service) -> None:
    reply = ada.post("/console/instruments/gad2/pdf?in=es")
    assert reply.status_code == 303
    assert "being made" in ada.get(reply.location).text
    with service.db.write() as session:
        row = session.scalars(select(Preview)).one()
        assert row.language == "es"
    file = f"/console/instruments/previews/{row.id}.pdf"
    assert ada.get(file).status_code == 409
    with service.db.write() as session:
        previews.begin(session, row.id)
        previews.ready(session, row.id, b"%PDF-1.7 example")
    assert file in ada.get(reply.location).text
    opened = ada.get(file)
    assert (opened.data, opened.content_type) == (b"%PDF-1.7 example", "application/pdf")


def test_one_that_could_not_be_made_says_so_and_one_without_words_is_refused(
    ada: FlaskClient, app: Flask, service: Service
) -> None:
    place = ada.post("/console/instruments/gad2/pdf").location
    with service.db.write() as session:
        row = session.scalars(select(Preview)).one()
        previews.begin(session, row.id)
        previews.failed(session, row.id, "PageRefused")
    assert "could not be made" in ada.get(place).text
    refused = ada.post("/console/instruments/epds/pdf")
    assert refused.status_code == 422
    assert "has no words yet" in refused.text
    stranger, unknown = signed_in(app, "sam@example.org"), "00000000-0000-7000-8000-000000000000"
    for path in (f"/console/instruments/previews/{row.id}", f"/console/instruments/previews/{row.id}.pdf"):
        foreign, nothing = stranger.get(path), stranger.get(path.replace(str(row.id), unknown))
        assert (foreign.status_code, foreign.data) == (404, nothing.data)
    assert 'href="/console/instruments"' in ada.get(f"{place.split('?')[0]}?back=//evil.example").text


# Terms


def test_the_owner_accepts_terms_once_and_then_it_can_be_sent(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    notice = library.shipped().get("who5").licence.notice
    page = ada.get("/console/instruments/who5").text
    assert page.count(notice[:40]) >= 2
    refused = ada.post("/console/instruments/who5/terms", data={})
    assert refused.status_code == 422
    assert "Tick this to accept." in refused.text
    assert ada.post("/console/instruments/who5/terms", data={"agreed": "yes"}).status_code == 303
    page = ada.get("/console/instruments/who5").text
    assert "Terms accepted</strong> by Ada Rowan" in page
    assert "Terms to accept" not in page
    assert ada.post("/console/instruments/who5/terms", data={"agreed": "yes"}).status_code == 409
    with service.db.read() as session:
        assert session.scalars(select(TermsAccepted.notice)).one() == notice
    assert "library:terms:accepted" in _tags(service)
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["who5"])
    assert row.instruments[0]["key"] == "who5"


# Words


def test_uploaded_words_are_stored_with_the_right_and_shown(
    ada: FlaskClient, service: Service, cast: build.Cast, browser: FlaskClient
) -> None:
    data = own_measure.words_for(library.shipped().get("epds"), notice="By permission of the College.")
    reply = _upload(ada, "/console/instruments/epds/words", data, "epds-1.en.yaml", statement=RIGHT)
    assert reply.status_code == 303
    page = ada.get("/console/instruments/epds").text
    assert RIGHT in page
    assert "Invented question 1" in page
    assert "Can’t be sent" not in page
    assert "library:words:added" in _tags(service)
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["epds"])
    client = answering.Person(browser, answering.path_of(service, row.id))
    client.open()
    client.start()
    assert "Invented question 1" in client.page.text
    assert "By permission of the College." in client.page.text
    again = _upload(ada, "/console/instruments/epds/words", data, "epds-1.en.yaml", statement=RIGHT)
    assert again.status_code == 422
    assert "has a text in &#39;en&#39; already" in again.text


def test_a_refused_file_of_words_says_where_and_keeps_the_statement(
    ada: FlaskClient, service: Service
) -> None:
    data = own_measure.words_for(library.shipped().get("epds"), items={})
    reply = _upload(ada, "/console/instruments/epds/words", data, "mine.yaml", statement=RIGHT)
    assert reply.status_code == 422
    assert "mine.yaml, line 1: the text of the item &#39;epds_1&#39; is missing" in reply.text
    assert RIGHT in reply.text
    none = ada.post("/console/instruments/epds/words", data={"statement": RIGHT})
    assert none.status_code == 422
    assert "Choose a file first." in none.text
    assert _files(service) == []


def test_typed_words_are_taken_and_a_gap_keeps_everything_on_the_page(
    ada: FlaskClient, service: Service
) -> None:
    path = "/console/instruments/epds/words"
    fields = re.findall(r'name="((?:item|option|stem):[^"]+)"', ada.get(path).text)
    assert len(fields) == 10 + 40
    typed = {name: f"typed {name}" for name in fields}
    typed |= {"how": "typed", "language": "en", "official": "yes", "statement": RIGHT}
    gap = ada.post(path, data={**typed, "item:epds_7": ""})
    assert gap.status_code == 422
    assert "This text is still empty." in gap.text
    assert "typed item:epds_8" in gap.text and RIGHT in gap.text
    assert ada.post(path, data=typed).status_code == 303
    assert "typed item:epds_7" in ada.get("/console/instruments/epds").text
    assert len(_files(service)) == 1


# Import and export


def test_an_import_is_shown_first_and_stored_on_a_press(ada: FlaskClient, service: Service) -> None:
    shown = _upload(ada, "/console/instruments/import", own_measure.file())
    assert shown.status_code == 200
    assert "Nothing is stored yet." in shown.text
    assert "Feels hopeless" in shown.text
    assert _files(service) == []
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.text))
    stored = ada.post("/console/instruments/import", data=hidden)
    assert stored.location == "/console/instruments/own_mood?version=1&done=stored"
    after = ada.get(stored.location).text
    assert "is stored." in after and "It can be used from now on." in after
    assert "imported" in after and "our own words" not in after
    assert ada.get(stored.location).status_code == 200
    assert [(row.key, row.version, row.origin) for row in _files(service)] == [("own_mood", 1, "imported")]
    assert "library:instrument:imported" in _tags(service)
    again = _upload(ada, "/console/instruments/import", own_measure.file())
    assert "You have exactly this already." in again.text
    assert ada.post("/console/instruments/import", data=hidden).status_code == 409


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (own_measure.file(surprise=1), "own.yaml", "unknown key &#39;surprise&#39;"),
        (b"a: *x", "bomb.yaml", "anchors"),
        (b"", "none.yaml", "empty"),
        (b'{"resourceType": "Questionnaire"}', "q.json", "q.json"),
        (own_measure.file("phq9", 2), "phq9.yaml", "phq9"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(
    ada: FlaskClient, service: Service, data: bytes, name: str, reason: str
) -> None:
    for reply in (_upload(ada, "/console/instruments/import", data, name), _store(ada, data, name)):
        assert reply.status_code == 422
        assert "can’t be used" in reply.text
        assert reason in reply.text
    assert _files(service) == []


def test_files_up_to_a_megabyte_are_taken_and_larger_ones_refused(ada: FlaskClient) -> None:
    padded = own_measure.file() + b" " * 900_000
    assert _upload(ada, "/console/instruments/import", padded).status_code == 200
    assert _store(ada, padded).status_code == 303
    over = _upload(ada, "/console/instruments/import", own_measure.file() + b" " * 1_000_000)
    assert "larger than 1,000,000 bytes" in over.text
    assert _upload(ada, "/console/instruments/import", b" " * 50_000_000).status_code == 413
    elsewhere = _upload(ada, "/console/instruments/phq9/preview", b" " * 100_000)
    assert elsewhere.status_code == 413


def test_a_press_with_something_else_stores_nothing(ada: FlaskClient, service: Service) -> None:
    reply = ada.post("/console/instruments/import", data={"name": "x", "content": "not base64!"})
    assert reply.status_code == 422
    assert ada.post("/console/instruments/import", data={}).status_code == 422
    assert _files(service) == []


@pytest.mark.parametrize("way", ["yaml", "fhir"])
def test_what_one_practice_exports_another_imports_the_same(
    app: Flask, ada: FlaskClient, service: Service, cast: build.Cast, way: str
) -> None:
    _store(ada, own_measure.file())
    file = ada.get("/console/instruments/own_mood/file" + ("?as=fhir&in=en" if way == "fhir" else ""))
    name = re.search(r'filename="([^"]+)"', file.headers["Content-Disposition"])[1]  # type: ignore[index]
    assert name == ("own_mood-1.en.fhir.json" if way == "fhir" else "own_mood-1.yaml")
    stranger = signed_in(app, "sam@example.org")
    assert _store(stranger, file.data, name).status_code == 303
    with service.db.read() as session:
        mine, theirs = (
            instrument_files.find(session, one, "own_mood") for one in (cast.practice, cast.other_practice)
        )
    assert content(mine) == content(theirs)
    assert mine.content_hash == theirs.content_hash


def test_every_shipped_measure_exports_both_ways(ada: FlaskClient) -> None:
    for one in library.shipped().list():
        assert ada.get(f"/console/instruments/{one.key}/file").data == export_file(one)
        fhir = json.loads(ada.get(f"/console/instruments/{one.key}/file?as=fhir").data)
        assert fhir["resourceType"] == "Questionnaire"


# Script in texts


def test_script_in_every_text_is_shown_as_text_in_the_console_and_to_the_client(
    ada: FlaskClient, service: Service, cast: build.Cast, browser: FlaskClient
) -> None:
    data = own_measure.file(words=own_measure.HOSTILE)
    pages = [_upload(ada, "/console/instruments/import", data).text]
    assert _store(ada, data).status_code == 303
    pages += [
        ada.get(f"/console/instruments{path}").text
        for path in ("", "/own_mood", *(f"/own_mood/preview?n={n}" for n in (1, 2, 3, 4)))
    ]
    pages.append(ada.get(f"/console/send?client={cast.cy}").text)
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["own_mood"])
    client = answering.Person(browser, answering.path_of(service, row.id))
    client.open()
    pages.append((client.start(), client.reply.text)[1])
    for code in ("1", "1", "warm tea", "7"):
        client.mark(code)
        if "/help" in client.reply.request.path:
            client.open(f"/f/{client.ref}")
        pages.append(client.reply.text)
    for page in pages:
        assert "<script" not in page.casefold().replace('<script src="/static/', "")
        assert "49" not in re.sub(r"own_mood|[0-9a-f-]{36}|v=[0-9a-f]{12}|base64|value=\"[^\"]*\"", "", page)
    assert all("&lt;script&gt;" in page for page in pages[1:])


def test_script_in_every_text_is_shown_as_text_in_the_pdf(tmp_path: Path) -> None:
    from pypdf import PdfReader

    plain = own_measure.content(words=own_measure.HOSTILE)
    made_from = previews.MadeFrom(plain, "en", "Alder", "America/Los_Angeles", "letter", now())
    made = pdf.render(report_page.page(previews.example(made_from)), "letter")
    text = " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).split())
    assert text.count("<script>alert(1)</script> {{ 7 * 7 }} {% raw %} & ]]>") > 5


# The API


def test_the_api_gives_one_measure_in_full(service: Service, app: Flask, cast: build.Cast) -> None:
    from delivery import accounts

    with service.db.write() as session:
        token = accounts.make_token(session, "ada@example.org", "test")
        instrument_files.accept_terms(session, cast.practice, "who5", "Ada", Actor("person", cast.ada))
    headers = {"Host": "127.0.0.1:8080", "Authorization": f"Bearer {token}"}
    http = app.test_client()
    found = http.get("/api/v1/instruments/who5", headers=headers).get_json()
    assert (found["key"], found["sendable"], found["not_sendable"]) == ("who5", True, None)
    assert found["items"][0]["id"] == "who5_1"
    assert http.get("/api/v1/instruments/nothing", headers=headers).status_code == 404


def test_the_caller_of_a_fixture_is_an_owner(service: Service, cast: build.Cast) -> None:
    with service.db.read() as session:
        assert access.caller(session, cast.ada).practices(Role.OWNER) == [cast.practice]
