"""Text messages as they leave: one segment, in the reader's language, and never a name of a client."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from channels import gsm7
from delivery import letters
from delivery.models.clients import Respondent
from delivery.models.messages import Purpose
from delivery.models.people import Practice
from delivery.service import Service
from tests import sending_acts
from tests.sending_acts import NUMBER, Scene

#: 74 places for a link: the longest client address with which every text is one segment.
LINK = "https://forms.example.org/q/".ljust(74, "x")
NAMES = [
    "Alder Street Office",
    "Práctica de la Costa Norte y del Valle",
    "Ærø & Søn | Ñandú {Casa}",
    "€" * 20,
]
WORDS = [None, "Azul", "Mariposa del jardín de abajo", "🦋"]


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("template", ["invitation", "reminder", "test", "portal"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", WORDS)
def test_the_longest_values_fit_one_segment_with_the_whole_link(
    template: str, language: str, name: str, word: str | None
) -> None:
    values = {"sender_name": name, "word": word, "link": LINK}
    written = letters.text_message(template, language, values)
    assert gsm7.foreign(written) == set()
    assert gsm7.segments(written) == 1
    assert (f" {LINK} " in f"{written} ") is (template != "test")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", NAMES)
def test_a_code_is_one_segment_with_its_digits_and_no_link(language: str, name: str) -> None:
    written = letters.text_message("code", language, {"sender_name": name, "word": "Azul", "link": "012345"})
    assert (gsm7.segments(written), gsm7.foreign(written)) == (1, set())
    assert "012345" in written
    assert "http" not in written


@settings(max_examples=200)
@given(name=st.text(min_size=1, max_size=60), word=st.none() | st.text(max_size=60), es=st.booleans())
def test_no_name_or_word_breaks_the_one_segment(name: str, word: str | None, es: bool) -> None:
    values = {"sender_name": name, "word": word, "link": LINK}
    written = letters.text_message("invitation", "es" if es else "en", values)
    assert gsm7.segments(written) == 1
    assert LINK in written


@pytest.mark.parametrize(("language", "stop"), [("en", "STOP"), ("es", "ALTO")])
def test_a_text_is_written_in_the_readers_language(scene: Scene, language: str, stop: str) -> None:
    scene.ask(scene.person(sms=NUMBER, language=language))
    scene.work()
    (sent,) = scene.texts.taken
    assert stop in sent.text.split()


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.REMINDER, Purpose.TEST])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_text_never_names_the_client_or_the_measure(scene: Scene, purpose: Purpose, language: str) -> None:
    client = scene.person("Wilhelmina", sms=NUMBER, language=language, email="wilhelmina.q@example.org")
    first = scene.ask(client)
    with scene.service.db.write() as session:
        session.execute(update(Practice).values(sender_name="North Coast Practice of the Valley"))
        for respondent in session.query(Respondent):
            respondent.recognition_word = "Mariposa del jardin!"
            respondent.name = "Wilhelmina Quillfeather"
    if purpose is not Purpose.INVITATION:
        with scene.service.db.write() as session:
            session.execute(update(type(first)).where(type(first).id == first.id).values(purpose=purpose))
    scene.work()
    (sent,) = scene.texts.taken
    assert gsm7.segments(sent.text) == 1
    assert "Mariposa" in sent.text
    words = re.sub(r"https?://\S+", "", sent.text)
    for never in ("Wilhelmina", "Quillfeather", "example.org", "GAD", "gad7", "anxi", NUMBER):
        assert never.lower() not in words.lower(), never


def test_the_link_of_a_text_is_whole_and_the_only_address_in_it(scene: Scene) -> None:
    scene.ask(scene.person(sms=NUMBER))
    scene.work()
    (sent,) = scene.texts.taken
    (link,) = re.findall(r"https?://\S+", sent.text)
    assert link.startswith(f"{scene.service.settings.client_url}/q/")
    assert sent.subject == ""
    assert sent.html is None
    assert sent.callback_url is not None
    assert sent.callback_url.startswith(f"{scene.service.settings.base_url}/hooks/twilio/status?a=")


def test_a_practices_own_number_is_where_its_texts_come_from(scene: Scene) -> None:
    with scene.service.db.write() as session:
        session.execute(
            update(Practice).where(Practice.id == scene.cast.practice).values(sms_sender="+15035550100")
        )
    message = scene.ask(scene.person(sms=NUMBER))
    scene.work()
    assert scene.texts.taken[0].sender == "+15035550100"
    assert scene.attempts(message)[0].sender == "+15035550100"


def test_the_sample_in_the_console_is_what_goes_out(scene: Scene) -> None:
    client = scene.person(sms=NUMBER, language="es")
    who = scene.respondent(client)
    with scene.service.db.read() as session:
        practice = session.get_one(Practice, scene.cast.practice)
    subject, shown = letters.sample(practice, who, "sms", sending_acts.PORTLAND, scene.service.settings)
    scene.ask(client)
    scene.work()
    (sent,) = scene.texts.taken
    link = re.compile(r"https?://\S+")
    assert subject == ""
    assert link.sub("LINK", shown) == link.sub("LINK", sent.text)
