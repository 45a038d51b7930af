"""A client with a phone: a real server process, a real browser, from the link to the end page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.phone import CHROMIUM, WIDE, Phone, Site

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (320, "dark")])
def test_a_client_answers_on_a_phone_closes_it_half_way_and_goes_on(
    site: Site, chromium: Any, width: int, scheme: str
) -> None:
    row, url = site.ask("phq9", "gad7")
    phone = Phone(chromium, width, site.service.settings.client_host, color_scheme=scheme)
    phone.page.goto(url)
    phone.look()
    phone.tap("Start")
    assert url.rsplit("/", 1)[-1] not in phone.page.url
    for _ in range(3):
        phone.choose("Several days")
    phone.tap("Leave this one blank")
    assert "Question 5 of 17" in phone.page.title()
    phone.page.close()

    phone.page = phone.context.new_page()
    phone.page.goto(url)
    assert "Question 5 of 17" in phone.page.title(), "the same link goes on at the same question"
    for _ in range(4):
        phone.choose("Not at all")
    phone.choose("Nearly every day")
    assert phone.heading() == "Thank you for telling us"
    phone.tap("Go on with the form")
    phone.choose("Somewhat difficult")
    phone.tap("Next")
    for _ in range(6):
        phone.choose("Not at all")
    assert phone.heading() == "All my answers"
    phone.tap("Send my answers")
    assert phone.heading() == "1 question has no answer yet"
    assert phone.page.evaluate("document.activeElement.id") == "sum", "the focus is on what was missed"
    phone.page.get_by_role("link", name="11. Feeling nervous").tap()
    assert phone.page.evaluate("document.activeElement.id") == "q11"
    phone.choose("More than half the days", "Send my answers")
    assert phone.heading() == "Sent. Thank you."
    phone.page.reload()
    assert phone.heading() == "Sent. Thank you."
    phone.page.go_back()
    phone.page.goto(url)
    assert phone.heading() in ("This form has been sent", "Sent. Thank you.")
    phone.look()
    answers = {one.instrument_key: one.answers or {} for one in site.stored(row)}
    assert answers["phq9"]["phq9_4"] is None and answers["phq9"]["phq9_9"] == "3"
    assert answers["gad7"]["gad7_1"] == "2"
    phone.context.close()


def test_without_scripts_and_with_the_keyboard_alone_a_form_is_answered_and_sent(
    site: Site, chromium: Any
) -> None:
    row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host, java_script_enabled=False)
    page, keys = phone.page, phone.page.keyboard
    page.goto(url)

    def tab_to(name: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            focused = page.locator(":focus")
            if focused.count() and name in (focused.inner_text() or focused.get_attribute("value") or ""):
                return
        raise AssertionError(f"Tab never reached {name!r}")

    keys.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    tab_to("Start")
    keys.press("Enter")
    page.wait_for_url("**/f/*")
    for number in (1, 2):
        page.get_by_text(f"Question {number} of 2").first.wait_for()
        for _ in range(10):
            keys.press("Tab")
            if page.locator("input[type=radio]:focus").count():
                break
        keys.press("ArrowDown")
        assert page.locator("input:checked").get_attribute("value") == "1"
        keys.press("Enter")  # Enter presses the main button
    page.get_by_role("heading", name="All my answers").wait_for()
    tab_to("Send my answers")
    keys.press("Enter")
    page.get_by_role("heading", name="Sent. Thank you.").wait_for()
    (submission,) = site.stored(row)
    assert submission.answers == {"gad2_1": "1", "gad2_2": "1"}
    phone.context.close()


def test_a_screen_reader_hears_the_question_its_choices_and_what_was_missed(
    site: Site, chromium: Any
) -> None:
    _row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    phone.page.goto(url)
    start = phone.page.locator("body").aria_snapshot()
    assert 'heading "You have a form to fill in" [level=1]' in start
    assert 'group "What may your answers be used for?"' in start
    assert "checked" not in start
    phone.tap("Start")
    question = phone.page.locator("main").aria_snapshot()
    assert "how often have you been bothered by the following problems? Feeling nervous" in question
    assert question.index("radio") > question.index("group ")
    for label in ("Not at all", "Several days", "More than half the days", "Nearly every day"):
        assert f'radio "{label}"' in question
    assert "img" not in question, "the row of panes is said in words beside it"
    phone.tap("Next")
    phone.choose("Several days")
    phone.tap("Send my answers")
    missed = phone.page.locator("main").aria_snapshot()
    assert 'alert "1 question has no answer yet"' in missed
    assert 'link "1. Feeling nervous, anxious or on edge"' in missed
    assert 'radio "Leave this one blank"' in missed
    phone.context.close()


def test_twice_the_text_size_and_the_narrowest_screen_cut_nothing(site: Site, chromium: Any) -> None:
    _row, url = site.ask("pcl5")
    phone = Phone(chromium, 320, site.service.settings.client_host)
    phone.page.goto(url)
    for _ in range(4):
        phone.page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert phone.page.evaluate(WIDE) is False, phone.page.title()
        phone.tap("Start" if "/q/" in phone.page.url else "Next")
    phone.context.close()


def test_a_spanish_reader_answers_a_set_with_shared_questions_and_switches_half_way(
    site: Site, chromium: Any
) -> None:
    row, url = site.ask("phq9", "phq2", "gad2", language="es")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    phone.page.goto(url)
    phone.look()
    phone.tap("Empezar")
    assert phone.heading() == "Poco interés o placer en hacer cosas"
    phone.choose("Varios días")
    phone.tap("English")
    assert phone.heading() == "Feeling down, depressed, or hopeless"
    while phone.page.get_by_role("button", name="Next", exact=True).count():
        phone.choose(
            "Not at all"
            if phone.page.get_by_text("Not at all", exact=True).count()
            else "Not difficult at all"
        )
    phone.tap("Send my answers")
    stored = {one.instrument_key: one.answers or {} for one in site.stored(row)}
    assert stored["phq2"] == {"phq2_1": "1", "phq2_2": "0"}
    assert stored["phq9"]["phq9_1"] == "1"
    assert len(stored["gad2"]) == 2
    assert [one.language for one in site.stored(row)] == ["en", "en", "en"]
