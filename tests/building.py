"""A questionnaire as a member types it, for tests: three questions, a scale, bands, a cut-off, an alert."""

from __future__ import annotations

from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from questionnaires.drafts import presses as draft_presses
from questionnaires.drafts.draft import Band, CutOff, Draft


def draft(name: str = "Week check") -> Draft:
    """A draft with nothing left open: two questions with points, one in free text that may be skipped."""
    made = draft_presses.new(name)
    about, rights = made.about, made.rights
    about.measures, about.recall, about.minutes, about.purposes = (
        "How the week went",
        "Last 7 days",
        "2",
        ["progress"],
    )
    about.stem = "In the last 7 days, how often"
    rights.may_use, rights.holder, rights.notice = True, "Alder Street Office", "Made by Alder Street Office."
    draft_presses.press(made, "add lists.0.answers")
    for answer, (label, points) in zip(
        made.lists[0].answers, [("Never", "0"), ("Some days", "1"), ("Every day", "3")], strict=True
    ):
        answer.label, answer.points = label, points
    for button in ("add questions", "add questions"):
        draft_presses.press(made, button)
    one, two, three = made.questions
    one.text, two.text, three.text = "did you sleep badly?", "did home feel unsafe?", "What happened?"
    two.critical_codes, two.message = ["2", "3"], "Home does not feel safe"
    three.answered_with, three.alone = "free_text", True
    three.only_if, three.only_if_codes = two.id, ["2", "3"]
    draft_presses.press(made, "add scales")
    scale = made.scales[0]
    scale.bands = [Band(low="0", high="3", label="quiet"), Band(low="4", high="6", label="hard")]
    scale.cut_offs = [CutOff(points="4", label="Talk about it")]
    return made


class Fields(HTMLParser):
    """What a browser would post from the builder's form, and what the page says is wrong, by place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.why: dict[str, str] = {}
        self._inside = False
        self._area = self._select = self._why = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = have.get("id") == "builder"
        if have.get("id", "").startswith("why-"):
            self._why = have["id"].removeprefix("why-")
        if not self._inside:
            return
        name = have.get("name", "")
        if tag == "input" and (have.get("type") != "checkbox" or "checked" in have):
            self.values.setdefault(name, []).append(have.get("value", ""))
        elif tag == "textarea":
            self._area, self.values[name] = name, [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in have or self._select not in self.values):
            self.values[self._select] = [have["value"]]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values[self._area] = [self.values[self._area][0].removeprefix("\n")]
            self._area = ""
        elif tag == "p":
            self._why = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][0] += data
        elif self._why:
            self.why[self._why] = (self.why.get(self._why, "") + data).strip()


class Builder:
    """A member at the builder: fills in fields of the page that is shown and presses its buttons."""

    def __init__(self, browser: FlaskClient, path: str) -> None:
        self.browser, self.path = browser, path.partition("?")[0]
        self.reply = browser.get(path)
        self.status = self.reply.status_code

    @property
    def page(self) -> Fields:
        """The page that is shown."""
        return Fields(self.reply.text)

    def press(self, button: str, **typed: str | list[str]) -> TestResponse:
        """Type into fields (`questions__0__text`), tick what is listed, press a button, go where it leads."""
        fields = {**self.page.values, "do": [button]}
        for name, value in typed.items():
            fields[name.replace("__", ".")] = [value] if isinstance(value, str) else value
        self.reply = self.browser.post(self.path, data=fields)
        self.status = self.reply.status_code
        while self.reply.status_code == 303:
            self.reply = self.browser.get(self.reply.location)
        return self.reply


def built(browser: FlaskClient, name: str = "Week check") -> Builder:
    """The questionnaire of `draft`, typed into the pages by a signed-in member; nothing is open any more."""
    member = Builder(browser, browser.post("/console/instruments/new", data={"name": name}).location)
    member.press(
        "go answers",
        about__measures="How the week went",
        about__purposes=["progress"],
        about__minutes="2",
        about__recall="Last 7 days",
        about__stem="In the last 7 days, how often",
    )
    member.press("add lists.0.answers", lists__0__answers__0__label="Never", lists__0__answers__0__points="0")
    member.press(
        "go questions",
        lists__0__answers__1__label="Some days",
        lists__0__answers__1__points="1",
        lists__0__answers__2__label="Every day",
        lists__0__answers__2__points="3",
    )
    member.press("add questions", questions__0__text="did you sleep badly?")
    member.press("add questions", questions__1__text="did home feel unsafe?")
    member.press(
        "keep",
        questions__1__critical_codes=["2", "3"],
        questions__1__message="Home does not feel safe",
        questions__2__text="What happened?",
        questions__2__answered_with="free_text",
        questions__2__alone="yes",
        questions__2__only_if="3",
    )
    member.press("go scores", questions__2__only_if_codes=["2", "3"])
    member.press("add scales")
    for button in ("add scales.0.bands", "add scales.0.bands", "add scales.0.cut_offs"):
        member.press(button)
    member.press(
        "go publish",
        scales__0__bands__0__low="0",
        scales__0__bands__0__high="3",
        scales__0__bands__0__label="quiet",
        scales__0__bands__1__low="4",
        scales__0__bands__1__high="6",
        scales__0__bands__1__label="hard",
        scales__0__cut_offs__0__points="4",
        scales__0__cut_offs__0__label="Talk about it",
    )
    member.press(
        "keep",
        rights__may_use="yes",
        rights__holder="Alder Street Office",
        rights__notice="Made by Alder Street Office.",
    )
    return member
