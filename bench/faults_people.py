"""Clients who fill in their forms over real HTTP, and do not give up when the server goes away."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import urlsplit

from delivery.cli.browser import Browser, Form, Page
from delivery.cli.once import ONWARD

#: Seconds between two tries to load a page, and the range of times that a page is looked at.
AGAIN, READING = 0.4, (0.05, 0.4)


@dataclass
class Client:
    """One person with a link. `marks`: place ("phq9:phq9_1") -> option code that was chosen there."""

    url: str
    seed: int
    marks: dict[str, str] = field(default_factory=dict)
    saw_sent: bool = False
    #: Seconds: the longest time without an answering server, from the first refusal to the next page.
    longest_gap: float = 0.0

    def fill_in(self, until: float) -> None:
        """Answer, send, and come back to the link after every break, until the page says "sent"."""
        chance, browser, gap_from = random.Random(self.seed), Browser(self.url), 0.0
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
        if "has been sent" in page.text or "Sent. Thank you" in page.text:
            self.saw_sent = True
            return page
        if urlsplit(page.url).path.endswith("/help"):
            return browser.open(page.url.partition("/help")[0])
        form = next((f for f in page.forms if _onward(f)), None)
        if form is None:
            raise RuntimeError(f"no way on from {page.status} “{page.title}”")
        time.sleep(chance.uniform(*READING))
        at = dict(form.fields).get("at", "")
        button = next((b for word in ONWARD for b in form.buttons if b[1] == word), form.buttons[0])
        chosen = {}
        if "answer" in form.radios:
            codes = [code for code in form.radios["answer"] if code]
            chosen["answer"] = self.marks.setdefault(at, chance.choice(codes))
        return browser.press(page, form, button, **chosen)


def _onward(form: Form) -> bool:
    path = form.action.partition("?")[0]
    begins = path.startswith("/q/") and not path.endswith(("/no", "/new"))
    return form.method == "post" and (begins or any(value in ONWARD for _, value in form.buttons))


class People:
    """Some clients at a time, each in a thread of its own."""

    def __init__(self, clients: Sequence[Client], at_once: int, longest: float) -> None:
        self._left, self._lock = list(clients), threading.Lock()
        self._until = time.monotonic() + longest
        self.errors: list[str] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """True while somebody still answers."""
        return any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._left:
                    return
                client = self._left.pop()
            try:
                client.fill_in(self._until)
            except RuntimeError as error:
                self.errors.append(str(error))
