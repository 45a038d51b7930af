"""The words of our emails: neutral, the same in both parts, and nothing but five variables."""

from __future__ import annotations

import re
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta

from channels.base import Message
from channels.email_message import build
from delivery.rendering import TEMPLATES, environment, render

MAILS = ["code", "invitation", "link_locked", "portal", "reminder", "result_ready", "risk_alert", "test"]
STAFF = ["link_locked", "result_ready", "risk_alert"]
#: What only mail to clients may use.
OF_CLIENTS = {"invitation": {"expires_on", "word"}, "reminder": {"expires_on", "word"}, "portal": {"word"}}
ALLOWED = {"sender_name", "link", "expires_on", "help_line", "word"}
VALUES = {
    "sender_name": "Secure Forms",
    "link": "https://forms.example.org/q/abc",
    "expires_on": "Friday, November 27",
    "help_line": "Questions? Call 503-555-0100.",
    "word": "Azul",
}
HEALTH_WORDS = re.compile(
    r"\b(phq|gad|pcl|audit|dast|depress\w*|anxi\w*|ptsd|trauma\w*|suicid\w*|self-harm|alcohol|drug\w*|mental"
    r"|therap\w*|psych\w*|counsel\w*|clinic\w*|doctor|patient|client|diagnos\w*|symptom\w*|score\w*|screening"
    r"|questionnaire|treatment|health|test result\w*)\b",
    re.IGNORECASE,
)


class Words(HTMLParser):
    """The words a reader sees, and the addresses behind links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in {"meta", "br"}:
            self._inside.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in {"href", "src", "action", "background"}
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" not in self._inside:
            self.seen += data.split()


def parts(mail: str, **changed: str) -> tuple[str, str, str]:
    values: dict[str, Any] = {**VALUES, **changed}
    if mail == "code":  # stands where other messages have their link
        values["link"] = "027491"
    subject, text, html = (
        render(f"email/{mail}/{name}", **values) for name in ("subject.txt", "body.txt", "body.html")
    )
    return subject, text, html


@pytest.mark.parametrize("mail", MAILS)
def test_text_and_html_say_the_same(mail: str) -> None:
    _, text, html = parts(mail)
    assert Words(html).seen == text.split()


@pytest.mark.parametrize("mail", MAILS)
def test_no_word_tells_of_health(mail: str) -> None:
    for part in parts(mail):
        assert not HEALTH_WORDS.search(part)


@pytest.mark.parametrize("mail", MAILS)
def test_only_the_allowed_variables_are_used(mail: str) -> None:
    made = environment()
    for name in ("subject.txt", "body.txt", "body.html"):
        source = (TEMPLATES / "email" / mail / name).read_text(encoding="utf-8")
        used = meta.find_undeclared_variables(made.parse(source)) - {"_", "button"}
        assert used <= ALLOWED - {"expires_on", "word"} | OF_CLIENTS.get(mail, set())


@pytest.mark.parametrize("mail", MAILS)
def test_the_only_address_is_our_own_link_and_nothing_is_loaded(mail: str) -> None:
    _, text, html = parts(mail)
    seen = Words(html)
    wanted = [] if mail in ("code", "test") else [VALUES["link"]]
    assert re.findall(r"https?://\S+", text) == wanted
    assert seen.links == wanted
    assert seen.tags.isdisjoint({"img", "script", "link", "style", "iframe", "form"})


@pytest.mark.parametrize("mail", MAILS)
def test_every_mail_says_what_to_do_when_it_reached_the_wrong_person(mail: str) -> None:
    not_asked = "If you did not ask for it" if mail == "code" else "If this is not for you"
    assert not_asked in parts(mail)[1]


def test_the_invitation_names_the_buttons_the_end_and_the_crisis_line() -> None:
    _, text, _ = parts("invitation")
    for words in ("This is not for me", "I don’t want these forms now", "Friday, November 27"):
        assert words in text


def test_a_risk_alert_is_urgent_in_the_subject_and_says_no_more() -> None:
    subject, text, _ = parts("risk_alert")
    assert subject.startswith("Urgent")
    assert "Something needs your attention today" in text
    assert not parts("result_ready")[0].startswith("Urgent")


@pytest.mark.parametrize("mail", MAILS)
def test_the_page_names_its_language_and_follows_dark_readers(mail: str) -> None:
    html = parts(mail)[2]
    assert '<html lang="en" dir="ltr">' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert not re.search(r"(?<![-\w])(background(-color)?|color):(?!inherit)", html)


@pytest.mark.parametrize("mail", MAILS)
def test_an_empty_help_line_leaves_no_gap(mail: str) -> None:
    _, text, html = parts(mail, help_line="")
    assert "\n\n\n" not in text
    assert "<p></p>" not in html


class Marked(NullTranslations):
    """Every marked text comes back in brackets, so that unmarked text stands out."""

    def gettext(self, message: str) -> str:
        return {"en": "ar", "ltr": "rtl"}.get(message, f"[{message}]")


@pytest.mark.parametrize("mail", MAILS)
def test_all_words_are_marked_for_translation(mail: str) -> None:
    values = dict.fromkeys(ALLOWED, "") | {"help_line": "x"}
    text = render(f"email/{mail}/body.txt", translations=Marked(), **values)
    assert all(
        line.startswith("[") and line.endswith("]") for line in text.split("\n") if line not in {"", "x"}
    )
    html = render(f"email/{mail}/body.html", translations=Marked(), **values)
    assert '<html lang="ar" dir="rtl">' in html
    assert Words(html).seen == text.split()


@settings(max_examples=200)
@given(mail=st.sampled_from(MAILS), hostile=st.text(max_size=60))
def test_hostile_names_stay_words(mail: str, hostile: str) -> None:
    hostile = "<img src=x onerror=alert(1)>\r\nBcc: e@x.org https://evil.example " + hostile
    subject, text, html = parts(mail, sender_name=hostile)
    message = Message("a1", "email", "sam@example.net", hostile, "forms@example.org", subject, text, html)
    wire = build(message)
    assert "img" not in Words(html).tags
    assert b"\r\nBcc" not in wire.split(b"\r\n\r\n")[0]
    assert "https://evil.example" not in Words(html).links
