"""The builder as members use it: pages that keep what is typed, publishing, the next version, old results."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from delivery import accounts, drafts, library, people, report_data, report_page, results, submissions
from delivery.errors import Forbidden, NotFound
from delivery.models.ledger import AuditEvent
from delivery.models.library import InstrumentDraft, InstrumentFile, Origin
from delivery.models.people import Person, Practice, Role
from delivery.models.previews import Preview
from delivery.models.results import Alert
from delivery.service import Service
from questionnaires.drafts import draft as drafted
from tests import answering, build, building
from tests.building import Builder
from tests.clinician import signed_in

KEY = "own_week_check"
LAST = "The last one of many. " * 40 + "Really."
LONG = "a long text " * 8534 + "."  # about 100 KB
SCRIPT = "<script>alert(1)</script> {{ 7*7 }}"


def _drafts(service: Service) -> list[InstrumentDraft]:
    with service.db.read() as session:
        return list(session.scalars(select(InstrumentDraft)))


def _files(service: Service) -> list[InstrumentFile]:
    with service.db.read() as session:
        return list(session.scalars(select(InstrumentFile).order_by(InstrumentFile.version)))


def _tags(service: Service) -> list[str]:
    with service.db.read() as session:
        return [event.tag for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


def _begin(console: FlaskClient, name: str = "Week check") -> Builder:
    return Builder(console, console.post("/console/instruments/new", data={"name": name}).location)


def _put(service: Service, cast: build.Cast, change: Callable[[drafted.Draft], None] | None = None) -> UUID:
    """A draft of Dr. Ada's that was typed at once; nothing is open."""
    made = building.draft()
    if change:
        change(made)
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        row = drafts.begin(session, caller, cast.practice, made.about.name)
        row.content = drafted.plain(made)
    return row.id


# Building


def test_a_member_builds_a_questionnaire_page_by_page_and_publishes_it(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    member = building.built(console)
    assert "Everything is there" in member.reply.text
    member.press("publish")
    assert member.status == 303
    assert "Week check" in member.reply.text
    (file,) = _files(service)
    assert (file.key, file.version, file.origin, file.added_by) == (KEY, 1, Origin.BUILT, cast.ada)
    assert "Holder: Alder Street Office" in str(file.statement)
    assert _drafts(service) == []
    assert {"library:draft:made", "library:instrument:published"} <= set(_tags(service))
    with service.db.read() as session:
        made = library.of(session, cast.practice).get(KEY)
    assert [one.text for one in made.items] == [
        "did you sleep badly?",
        "did home feel unsafe?",
        "What happened?",
    ]


def test_it_can_be_sent_at_once_without_a_restart(console: FlaskClient, cast: build.Cast) -> None:
    building.built(console).press("publish")
    page = console.get(f"/console/send?client={cast.cy}").text
    assert f'value="{KEY}"' in page


def test_every_press_keeps_what_is_typed(console: FlaskClient) -> None:
    member = _begin(console)
    member.press("go questions", about__measures="How the week went")
    member.press("add questions", questions__0__text="First")
    member.press("up questions.1", questions__1__text="Second")
    assert [member.page.values[f"questions.{n}.text"] for n in (0, 1)] == [["Second"], ["First"]]
    member.press("remove questions.0", questions__1__text="First, changed")
    member.press("go about")
    assert member.page.values["about.measures"] == ["How the week went"]
    member.press("go questions")
    assert member.page.values["questions.0.text"] == ["First, changed"]


def test_what_is_open_is_listed_and_leads_to_its_place(console: FlaskClient) -> None:
    member = _begin(console)
    member.press("go publish")
    assert "things are still open" in member.reply.text
    member.press("see questions.0.text")
    assert member.page.why == {"questions.0.text": "Write the question, or remove it."}


def test_publishing_what_is_open_says_what_and_stores_nothing(console: FlaskClient, service: Service) -> None:
    member = _begin(console)
    member.press("go publish")
    member.press("publish", rights__holder="Alder Street Office")
    assert member.status == 422
    assert member.page.values["rights.holder"] == ["Alder Street Office"]
    assert {"rights.may_use", "rights.notice"} <= set(member.page.why)
    assert _files(service) == []


def test_two_questions_without_text_are_both_named(console: FlaskClient) -> None:
    member = _begin(console)
    member.press("go questions")
    member.press("add questions")
    member.press("go publish")
    assert member.reply.text.count("Write the question, or remove it.") == 2


def test_bad_bands_are_named_by_their_scale(console: FlaskClient) -> None:
    member = building.built(console)
    member.press("go scores")
    member.press("go publish", scales__0__bands__1__low="5")
    assert "Scale “Total”" in member.reply.text
    assert "There is a gap between the bands “quiet” and “hard”." in member.reply.text
    member.press("go scores")
    member.press("go publish", scales__0__bands__1__low="2")
    assert "The band “hard” overlaps “quiet”." in member.reply.text


def test_answers_are_told_apart_and_have_points_where_they_count(console: FlaskClient) -> None:
    member = building.built(console)
    member.press("go answers")
    member.press("see lists.0", lists__0__answers__1__label="never", lists__0__answers__2__points="")
    assert member.page.why == {
        "lists.0.answers.1.label": "This answer is in the list twice.",
        "lists.0.answers.2.points": "Give it points: question 1 counts in a score.",
    }


def test_a_skip_that_looks_forward_is_refused(console: FlaskClient) -> None:
    member = building.built(console)
    member.press("go questions")
    member.press("up questions.2")
    member.press("see questions.1.text")
    assert "Question 3 comes later" in member.page.why["questions.1.only_if"]


def test_a_hundred_questions_are_enough(console: FlaskClient, service: Service) -> None:
    member = _begin(console)
    member.press("go questions")
    with service.db.write() as session:
        row = session.scalars(select(InstrumentDraft)).one()
        one = row.content["questions"][0]
        row.content = {**row.content, "questions": [{**one, "id": str(n)} for n in range(100)]}
    member.reply = console.get(f"{member.path}?part=questions")
    reply = member.press("add questions", questions__99__text=LAST)
    assert member.status == 422
    assert "There is room for 100 questions, and that many are there." in reply.text
    assert member.page.values["questions.99.text"] == [LAST]


@pytest.mark.parametrize(
    ("field", "most"), [("about.name", "120"), ("about.stem", "500"), ("about.recall", "200")]
)
def test_texts_have_an_end_and_nothing_that_was_typed_is_lost(
    console: FlaskClient, field: str, most: str
) -> None:
    member = _begin(console)
    member.press("keep", about__measures="Kept on the page", **{field.replace(".", "__"): LONG})
    assert member.status == 422
    assert f"At most {most} characters; this has 102,409." in member.page.why[field]
    assert member.page.values[field] == [LONG]
    assert member.page.values["about.measures"] == ["Kept on the page"]
    member.press("keep", **{field.replace(".", "__"): "short"})
    assert member.page.values["about.measures"] == ["Kept on the page"]


def test_far_too_much_at_once_is_refused(console: FlaskClient, service: Service) -> None:
    member = _begin(console)
    assert member.press("keep", about__stem="x" * 2_100_000).status_code == 413
    assert _drafts(service)[0].content["about"]["stem"] == ""


@pytest.mark.parametrize("name", ["", "   ", "🙂🎈", "…!", "x" * 121])
def test_a_name_has_letters_or_digits(console: FlaskClient, service: Service, name: str) -> None:
    reply = console.post("/console/instruments/new", data={"name": name})
    assert reply.status_code == 422
    assert 'id="why-name"' in reply.text
    assert _drafts(service) == []


def test_a_name_of_signs_alone_is_refused_later_too(console: FlaskClient) -> None:
    member = building.built(console)
    member.press("go about")
    member.press("go publish", about__name="🙂🎈")
    assert "Give it a name with letters or digits." in member.reply.text
    member.press("publish")
    assert member.status == 422


def test_script_is_only_text_on_every_page(console: FlaskClient, service: Service, cast: build.Cast) -> None:
    def scripted(made: drafted.Draft) -> None:
        about, one = made.about, made.questions[0]
        about.name = about.measures = about.recall = about.instructions = about.stem = f"Q {SCRIPT}"
        one.text = made.lists[0].answers[0].label = made.questions[1].message = SCRIPT
        scale = made.scales[0]
        scale.name = scale.bands[0].label = scale.cut_offs[0].label = SCRIPT
        scale.basis = drafted.Basis(own=False, text=SCRIPT)
        made.rights.holder = made.rights.notice = SCRIPT

    draft_id = _put(service, cast, scripted)
    path = f"/console/instruments/drafts/{draft_id}"
    pages = [f"{path}?part={part}&check=1" for part in ("about", "answers", "questions", "scores", "publish")]
    for page in [*pages, f"{path}/preview", "/console/instruments/new"]:
        text = console.get(page).text
        assert "<script>alert" not in text, page
        assert "&lt;script&gt;" in text, page
        assert "{{ 7*7 }}" in text, page
    member = Builder(console, f"{path}?part=publish")
    member.press("publish")
    assert member.status == 303, member.page.why
    assert "<script>alert" not in member.reply.text


# Whose it is


def test_another_practice_sees_nothing_of_it(app: Flask, console: FlaskClient, service: Service) -> None:
    member = _begin(console)
    stranger = signed_in(app, "sam@example.org")
    for path in (member.path, f"{member.path}/preview"):
        assert stranger.get(path).status_code == 404
    for path in (member.path, f"{member.path}/delete", f"{member.path}/version"):
        data = {"do": "keep", "part": "about", "seen": "2026-01-05T00:00:00+00:00"}
        assert stranger.post(path, data=data).status_code == 404
    assert "Week check" not in stranger.get("/console/instruments/new").text
    assert len(_drafts(service)) == 1


def test_the_front_desk_builds_nothing(app: Flask, service: Service, cast: build.Cast) -> None:
    desk = signed_in(app, "desk@example.org")
    assert desk.get("/console/instruments/new").status_code == 403
    assert desk.post("/console/instruments/new", data={"name": "Week check"}).status_code == 403
    with pytest.raises(Forbidden), service.db.write() as session:
        drafts.begin(session, cast.caller(service, cast.desk), cast.practice, "Week check")
    with pytest.raises(NotFound), service.db.write() as session:
        drafts.edit(session, cast.caller(service, cast.desk), cast.practice, KEY)
    with service.db.read() as session:
        assert drafts.listed(session, cast.caller(service, cast.desk), cast.practice) == []


def test_an_owner_who_treats_nobody_builds_too(app: Flask, service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        practice = session.get(Practice, cast.practice)
        person = people.add_person(
            session, email="olga@example.org", name="Olga Owner", roles=[Role.OWNER], practice=practice
        )
        accounts.set_password(person, build.PASSWORD)
    building.built(signed_in(app, "olga@example.org")).press("publish")
    assert [one.added_by for one in _files(service)] == [person.id]


def test_somebody_of_two_practices_builds_for_the_one_that_is_shown(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        ada, birch = session.get(Person, cast.ada), session.get(Practice, cast.other_practice)
        assert ada is not None
        people.grant(session, ada, Role.CLINICIAN, birch)
    browser = signed_in(app, "ada@example.org")
    there = f"/console/instruments/new?practice={cast.other_practice}"
    path = browser.post(there, data={"name": "For Birch"}).location
    assert "for Birch House" in browser.get(path).text
    assert "For Birch" in browser.get(there).text
    assert "For Birch" not in browser.get(f"/console/instruments/new?practice={cast.practice}").text
    row = _drafts(service)[0]
    with service.db.write() as session:
        found = session.get(InstrumentDraft, row.id)
        assert found is not None
        found.content = drafted.plain(building.draft("For Birch"))
    member = Builder(browser, f"{path.partition('?')[0]}?part=publish")
    member.press("publish")
    assert "For Birch" in member.reply.text
    assert [one.practice_id for one in _files(service)] == [cast.other_practice]


def test_colleagues_work_on_the_same_draft(app: Flask, console: FlaskClient) -> None:
    member = _begin(console)
    bo = signed_in(app, "bo@example.org")
    assert "Week check" in bo.get("/console/instruments/new").text
    Builder(bo, member.path).press("keep", about__measures="What Bo says")
    assert Builder(console, member.path).page.values["about.measures"] == ["What Bo says"]


def test_what_a_colleague_changed_is_not_overwritten_and_what_was_typed_is_shown(
    app: Flask, console: FlaskClient
) -> None:
    member = _begin(console)
    Builder(signed_in(app, "bo@example.org"), member.path).press("keep", about__measures="What Bo says")
    reply = member.press("keep", about__measures="What Ada says")
    assert member.status == 409
    assert "was changed after you opened this page" in reply.text
    assert "What Ada says" in reply.text
    assert member.page.values["about.measures"] == ["What Bo says"]
    member.press("keep", about__measures="What both say")
    assert member.status == 303


def test_a_button_pressed_twice_does_its_work_once(console: FlaskClient, service: Service) -> None:
    member = _begin(console)
    member.press("go questions")
    data = {**member.page.values, "questions.0.text": "Typed", "do": "add questions"}
    for _ in range(2):
        assert console.post(member.path, data=data).status_code == 303
    (row,) = _drafts(service)
    assert [one["text"] for one in row.content["questions"]] == ["Typed", ""]


@pytest.mark.parametrize(
    "changes",
    [
        {"do": "add rights"},
        {"do": "remove questions.7"},
        {"seen": "yesterday"},
        {"seen": ""},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(
    console: FlaskClient, service: Service, changes: dict[str, str]
) -> None:
    member = _begin(console)
    before = _drafts(service)[0].content
    reply = console.post(member.path, data={**member.page.values, "do": "keep", **changes})
    assert reply.status_code == 422
    assert _drafts(service)[0].content == before


def test_fields_that_no_page_has_change_nothing(console: FlaskClient, service: Service) -> None:
    member = _begin(console)
    member.press("go questions")
    member.press(
        "keep", questions__0__id="99", questions="all", changelog="x", questions__0__longest="9", made="0"
    )
    content = _drafts(service)[0].content
    assert (content["questions"][0]["id"], content["questions"][0]["longest"]) == ("2", "500")
    assert (content["changelog"], content["made"]) == ({}, 2)


def test_a_draft_can_be_deleted_and_the_page_says_when_it_is_gone(
    console: FlaskClient, service: Service
) -> None:
    member = _begin(console)
    assert console.post(f"{member.path}/delete").status_code == 303
    assert _drafts(service) == []
    assert "library:draft:deleted" in _tags(service)
    gone = console.get(member.path)
    assert gone.status_code == 404
    assert "published or deleted" in gone.text


# Looking at it first


def test_the_preview_shows_the_draft_as_a_client_sees_it_and_keeps_nothing(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    path = f"/console/instruments/drafts/{_put(service, cast)}"
    member = Builder(console, f"{path}?part=publish")
    page = member.press("preview").text
    assert "did you sleep badly?" in page
    assert "Every day" in page
    following = console.post(f"{path}/preview?n=1&in=en", data={"go": "next"}).location
    assert "did home feel unsafe?" in console.get(following).text
    assert console.get(f"{path}/preview?n=4").status_code == 404
    assert _files(service) == []


def test_a_draft_with_gaps_has_no_preview_yet(console: FlaskClient) -> None:
    member = _begin(console)
    member.press("go publish")
    for button in ("preview", "pdf"):
        member.press(button)
        assert member.status == 422
        assert "things are still open" in member.reply.text
    assert console.get(f"{member.path}/preview").status_code == 422


def test_the_pdf_is_asked_for_with_the_words_of_the_draft(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    member = Builder(console, f"/console/instruments/drafts/{_put(service, cast)}?part=publish")
    assert "The PDF is being made" in member.press("pdf").text
    with service.db.read() as session:
        wanted = session.scalars(select(Preview)).one()
    assert wanted.content["texts"]["en"]["items"][f"{KEY}_2"] == "did you sleep badly?"
    assert _files(service) == []


# Names and versions


def test_a_name_that_the_practice_has_is_not_taken_twice(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    first, second = _put(service, cast), _put(service, cast)
    Builder(console, f"/console/instruments/drafts/{first}?part=publish").press("publish")
    member = Builder(console, f"/console/instruments/drafts/{second}?part=publish")
    assert "The practice has a questionnaire of this name." in member.reply.text
    member.press("publish")
    assert member.status == 422
    member.press("go about")
    member.press("go publish", about__name="Month check")
    member.press("publish")
    assert [one.key for one in _files(service)] == [KEY, "own_month_check"]


def test_two_practices_can_have_the_same_name(app: Flask, console: FlaskClient, service: Service) -> None:
    building.built(console).press("publish")
    building.built(signed_in(app, "sam@example.org")).press("publish")
    assert [one.key for one in _files(service)] == [KEY, KEY]


def test_an_edit_makes_the_next_version_and_says_what_is_new(console: FlaskClient, service: Service) -> None:
    building.built(console).press("publish")
    path = console.post(f"/console/instruments/{KEY}/edit").location
    assert console.post(f"/console/instruments/{KEY}/edit").location == path
    member = Builder(console, path)
    assert "Draft of version 2" in member.reply.text
    member.press("go about")
    member.press("go publish", about__name="Week check, new")
    member.press("publish", rights__may_use="yes")
    assert "Say what is new in this version." in member.reply.text
    member.press("publish", rights__changes="A new name")
    assert member.status == 303
    assert [(one.key, one.version) for one in _files(service)] == [(KEY, 1), (KEY, 2)]


def test_what_is_not_of_ones_own_is_not_edited(app: Flask, console: FlaskClient) -> None:
    building.built(console).press("publish")
    for key in ("phq9", "own_nothing"):
        assert console.post(f"/console/instruments/{key}/edit").status_code == 404
    assert signed_in(app, "sam@example.org").post(f"/console/instruments/{KEY}/edit").status_code == 404


def test_an_imported_file_with_more_than_the_builder_shows_is_not_edited(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    building.built(console).press("publish")
    with service.db.write() as session:
        (file,) = session.scalars(select(InstrumentFile))
        session.add(
            InstrumentFile(
                practice_id=cast.practice,
                key=KEY,
                version=2,
                origin=Origin.IMPORTED,
                content=file.content.replace("version: 1", "version: 2").replace(
                    "codes: ['2', '3']\nchange", "at_least: 1\nchange"
                ),
            )
        )
    reply = console.post(f"/console/instruments/{KEY}/edit")
    assert reply.status_code == 409
    assert "rules that the builder can’t show" in reply.text
    assert _drafts(service) == []


def test_a_version_that_somebody_else_published_is_told_and_the_draft_can_move_on(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    building.built(console).press("publish")
    path = console.post(f"/console/instruments/{KEY}/edit").location
    with service.db.write() as session:
        (file,) = session.scalars(select(InstrumentFile))
        newer = file.content.replace("version: 1", "version: 2")
        session.add(
            InstrumentFile(practice_id=cast.practice, key=KEY, version=2, origin=Origin.BUILT, content=newer)
        )
    member = Builder(console, f"{path.partition('?')[0]}?part=publish")
    assert "Version 2 is published already." in member.reply.text
    member.press("publish", rights__may_use="yes", rights__changes="Mine")
    assert member.status == 409
    console.post(f"{member.path}/version")
    member = Builder(console, f"{member.path}?part=publish")
    member.press("publish")
    assert [one.version for one in _files(service)] == [1, 2, 3]


def test_there_is_an_end_to_drafts(
    console: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 1)
    _begin(console)
    reply = console.post("/console/instruments/new", data={"name": "One more"})
    assert reply.status_code == 409
    assert "Publish or delete some first" in reply.text
    assert len(_drafts(service)) == 1


# Old results


def _answer(app: Flask, service: Service, assignment: UUID, codes: str) -> UUID:
    """The client answers by link; the answers are scored. Returns the submission."""
    person = answering.Person(answering.browser_of(app), answering.path_of(service, assignment))
    person.open()
    person.start()
    person.fill(codes)
    person.press("send")
    with service.db.write() as session:
        (found,) = submissions.of_assignment(session, assignment)
        results.store(session, found.id)
    return found.id


def test_old_results_keep_their_version_and_a_new_ask_takes_the_newest(
    app: Flask, console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    caller = cast.caller(service, cast.ada)
    building.built(console).press("publish")
    old = build.ask(service, caller, cast.cy, [KEY])
    first = _answer(app, service, old.id, "31")
    before = console.get(f"/console/results/{first}").text

    member = Builder(console, console.post(f"/console/instruments/{KEY}/edit").location)
    member.press("go answers")
    member.press("go questions", lists__0__answers__2__label="All the time", lists__0__answers__2__points="5")
    member.press("go scores", questions__0__text="was your sleep bad?")
    member.press("go publish", scales__0__bands__1__high="10")
    member.press("publish", rights__may_use="yes", rights__changes="Clearer words")
    assert member.status == 303, member.page.why

    assert console.get(f"/console/results/{first}").text == before
    assert "did you sleep badly?" in before
    with service.db.read() as session:
        pdf = report_page.page(report_data.assemble(session, first))
    assert "did you sleep badly?" in pdf
    assert "was your sleep bad?" not in pdf
    new = build.ask(service, caller, cast.cy, [KEY])
    second = _answer(app, service, new.id, "31")
    after = console.get(f"/console/results/{second}").text
    assert "was your sleep bad?" in after
    assert "All the time" in after
    assert "did you sleep badly?" not in after


def test_a_critical_answer_alerts_with_the_words_that_were_built(
    app: Flask, console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    building.built(console).press("publish")
    asked = build.ask(service, cast.caller(service, cast.ada), cast.cy, [KEY])
    submission = _answer(app, service, asked.id, "12_")
    with service.db.read() as session:
        assert [one.item_id for one in session.scalars(select(Alert))] == [f"{KEY}_3"]
    assert "Home does not feel safe" in console.get(f"/console/results/{submission}").text
