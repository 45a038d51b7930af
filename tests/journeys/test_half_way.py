"""Half-way through a form: another phone, no network, a tap that moves on, and a voice that reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.phone import CHROMIUM, Phone, Site

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]

#: A voice on the device and one that is not, as the page's script meets them.
VOICES = """
  window.said = [];
  const voices = [{lang: 'en-US', localService: LOCAL, name: 'one'}, {lang: 'en-US', localService: false}];
  Object.defineProperty(window, 'speechSynthesis', {value: {
    speaking: false, getVoices: () => voices, addEventListener: () => {}, cancel: () => {},
    speak: (one) => window.said.push(one.text)}});
  window.SpeechSynthesisUtterance = function (text) { this.text = text; };
"""


def test_a_form_begun_on_one_phone_goes_on_on_another_with_the_code(site: Site, chromium: Any) -> None:
    row, url = site.ask("gad7")
    host = site.service.settings.client_host
    first = Phone(chromium, 390, host)
    first.page.goto(url)
    first.tap("Start")
    first.choose("Several days")
    first.choose("Nearly every day")
    first.tap("Stop here")
    first.tap("I want to go on on another device")
    code = first.page.locator("main .code").inner_text()

    second = Phone(chromium, 320, host, color_scheme="dark")
    second.page.goto(url)
    second.look()
    assert "You began this form on another device" in second.page.locator("main").inner_text()
    second.page.get_by_label("The code that the other device showed").fill(code.lower())
    second.tap("Go on where I stopped")
    assert "Question 3 of 7" in second.page.title()
    for _ in range(5):
        second.choose("Not at all")
    assert second.heading() == "All my answers"
    second.tap("Send my answers")
    assert second.heading() == "Sent. Thank you."
    (submission,) = site.stored(row)
    assert [(submission.answers or {})[f"gad7_{n}"] for n in (1, 2, 3)] == ["1", "3", "0"]

    first.page.goto(url)
    assert first.heading() == "This form has been sent"
    first.context.close()
    second.context.close()


def test_without_network_a_choice_stays_on_the_page_and_goes_out_when_it_is_back(
    site: Site, chromium: Any
) -> None:
    row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    page = phone.page
    page.goto(url)
    phone.tap("Start")
    phone.context.set_offline(True)
    page.get_by_text("Nearly every day", exact=True).tap()
    page.get_by_text("Not sent yet.").wait_for()
    assert page.locator("input:checked").get_attribute("value") == "3"
    page.get_by_text("Several days", exact=True).tap()  # a change of mind meanwhile
    page.wait_for_timeout(600)
    assert "Question 1 of 2" in page.title()
    phone.complaints.clear()  # the browser's own word that there is no network
    with page.expect_navigation():
        phone.context.set_offline(False)
    assert "Question 2 of 2" in page.title()
    phone.choose("Not at all", "Next")
    phone.context.set_offline(True)
    page.get_by_role("button", name="Send my answers").tap()
    page.get_by_text("Not sent yet.").wait_for()
    phone.complaints.clear()
    with page.expect_navigation():
        phone.context.set_offline(False)
    assert phone.heading() == "Sent. Thank you."
    (submission,) = site.stored(row)
    assert submission.answers == {"gad2_1": "1", "gad2_2": "0"}
    phone.context.close()


def test_a_tap_moves_on_the_keyboard_never_does_and_there_is_an_off_switch(site: Site, chromium: Any) -> None:
    _row, url = site.ask("gad7")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    page = phone.page
    page.goto(url)
    phone.tap("Start")
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("ArrowDown")
    page.evaluate("document.querySelectorAll('label.choice')[2].click()")  # as assistive software does
    page.wait_for_timeout(900)
    assert "Question 1 of 7" in page.title()
    assert page.locator("input:checked").get_attribute("value") == "2"
    with page.expect_navigation():
        page.get_by_text("Not at all", exact=True).tap()
    assert "Question 2 of 7" in page.title()
    phone.tap("Don’t move on by itself")
    page.get_by_text("Several days", exact=True).tap()
    page.wait_for_timeout(900)
    assert "Question 2 of 7" in page.title()
    phone.tap("Next")
    page.get_by_text("Several days", exact=True).tap()
    page.wait_for_timeout(900)
    assert "Question 3 of 7" in page.title(), "remembered for this form"
    phone.context.close()


@pytest.mark.parametrize("local", [True, False])
def test_a_question_is_read_by_a_voice_of_the_device_and_by_no_other(
    site: Site, chromium: Any, local: bool
) -> None:
    _row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    phone.page.add_init_script(VOICES.replace("LOCAL", "true" if local else "false"))
    phone.page.goto(url)
    phone.tap("Start")
    listen = phone.page.get_by_role("button", name="Listen")
    assert listen.is_visible() is local
    if local:
        listen.tap()
        said = " ".join(phone.page.evaluate("window.said"))
        assert "Feeling nervous" in said and "Nearly every day" in said
        assert phone.page.locator("input[name=heard]").get_attribute("value") == "1"
    phone.context.close()
