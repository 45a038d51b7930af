"""A Questionnaire from another publisher, item by item, as far as LightQ has the same thing."""

from __future__ import annotations

import hashlib
import re

from questionnaires.content import Content
from questionnaires.fhir.answers import question
from questionnaires.fhir.draft import Draft, content, loinc
from questionnaires.fhir.reading import HIDDEN, Element, FhirError, Json
from questionnaires.fhir.skips import condition
from questionnaires.registry import check
from questionnaires.schema import Instrument
from questionnaires.source import InstrumentError, Path_, Source

_ITEM = ("linkId", "definition", "code", "prefix", "text", "type", "required", "maxLength", "item")
_ITEM_KEYS = (*_ITEM, "extension", "enableWhen", "enableBehavior", "answerValueSet", "answerOption")
_REFUSED = {
    "repeats": "several answers to one question are not supported",
    "readOnly": "an item that can't be answered is not supported",
}
_LONGEST_KEY = 24
_LONGEST_ID = 40


def from_publisher(resource: Element) -> Instrument:
    """The instrument of a Questionnaire without our extension. Raises FhirError with path and reason."""
    refuse_expressions(resource)
    reader = _Reader(resource)
    reader.walk(resource.children("item"), [], [], top=True)
    if not reader.draft.items:
        raise resource.error("item", "there are no questions")
    return check(_Placed(resource.file, content(reader.draft, resource), reader.places))


class _Placed(Source):
    """Content made from a resource: an error names the place in the resource that it came from."""

    __slots__ = ("places",)

    def __init__(self, file: str, made: Content, places: dict[Path_, str]) -> None:
        super().__init__(file, made, {})
        self.places = places

    def error(self, where: Path_, reason: str) -> InstrumentError:
        while where and where not in self.places:
            where = where[:-1]
        return FhirError(self.file, self.places.get(where, ""), reason)


class _Reader:
    """Reads items in order, and keeps what a file of ours says of them."""

    def __init__(self, resource: Element) -> None:
        self.resource = resource
        self.draft = Draft(key=_key(resource), language=resource.text("language") or "en")
        self.links: set[str] = set()
        self.places: dict[Path_, str] = {("key",): "name", ("texts", self.draft.language): "language"}

    def walk(self, items: list[Element], around: list[str], gates: list[Json], *, top: bool = False) -> None:
        """Read the items of one level. `around` are the texts and `gates` the conditions of its groups."""
        shown = around
        loose: Element | None = None  # a text that no question has followed yet
        for item in items:
            kind = self._checked(item)
            gate = condition(item, self.draft.questions)
            if kind == "display":
                text = item.needed("text")
                if gate:
                    raise item.error(
                        "enableWhen", "a condition on a text without a question is not supported"
                    )
                if top and not self.draft.items:
                    self.draft.instructions.append(text)
                    continue
                shown = [*(shown if loose else around), text]
                loose = item
                continue
            loose = None
            inner = [*gates, gate] if gate else gates
            if kind == "group":
                title = " ".join(part for part in (item.text("prefix"), item.text("text")) if part)
                if not item.children("item"):
                    raise item.error("item", "a group needs items")
                self.walk(item.children("item"), [*shown, title] if title else shown, inner)
            else:
                self._question(item, shown, inner)
        if loose:
            raise loose.error("text", "no question follows this text, so there is no place to show it")

    def _checked(self, item: Element) -> str:
        """The type of an item that has nothing in it that LightQ would have to leave out."""
        link = item.needed("linkId")
        if link in self.links:
            raise item.error("linkId", f"the linkId '{link[:60]}' is used twice")
        self.links.add(link)
        for flag, reason in _REFUSED.items():
            if item.flag(flag):
                raise item.error(flag, reason)
        if "initial" in item.value:
            raise item.error("initial", "an answer that is given beforehand is not supported")
        item.refuse_others((*_ITEM_KEYS, *_REFUSED))
        refuse_expressions(item)
        for one in item.extensions(HIDDEN):
            if one.flag("valueBoolean"):
                raise one.error("", "a hidden item is not supported")
        return item.needed("type")

    def _question(self, item: Element, shown: list[str], gates: list[Json]) -> None:
        draft, link = self.draft, item.needed("linkId")
        if item.children("item"):
            raise item.error("item", "items below a question are not supported")
        asked = question(self._id(link), item, self.resource, draft.language)
        made: Json = {"id": asked.id, "stem": self._stem(shown), **loinc(item)}
        if item.text("prefix"):
            made["number"] = item.text("prefix")
        if asked.answers:
            made["options"] = draft.options.setdefault(asked.answers, f"answers_{len(draft.options) + 1}")
        elif asked.whole_number:
            made["whole_number"] = list(asked.whole_number)
        else:
            made["free_text"] = asked.free_text
        if gates:
            made["asked_if"] = gates[0] if len(gates) == 1 else {"all_of": gates}
        made["scored"] = bool(asked.answers) and all(answer.value is not None for answer in asked.answers)
        self.places["items", len(draft.items)] = item.path
        draft.words[asked.id] = item.needed("text")
        draft.items.append(made)
        draft.questions[link] = asked

    def _id(self, link: str) -> str:
        """An id that stays the same where questions are added: from the linkId, or else from its hash."""
        key, slug = self.draft.key, _slug(link)
        readable = slug if slug.startswith(f"{key}_") else f"{key}_{slug}"
        if slug and len(readable) <= _LONGEST_ID and readable not in self.draft.words:
            return readable
        return f"{key}_{hashlib.sha256(link.encode()).hexdigest()[:8]}"

    def _stem(self, shown: list[str]) -> str | None:
        if not shown:
            return None
        return self.draft.stems.setdefault("\n".join(shown), f"stem_{len(self.draft.stems) + 1}")


def refuse_expressions(element: Element) -> None:
    """Refuse what is worked out by a formula: it could change what is asked, shown or scored."""
    for one in element.children("extension"):
        if "valueExpression" in one.value:
            raise one.error("valueExpression", "a formula is not supported")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _key(resource: Element) -> str:
    for name in (resource.text("name"), resource.text("id")):
        slug = _slug(name or "")[:_LONGEST_KEY].strip("_")
        if slug:
            return slug if slug[0].isalpha() else f"q_{slug}"
    raise resource.error("name", "give the questionnaire a name or an id; its key is made from it")
