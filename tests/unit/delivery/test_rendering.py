from __future__ import annotations

from gettext import NullTranslations

import jinja2
import pytest

from delivery import rendering


class Shouting(NullTranslations):
    def gettext(self, message: str) -> str:
        return message.upper()


def filled(source: str, name: str = "x.html", **values: object) -> str:
    made = rendering.environment().overlay(loader=jinja2.DictLoader({name: source}))
    return made.get_template(name).render(**values)


def test_text_is_escaped_in_pages() -> None:
    assert filled("<p>{{ who }}</p>", who="<b>&") == "<p>&lt;b&gt;&amp;</p>"


def test_plain_text_mail_is_not_escaped() -> None:
    assert filled("{{ who }}", "body.txt", who="R & D") == "R & D"


def test_what_is_put_into_a_translated_sentence_is_escaped() -> None:
    assert filled("{% trans who=who %}Dear {{ who }}{% endtrans %}", who="<b>") == "Dear &lt;b&gt;"


def test_a_value_that_was_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        filled("{{ missing }}")


def test_the_environment_is_shared_per_language() -> None:
    spanish = Shouting()
    assert rendering.environment() is rendering.environment()
    assert rendering.environment(spanish) is rendering.environment(spanish)
    assert rendering.environment(spanish) is not rendering.environment()


def test_a_language_is_chosen_per_call() -> None:
    assert rendering.environment().from_string("{{ _('Score') }}").render() == "Score"
    assert rendering.environment(Shouting()).from_string("{{ _('Score') }}").render() == "SCORE"
