"""The words of our text messages: one segment, neutral, plain, in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta

from channels.gsm7 import foreign, one_segment, segments, to_gsm7
from delivery.rendering import TEMPLATES, environment, render
from questionnaires import registry

PURPOSES = [
    "invitation",
    "reminder",
    "test",
    "code",
    "portal",
    "opted_out",
    "help",
    "not_read",
    "started",
]
NAMES = [f"{purpose}.{language}" for purpose in PURPOSES for language in ("en", "es")]
WITH_LINK = ["invitation", "reminder", "portal"]
#: Stands where other texts have their link.
CODE = "027491"
LONGEST = {
    "sender_name": "North Coast Practice",
    "word": "Mariposa del jardin!",
    "link": "https://forms.example.org/q/".ljust(74, "x"),
    "help_phone": "+1 (503) 555-0100",
}
SHORT = {"sender_name": "Secure Forms", "word": "", "link": "https://f.example.org/q/abc", "help_phone": ""}
HEALTH_WORDS = re.compile(
    r"\b(depres\w*|anxi\w*|ansie\w*|ptsd|trauma\w*|suicid\w*|self-harm|alcohol\w*|drug\w*|drog\w*"
    r"|mental\w*|therap\w*|terap\w*|psych\w*|psic\w*|counsel\w*|clinic\w*|doctor\w*|patient\w*|pacient\w*"
    r"|client\w*|diagnos\w*|symptom\w*|sintom\w*|score\w*|screening|questionnaire|cuestionario|treatment"
    r"|tratamiento|health|salud|result\w*|appointment|cita|icd|dsm)\b",
    re.IGNORECASE,
)
# Spanish words that need an accent GSM-7 lacks, as people write them without.
MISSPELT = re.compile(
    r"\b(mas|numero|aqui|asi|tambien|todavia|atras|despues|dia|dias|pagina|telefono|podra|recibira|alli"
    r"|informacion|atencion|rapido|unico|ultimo|proximo|linea|practica|facil|util|rapida)\b",
    re.IGNORECASE,
)


def text(name: str, values: dict[str, str] = LONGEST, **changed: str) -> str:
    filled: dict[str, Any] = {**values, **changed}
    if name.startswith("code."):
        filled["link"] = CODE
    return render(f"sms/{name}.txt", **filled)


def instrument_names() -> set[str]:
    """Keys and names of all shipped instruments, in small letters."""
    found = set()
    for one in registry.load().list():
        found |= {one.key.replace("_", "-"), str(one.name)}
    return {name.lower() for name in found if len(name) > 2}


def test_every_purpose_has_both_languages_and_there_is_nothing_else() -> None:
    assert sorted(path.name for path in (TEMPLATES / "sms").iterdir()) == sorted(f"{n}.txt" for n in NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", ["", LONGEST["word"]])
@pytest.mark.parametrize("help_phone", ["", LONGEST["help_phone"]])
def test_the_longest_values_fit_one_segment_and_nothing_is_rewritten(
    name: str, word: str, help_phone: str
) -> None:
    assert [len(LONGEST[key]) for key in ("sender_name", "word", "link")] == [20, 20, 74]
    written = text(name, word=word, help_phone=help_phone)
    assert foreign(written) == set()
    assert segments(written) == 1
    assert one_segment(written) == written


@pytest.mark.parametrize("name", NAMES)
def test_only_the_allowed_variables_are_used(name: str) -> None:
    source = (TEMPLATES / "sms" / f"{name}.txt").read_text(encoding="utf-8")
    assert meta.find_undeclared_variables(environment().parse(source)) <= set(LONGEST)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("values", [LONGEST, SHORT], ids=["longest", "short"])
def test_the_only_address_is_our_own_link(name: str, values: dict[str, str]) -> None:
    written = text(name, values)
    wanted = [values["link"]] if name.partition(".")[0] in WITH_LINK else []
    assert re.findall(r"https?://\S+", written) == wanted
    for link in wanted:
        # A space on both sides, so that no phone takes our punctuation for a part of the link.
        assert f" {link} " in f"{written} "
        written = written.replace(link, "")
    assert not re.search(r"\w\.\w|www|//", written)


@pytest.mark.parametrize("name", NAMES)
def test_no_word_tells_of_health_or_names_an_instrument(name: str) -> None:
    names = instrument_names()
    assert len(names) > 20
    words = text(name, sender_name="N", word="W", link="L", help_phone="H")
    assert not HEALTH_WORDS.search(words)
    assert not any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", words.lower()) for one in names)


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_calm_and_do_not_blame(name: str) -> None:
    assert "!" not in text(name, SHORT)
    blame = r"\b(failed|must|overdue|late|still not|forgot\w*|debe|olvid\w*|tarde|no ha)\b"
    assert not re.search(blame, text(name, SHORT), re.IGNORECASE)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("es")])
def test_spanish_is_spelt_right_without_the_accents_that_gsm7_lacks(name: str) -> None:
    assert not MISSPELT.search(text(name, SHORT))
    assert not re.search(r"\b(tu|tus|te|tienes|llama|responde|manda al|quieres)\b", text(name, SHORT))


@pytest.mark.parametrize("values", [LONGEST, SHORT], ids=["longest", "short"])
def test_the_first_text_says_how_to_stop(values: dict[str, str]) -> None:
    assert text("invitation.en", values).endswith("Reply STOP to opt out, HELP for help")
    assert text("invitation.es", values).endswith("ALTO para no recibir textos")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reminder_and_a_way_to_the_own_page_say_how_to_stop_too(language: str) -> None:
    stop = {"en": "STOP", "es": "ALTO"}[language]
    for purpose in ("reminder", "portal"):
        for word in ("", LONGEST["word"]):
            assert stop in text(f"{purpose}.{language}", word=word)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_code_stands_once_and_early(language: str) -> None:
    written = text(f"code.{language}")
    assert written.count(CODE) == 1
    assert written.index(CODE) < 20, "it is read on a locked phone"


def test_help_begins_with_the_crisis_line() -> None:
    assert text("help.en").startswith("988")
    assert text("help.es").startswith("988")
    assert LONGEST["help_phone"] in text("help.en")
    assert LONGEST["help_phone"] in text("help.es")


@pytest.mark.parametrize("name", ["help.es", "not_read.es", "opted_out.es"])
def test_the_spanish_crisis_line_is_named_as_it_works(name: str) -> None:
    assert "llame al 988 y oprima 2, o mande AYUDA al 988" in text(name)


@pytest.mark.parametrize("name", ["help.en", "help.es", "not_read.en", "not_read.es"])
def test_an_answer_to_a_persons_text_names_988_and_911(name: str) -> None:
    assert "988" in text(name)
    assert "911" in text(name)


def test_the_recognition_word_stands_in_the_texts_that_are_meant_for_one_person() -> None:
    for purpose in (*WITH_LINK, "test"):
        for language in ("en", "es"):
            assert "Azul" in text(f"{purpose}.{language}", SHORT, word="Azul")


@settings(max_examples=200)
@given(name=st.sampled_from(NAMES), hostile=st.text(max_size=20), word=st.text(max_size=20))
def test_hostile_names_leave_one_clean_line(name: str, hostile: str, word: str) -> None:
    written = to_gsm7(text(name, sender_name="\r\n\u202e" + hostile, word=word))
    assert foreign(written) == set()
    assert written.isprintable()
    link = [LONGEST["link"]] if name.partition(".")[0] in WITH_LINK else []
    assert [found for found in re.findall(r"https?://\S+", written) if "example.org" in found] == link
