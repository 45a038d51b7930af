"""A browser on its way to one state of one page, in one language."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import sync_playwright

from bench.gallery_site import Site
from delivery.cli import example

#: Quiet, and without the sandbox that root cannot have.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
)
#: Milliseconds after which a state that cannot be reached is given up.
PATIENCE: Final = 8_000
#: Marks a page that is being left.
LEFT: Final = "data-left"


@dataclass
class Walk:
    """One fresh browser. Buttons and answers are named by what they send, never by their words."""

    site: Site
    lang: str
    browser: Any
    page: Any
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Go to an address of the client zone."""
        self.page.goto(address if "://" in address else self.site.url + address)

    def press(self, name: str = "", value: str = "", within: str = "main") -> None:
        """Press the button that sends this field, or the filled one, and wait for what follows."""
        filled = f"{within} button.btn:not(.text):not(.quiet):not([type=button])"
        self.follow(f'{within} button[name="{name}"][value="{value}"]' if name else filled)

    def follow(self, selector: str) -> None:
        """Press what the selector finds first, and wait until the page is another one."""
        target = self.page.locator(selector).first
        target.evaluate("e => { const d = e.closest('details'); if (d) d.open = true; }")
        self.page.evaluate(
            f"document.querySelector('main').firstElementChild.toggleAttribute('{LEFT}', true)"
        )
        target.click()
        self.page.locator(f"main > :first-child:not([{LEFT}])").first.wait_for(state="attached")
        self.page.wait_for_load_state()

    def mark(self, *codes: str) -> None:
        """Answer questions one after the other with these codes; "" leaves the question blank."""
        for code in codes:
            if code:
                self.choose(code)
            self.press("go", "next" if code else "blank")

    def choose(self, code: str) -> None:
        """Choose an answer, not by a tap: after a tap some pages move on by themselves."""
        self.page.locator(f'input[type=radio][value="{code}"]').first.evaluate("e => { e.checked = true; }")

    def sign_in(self) -> None:
        """Sign in to the console as the demo's owner."""
        page, base = self.page, self.site.service.settings.base_url
        page.goto(base + "/console/sign-in")
        page.fill("[name=email]", example.PEOPLE[0][0])
        page.fill("[name=password]", example.PASSWORD)
        with page.expect_navigation():
            page.locator("main button.btn").first.click()


State = Callable[[Walk], Any]


def _page(browser: Any, lang: str, **more: Any) -> Any:
    locale = {"en": "en-US", "es": "es-US"}[lang]
    page = browser.new_context(viewport={"width": 390, "height": 844}, locale=locale, **more).new_page()
    page.set_default_timeout(PATIENCE)
    return page


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def walking(site: Site, browser: Any, lang: str, **more: Any) -> Iterator[Walk]:
    """A fresh browser whose complaints (console, foreign requests, refused by policy) are kept."""
    walk = Walk(site, lang, browser, _page(browser, lang, **more))
    site.forget_tries()
    host = site.service.settings.client_host.rsplit(":", 1)[1]
    page = walk.page
    page.on("console", lambda said: walk.complaints.append(said.text) if _is_fault(said) else None)
    page.on("pageerror", lambda error: walk.complaints.append(str(error)))
    page.on("request", lambda r: None if f":{host}/" in r.url else walk.complaints.append(f"foreign {r.url}"))
    try:
        yield walk
    finally:
        page.context.close()


def _is_fault(said: Any) -> bool:
    """A page with a status like 404 is shown on purpose; Chromium logs it all the same."""
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text
