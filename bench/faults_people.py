"""Clients who fill in their forms over real HTTP, and do not give up when the server goes away."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from urllib.parse import urlencode, urljoin, urlsplit

from bench.faults_cuts import Line
from delivery.cli.browser import Browser, Form, Page
from delivery.cli.once import ONWARD
from questionnaires.registry import load_one

#: Seconds between two tries to load a page, and the range of times that a page is looked at.
AGAIN, READING = 0.2, (0.05, 0.4)
SENT = ("has been sent", "Sent. Thank you")
TYPE = "application/x-www-form-urlencoded"


@cache
def _codes(instrument: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each question's place and its option codes."""
    items = load_one(instrument).items
    return tuple((f"{instrument}:{one.id}", tuple(o.code for o in one.options)) for one in items)


@dataclass
class Client:
    """One person with a link. `marks`: place ("phq9:phq9_1") -> option code that was chosen there.

    `whole`: all answers in one post, as from the page that names what is open; else a page at a time.
    """

    url: str
    seed: int
    instruments: tuple[str, ...]
    whole: bool = True
    marks: dict[str, str] = field(default_factory=dict)
    saw_sent: bool = False
    #: The share of this person's presses whose network breaks off, and where it did.
    cut: float = 0.0
    cuts: Counter[str] = field(default_factory=Counter)
    #: Seconds: the longest time without an answering server, from the first refusal to the next page.
    longest_gap: float = 0.0

    def fill_in(self, until: float) -> None:
        """Answer, send, and come back to the link after every break, until the page says "sent"."""
        chance, gap_from = random.Random(self.seed), 0.0
        line = Line(self.cut, random.Random(self.seed))
        line.met = self.cuts
        browser = Browser(self.url, None, line)
        page: Page | None = None
        while not self.saw_sent and time.monotonic() < until:
            try:
                page = self._step(browser, page, chance)
            except (OSError, HTTPException):
                page, gap_from = None, gap_from or time.monotonic()
                time.sleep(AGAIN)
                continue
            if gap_from:
                self.longest_gap = max(self.longest_gap, time.monotonic() - gap_from)
                gap_from = 0.0

    def _step(self, browser: Browser, page: Page | None, chance: random.Random) -> Page | None:
        if page is None:
            page = browser.open(self.url)
        if page.status >= 500:
            time.sleep(AGAIN)
            return None
        if any(words in page.text for words in SENT):
            self.saw_sent = True
            return page
        if urlsplit(page.url).path.endswith("/help"):
            return browser.open(page.url.partition("/help")[0])
        form = next((f for f in page.forms if _onward(f)), None)
        if form is None:
            raise RuntimeError(f"no way on from {page.status} “{page.title}”")
        fields = dict(form.fields)
        if self.whole and "answer" in form.radios and "key" in fields:
            return self._send_all(browser, page, form, fields["key"], chance)
        if not self.whole:
            time.sleep(chance.uniform(*READING))
        at = fields.get("at", "")
        button = next((b for word in ONWARD for b in form.buttons if b[1] == word), form.buttons[0])
        chosen = {}
        if "answer" in form.radios:
            codes = [code for code in form.radios["answer"] if code]
            chosen["answer"] = self.marks.setdefault(at, chance.choice(codes))
        return browser.press(page, form, button, **chosen)

    def _send_all(self, browser: Browser, page: Page, form: Form, key: str, chance: random.Random) -> Page:
        for instrument in self.instruments:
            for place, codes in _codes(instrument):
                self.marks.setdefault(place, chance.choice(codes))
        fields = [("key", key), ("at", "missed"), ("go", "send")]
        fields += [("named", place) for place in self.marks]
        fields += list(self.marks.items())
        return browser.open(urljoin(page.url, form.action or page.url), urlencode(fields).encode(), TYPE)


def _onward(form: Form) -> bool:
    path = form.action.partition("?")[0]
    begins = path.startswith("/q/") and not path.endswith(("/no", "/new"))
    return form.method == "post" and (begins or any(value in ONWARD for _, value in form.buttons))


class People:
    """Some clients at a time, each in a thread of its own, for at most `longest` seconds from the start."""

    def __init__(self, at_once: int, longest: float) -> None:
        self.clients: list[Client] = []
        self.errors: list[str] = []
        self._left: queue.Queue[Client | None] = queue.Queue()
        self._until = time.monotonic() + longest
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        for thread in self._threads:
            thread.start()

    def add(self, clients: Sequence[Client]) -> None:
        """They begin as soon as one of those before them is done."""
        for client in clients:
            self.clients.append(client)
            self._left.put(client)

    @property
    def busy(self) -> bool:
        """True while somebody still answers or waits for a turn."""
        return self._left.unfinished_tasks > 0

    def go_home(self) -> None:
        """Nobody comes any more."""
        for _ in self._threads:
            self._left.put(None)

    def _work(self) -> None:
        while (client := self._left.get()) is not None:
            try:
                client.fill_in(self._until)
            except RuntimeError as error:
                self.errors.append(str(error))
            finally:
                self._left.task_done()
