"""Mail to clients in their language, and mail to the people of a practice in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from channels.base import Message
from delivery import jobs, languages, letters
from delivery.db import now
from delivery.models.assignments import Way
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.rendering import TEMPLATES
from delivery.service import Service
from tests import sending_acts
from tests.sending_acts import Scene

ENGLISH_WORDS = re.compile(r"\b(the|you|your|form|please|this|link|if|of|and|to)\b", re.IGNORECASE)
#: Mail to clients, by template.
TO_CLIENTS = sorted(
    path.name
    for path in (TEMPLATES / "email").iterdir()
    if path.is_dir() and path.name not in ("link_locked", "result_ready", "risk_alert")
)


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def laid_out(template: str, language: str, **changed: str) -> tuple[str, str, str]:
    values = {
        "sender_name": "Alder",
        "word": "Azul",
        "link": "https://f.example.org/q/abc",
        "expires_on": languages.day(datetime(2026, 11, 27, tzinfo=UTC), language),
        "help_line": None,
        **changed,
    }
    return letters._mail(template, language, values)


@pytest.mark.parametrize("template", TO_CLIENTS)
def test_a_client_who_reads_spanish_gets_no_english_word(template: str) -> None:
    subject, text, html = laid_out(template, "es")
    assert '<html lang="es" dir="ltr">' in html
    for part in (subject, text, re.sub(r"<!--.*?-->|<[^>]+>", " ", html)):
        words = re.sub(r"https?://\S+", "", part)
        assert not ENGLISH_WORDS.search(words), words


@pytest.mark.parametrize("template", TO_CLIENTS)
def test_the_parts_of_a_spanish_mail_say_the_same(template: str) -> None:
    _, text, html = laid_out(template, "es")
    body = re.sub(r"<title>.*?</title>", " ", html, flags=re.DOTALL)
    assert re.sub(r"<[^>]+>", " ", body).split() == text.split()


@pytest.mark.parametrize("template", TO_CLIENTS)
def test_a_language_without_words_is_english(template: str) -> None:
    assert laid_out(template, "tlh") == laid_out(template, "en")


def test_a_name_in_a_spanish_mail_stays_a_name() -> None:
    _, text, html = laid_out("invitation", "es", sender_name="R & <b>D</b>")
    assert "R & <b>D</b> le ha enviado" in text
    assert "R &amp; &lt;b&gt;D&lt;/b&gt; le ha enviado" in html


def sent(scene: Scene, language: str, purpose: Purpose | None = None) -> Message:
    """What reaches the mailbox: of the client, or (with a `purpose`) of the clinician, about the same ask."""
    ask = scene.ask(scene.person(email="tex@example.org", language=language), Way.EMAIL)
    if purpose is not None:
        with scene.service.db.write() as session:
            told = Dispatch(
                practice_id=ask.practice_id,
                purpose=purpose,
                recipient=RecipientKind.PERSON,
                assignment_id=ask.assignment_id,
                person_id=scene.ada.person_id,
                channel="email",
                lane="interactive",
                business_key=f"told|{ask.id}",
                due_at=now(),
            )
            session.add(told)
            session.flush()
            jobs.add(session, "send", told.id, practice_id=told.practice_id)
    scene.work()
    return next(
        one for one in reversed(scene.mails.taken) if (one.to == "tex@example.org") is (purpose is None)
    )


def test_an_invitation_comes_in_the_language_of_who_answers(scene: Scene) -> None:
    spanish, english = sent(scene, "es"), sent(scene, "en")
    assert spanish.subject.startswith("Un formulario para llenar, de ")
    assert not ENGLISH_WORDS.search(re.sub(r"https?://\S+", "", spanish.text))
    assert english.subject.startswith("A form to fill in, from ")


def test_an_invitation_names_its_last_day_in_the_readers_words(scene: Scene) -> None:
    days = "lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    assert re.search(rf"hasta el ({days}) \d+ de [a-z]+\.", sent(scene, "es").text)


@pytest.mark.parametrize("purpose", [Purpose.RESULT, Purpose.RISK, Purpose.LOCKED])
def test_who_works_here_reads_english_also_about_a_client_who_does_not(
    scene: Scene, purpose: Purpose
) -> None:
    told = sent(scene, "es", purpose)
    assert '<html lang="en" dir="ltr">' in (told.html or "")
    assert "Open the console" in told.text
